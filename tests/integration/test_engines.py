"""The contract that every engine keeps, run against a real SQLite file and a real OpenSearch."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError
from PIL import Image

from houndstooth.ingest.__main__ import main as ingest
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import (
    CandidateQuery,
    Engine,
    Filter,
    IndexDocument,
    RangeFilter,
    StoredProduct,
    TermFilter,
)
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig, InvalidFilter
from houndstooth.mappings.product import Scalar
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.opensearch_errors import client_errors
from tests.catalogue import (
    CODE_BYTES,
    COLOUR_BINS,
    MODEL,
    VALUES,
    document,
    group_of,
    naive_candidates,
    random_documents,
    random_query,
    visual,
)
from tests.conftest import free_port
from tests.fakes import FakeExtractor

ALL = CandidateQuery(MODEL)


@pytest.fixture
def index_url(opensearch_url: str) -> Iterator[str]:
    """URL of an index that is not there yet and is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    yield f"{opensearch_url}/{name}"
    with client(opensearch_url) as server:
        server.indices.delete(index=name, ignore=[404])


@pytest.fixture(params=["sqlite", "opensearch", "opensearch, visual_2"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/catalogue.db"
    url: str = request.getfixturevalue("index_url")
    return f"{url}?visual=visual_2" if "visual_2" in request.param else url


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    opened = open_engine(engine_url)
    opened.prepare()
    yield opened
    opened.close()


def client(url: str) -> OpenSearch:
    return OpenSearch(url.replace("opensearch://", "http://"))


def fill(engine: Engine, *documents: IndexDocument) -> None:
    outcomes = engine.write(documents)
    assert [outcome.product_id for outcome in outcomes] == [one.product_id for one in documents]
    assert [outcome.error for outcome in outcomes] == [None] * len(documents)
    engine.refresh()


def found(engine: Engine, query: CandidateQuery = ALL, limit: int = 1000) -> list[str]:
    return list(engine.candidates(query, limit).product_ids)


def the(engine: Engine, product_id: str) -> StoredProduct:
    (product,) = engine.fetch([product_id])
    return product


# --- writing ----------------------------------------------------------------------------------


def test_stores_and_returns_a_whole_document(engine: Engine) -> None:
    facts: dict[str, Scalar] = {
        "title": "Red tee",
        "price": 9.99,
        "stock": 3,
        "on_sale": True,
        "note": None,
    }
    fill(engine, document("1", facts, seed=5))
    product = the(engine, "1")
    assert product.product_id == "1"
    assert product.facts == facts
    assert same(product.visual, visual("1", seed=5))


def test_a_document_with_visual_replaces_visual_and_keeps_other_facts(engine: Engine) -> None:
    fill(engine, document("1", {"brand": "Puma", "price": 1.0}, attributes=VALUES["colour"]))
    fill(engine, document("1", {"price": 2.0}, category="jeans", attributes=(), seed=9))
    assert the(engine, "1").facts == {"brand": "Puma", "price": 2.0}
    assert same(the(engine, "1").visual, visual("1", category="jeans", attributes=(), seed=9))
    assert engine.count() == 1
    assert found(engine, CandidateQuery(MODEL, category="t-shirt")) == []
    assert found(engine, CandidateQuery(MODEL, required=("colour:red",))) == []


def test_facts_alone_leave_visual_and_the_other_facts(engine: Engine) -> None:
    fill(engine, document("1", {"brand": "Puma", "price": 30.0, "stock": 4}))
    fill(engine, IndexDocument("1", {"price": 5.0, "stock": None}))
    assert the(engine, "1").facts == {"brand": "Puma", "price": 5.0, "stock": None}
    assert same(the(engine, "1").visual, visual("1"))
    assert found(engine, only(RangeFilter("price", 29, 31))) == []
    assert found(engine, only(RangeFilter("stock", None, None))) == []
    assert found(engine, only(RangeFilter("price", 5, 5))) == ["1"]
    assert found(engine, only(TermFilter("brand", "Puma"))) == ["1"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (document("bad", {"price": "cheap"}), "cheap"),
        (document("bad", {"price": True}), "price"),
        (document("bad", {"stock": 2**40}), "stock"),
        (document("bad", {"price": float("nan")}), "finite"),
        (document("bad", {"views": 10**400}), "64 bits"),
        (document("bad", {"visual": "mine"}), "reserved"),
        (document("bad", {"_id": "mine"}), "reserved"),
        (document("bad", {"title": "\ud800"}), "UTF-8"),
        (document("b" * 513), "512 bytes"),
        (IndexDocument("bad", {}, visual("other")), "other"),
        (IndexDocument("bad", {"price": 1.0}), "bad"),
        (IndexDocument("bad", {}, visual("bad"), insert=False), "product that is there"),
    ],
)
def test_one_bad_document_costs_only_itself(engine: Engine, bad: IndexDocument, said: str) -> None:
    good = [document("1", {"price": 1.0}), document("2", {"price": "2.5"})]
    outcomes = engine.write([good[0], bad, good[1]])
    assert [outcome.product_id for outcome in outcomes] == ["1", bad.product_id, "2"]
    assert outcomes[0].error is None and outcomes[2].error is None
    assert said in (outcomes[1].error or "")
    assert not outcomes[1].retryable
    engine.refresh()
    assert found(engine) == ["1", "2"]
    assert engine.count() == 2


def test_a_refused_update_changes_nothing(engine: Engine) -> None:
    fill(engine, document("1", {"brand": "Puma", "price": 1.0}))
    (outcome,) = engine.write(
        [document("1", {"brand": "Nike", "price": "cheap"}, category="jeans")]
    )
    assert outcome.error
    engine.refresh()
    assert the(engine, "1").facts == {"brand": "Puma", "price": 1.0}
    assert found(engine, CandidateQuery(MODEL, "t-shirt", filters=(TermFilter("brand", "Puma"),)))
    assert not found(engine, only(TermFilter("brand", "Nike")))


def test_the_last_of_two_versions_in_one_bulk_wins(engine: Engine) -> None:
    fill(engine, document("1", {"price": 1.0}), document("1", {"price": 2.0}, seed=2))
    assert the(engine, "1").facts == {"price": 2.0}
    assert same(the(engine, "1").visual, visual("1", seed=2))


def test_writing_nothing_is_fine(engine: Engine) -> None:
    assert engine.write([]) == []
    assert engine.delete([]) == 0
    assert engine.fetch([]) == []
    assert engine.source_hashes([], MODEL) == {}


def test_deletes_what_is_there(engine: Engine) -> None:
    facts: dict[str, Scalar] = {"brand": "Puma", "price": 1.0}
    fill(engine, document("1", facts), document("2", facts), document("é/3", facts))
    assert engine.delete(["1", "nobody", "é/3", "1"]) == 2
    engine.refresh()
    assert found(engine) == ["2"]
    assert engine.count() == 1
    assert engine.facets(ALL, ["brand"]) == {"brand": [("Puma", 1)]}
    fill(engine, document("1"))
    assert found(engine, only(TermFilter("brand", "Puma"))) == ["2"]


# --- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_candidates_are_what_the_query_says(engine: Engine, seed: int) -> None:
    documents = random_documents(seed, 60)
    fill(engine, *documents)
    by_id = {one.product_id: one for one in documents}
    for n in range(40):
        query = random_query(seed * 1000 + n, documents)
        expected = naive_candidates(query, documents)
        for limit in (1000, 3):
            got = engine.candidates(query, limit)
            assert list(zip(got.product_ids, got.scores.tolist(), strict=True)) == expected[:limit]
            groups = [group_of(by_id[key], query.variant_field) for key in got.product_ids]
            assert list(got.groups or [None] * len(got)) == groups
            for row, key in enumerate(got.product_ids):
                wanted = by_id[key].visual
                assert wanted is not None
                assert np.array_equal(got.binary_codes[row], wanted.binary_code)
                assert np.array_equal(got.colour_histograms[row], wanted.colour_histogram)
        assert engine.count(query) == len(expected)


def test_candidates_have_their_shapes(engine: Engine) -> None:
    fill(engine, *(document(str(n), seed=n) for n in range(5)))
    some, none = engine.candidates(ALL, 3), engine.candidates(CandidateQuery("unknown"), 3)
    assert (len(some), len(none)) == (3, 0)
    assert some.binary_codes.shape == (3, CODE_BYTES) and some.binary_codes.dtype == np.uint8
    assert (
        some.colour_histograms.shape == (3, COLOUR_BINS)
        and some.colour_histograms.dtype == np.uint8
    )
    assert some.scores.dtype == np.int64
    assert (
        none.binary_codes.shape[0] == none.colour_histograms.shape[0] == none.scores.shape[0] == 0
    )


def test_relaxing_a_query_step_by_step_widens_it(engine: Engine) -> None:
    fill(
        engine,
        document("both", attributes=("colour:red", "sleeve:long")),
        document("one", attributes=("colour:blue",)),
        document("none", attributes=()),
        document("near", category="shirt", attributes=("colour:red",)),
        document("far", category="boots", attributes=("colour:red", "sleeve:long")),
    )
    preferred = {"colour": {"colour:red": 60, "colour:blue": 30}, "sleeve": {"sleeve:long": 50}}
    steps: list[dict[str, Any]] = [
        {"category": "t-shirt", "minimum_groups": 2},
        {"category": "t-shirt", "minimum_groups": 1},
        {"category": "t-shirt"},
        {"great_category": "top"},
        {},
    ]
    assert [found(engine, CandidateQuery(MODEL, preferred=preferred, **s)) for s in steps] == [
        ["both"],
        ["both", "one"],
        ["both", "one", "none"],
        ["both", "near", "one", "none"],
        ["both", "far", "near", "one", "none"],
    ]


def test_more_groups_asked_than_named_match_nothing(engine: Engine) -> None:
    fill(engine, document("1"))
    assert found(engine, CandidateQuery(MODEL, minimum_groups=1)) == []
    assert found(engine, CandidateQuery(MODEL, preferred={"colour": {}}, minimum_groups=1)) == []
    assert found(engine, CandidateQuery(MODEL, preferred={"colour": {}})) == ["1"]


def test_large_weights_add_up_exactly(engine: Engine) -> None:
    fill(engine, document("1", attributes=("colour:red", "sleeve:long")), document("2"))
    preferred = {"colour": {"colour:red": 8_000_001}, "sleeve": {"sleeve:long": 4_000_002}}
    got = engine.candidates(CandidateQuery(MODEL, preferred=preferred), 9)
    assert got.scores.tolist() == [12_000_003, 8_000_001]


def test_ties_are_broken_by_id_in_byte_order(engine: Engine) -> None:
    keys = ["b", "a", "B", "10", "9", "é", "z", "𝔘", "Ω"]
    fill(engine, *(document(key) for key in keys))
    assert found(engine) == sorted(keys)


def test_fetches_in_the_order_asked(engine: Engine) -> None:
    fill(engine, *(document(key) for key in ("1", "2", "3")))
    assert [product.product_id for product in engine.fetch(["3", "nobody", "1"])] == ["3", "1"]


def test_source_hashes_of_one_model(engine: Engine) -> None:
    fill(engine, document("1"), document("2", model="other-1"))
    assert engine.source_hashes(["1", "2", "3"], MODEL) == {"1": "hash-1"}
    assert engine.source_hashes(["1", "2", "3"], "other-1") == {"2": "hash-2"}


def test_source_hashes_see_what_was_just_written(engine: Engine) -> None:
    engine.write([document("1")])
    assert engine.source_hashes(["1"], MODEL) == {"1": "hash-1"}


# --- business filters -------------------------------------------------------------------------


@pytest.fixture
def shop(engine: Engine) -> Engine:
    rows: list[dict[str, Any]] = [
        {"title": "Red tee", "brand": "Puma", "price": 10, "stock": 0, "sku": "007", "new": True},
        {"title": "Red Tee", "brand": "Nike", "price": 20.5, "stock": 5, "size": 40, "new": False},
        {"title": "Blue tee", "brand": "Nike Air", "price": 50.0, "stock": 5, "size": 41.5},
        {"brand": "Étoile: l'été", "stock": 7, "image": "a.jpg"},
    ]
    fill(engine, *(document(str(n), facts) for n, facts in enumerate(rows, start=1)))
    return engine


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([TermFilter("brand", "Nike")], ["2"]),
        ([TermFilter("brand", "nike")], []),
        ([TermFilter("brand", "Étoile: l'été")], ["4"]),
        ([TermFilter("brand", "Nike"), TermFilter("brand", "Puma")], ["1", "2"]),
        ([TermFilter("brand", "Nike"), TermFilter("stock", "0")], []),
        ([TermFilter("title", "Red tee")], ["1"]),
        ([TermFilter("price", "10")], ["1"]),
        ([TermFilter("price", "10.0")], ["1"]),
        ([TermFilter("sku", "007")], ["1"]),
        ([TermFilter("sku", "7")], []),
        ([TermFilter("size", "40")], ["2"]),
        ([TermFilter("new", "true")], ["1"]),
        ([TermFilter("new", "false")], ["2"]),
        ([RangeFilter("price", 10, 20.5)], ["1", "2"]),
        ([RangeFilter("price", 10.01, None)], ["2", "3"]),
        ([RangeFilter("price", None, 20)], ["1"]),
        ([RangeFilter("price", None, None)], ["1", "2", "3"]),
        ([RangeFilter("price", 50, 10)], []),
        ([RangeFilter("price", 0, 10), RangeFilter("price", 50, 60)], ["1", "3"]),
        ([RangeFilter("price", 0, 30), TermFilter("brand", "Nike")], ["2"]),
        ([RangeFilter("stock", 1, 6)], ["2", "3"]),
        ([RangeFilter("size", 41, 42)], ["3"]),
        ([TermFilter("unheard_of", "1")], []),
        ([RangeFilter("unheard_of", 1, 2)], []),
    ],
)
def test_filters(shop: Engine, filters: list[Filter], expected: list[str]) -> None:
    assert found(shop, only(*filters)) == expected
    assert shop.count(only(*filters)) == len(expected)


@pytest.mark.parametrize(
    "unusable",
    [
        RangeFilter("brand", 1, 2),
        RangeFilter("title", 1, 2),
        RangeFilter("sku", 1, 2),
        RangeFilter("new", 0, 1),
        RangeFilter("price", float("nan"), 1),
        RangeFilter("price", 1, float("inf")),
        TermFilter("brand", "\ud800"),
        TermFilter("price", "cheap"),
        TermFilter("price", "nan"),
        TermFilter("image", "a.jpg"),
        TermFilter("visual.binary_code", "AAAA"),
        TermFilter("visual", "AAAA"),
    ],
)
def test_unusable_filters_are_refused(shop: Engine, unusable: Filter) -> None:
    for ask in (lambda: found(shop, only(unusable)), lambda: shop.count(only(unusable))):
        with pytest.raises(InvalidFilter, match=unusable.field):
            ask()
    with pytest.raises(InvalidFilter, match=unusable.field):
        shop.facets(only(unusable), ["brand"])


def test_values_too_long_to_filter_on_are_kept(engine: Engine) -> None:
    long = "w" * 40_000
    fill(engine, document("1", {"title": long, "brand": long, "image": long, "other": long}))
    assert the(engine, "1").facts["other"] == long
    assert found(engine, only(TermFilter("brand", long))) == []


# --- facets -----------------------------------------------------------------------------------


def test_facets_count_the_matches(shop: Engine) -> None:
    fill(shop, document("5", {"brand": "Puma", "price": 10.0}, category="boots", attributes=()))
    fields = ["brand", "price", "stock", "size", "new", "unheard_of"]
    assert shop.facets(ALL, [*fields, "visual.category"]) == {
        "brand": [("Puma", 2), ("Nike", 1), ("Nike Air", 1), ("Étoile: l'été", 1)],
        "price": [("10", 2), ("20.5", 1), ("50", 1)],
        "stock": [("5", 2), ("0", 1), ("7", 1)],
        "size": [("40", 1), ("41.5", 1)],
        "new": [("false", 1), ("true", 1)],
        "unheard_of": [],
        "visual.category": [("t-shirt", 4), ("boots", 1)],
    }
    assert shop.facets(only(TermFilter("stock", "5")), ["brand"], size=1) == {
        "brand": [("Nike", 1)]
    }


def test_facets_of_visual_terms(engine: Engine) -> None:
    fill(
        engine,
        document("1", attributes=("colour:red", "sleeve:long")),
        document("2", attributes=("colour:red", "colour:blue"), category="shirt"),
        document("3", attributes=("sleeve:short",), category="jeans"),
        document("4", attributes=("sleeve:short",), model="other-1"),
    )
    names = ["visual.attributes", "visual.great_category"]
    assert engine.facets(ALL, names, size=2) == {
        "visual.attributes": [("colour:red", 2), ("colour:blue", 1)],
        "visual.great_category": [("top", 2), ("bottom", 1)],
    }
    nothing = engine.facets(CandidateQuery("unknown"), names)
    assert nothing == {name: [] for name in names}


@pytest.mark.parametrize("field", ["image", "visual.binary_code", "visual.nothing"])
def test_fields_that_cannot_be_counted_are_refused(shop: Engine, field: str) -> None:
    with pytest.raises(InvalidFilter, match=field):
        shop.facets(ALL, [field])


# --- life and death ---------------------------------------------------------------------------


def test_preparing_twice_keeps_everything(engine: Engine, engine_url: str) -> None:
    fill(engine, document("1"))
    engine.prepare()
    another = open_engine(engine_url)
    another.prepare()
    assert found(another) == found(engine) == ["1"]
    another.close()


def test_an_engine_without_a_catalogue_is_unavailable(engine_url: str) -> None:
    engine = open_engine(engine_url)
    for ask in (engine.ping, engine.count, lambda: found(engine), lambda: engine.fetch(["1"])):
        with pytest.raises(EngineUnavailable):
            ask()
    engine.prepare()
    engine.ping()
    assert engine.count() == 0
    engine.close()


def test_an_absent_server_is_named_without_the_password() -> None:
    port = free_port()
    engine = open_engine(f"opensearch://me:secret@127.0.0.1:{port}/products")
    actions = (
        engine.prepare,
        engine.ping,
        engine.refresh,
        lambda: found(engine),
        lambda: engine.fetch(["1"]),
        lambda: engine.write([document("1")]),
        lambda: engine.delete(["1"]),
    )
    for act in actions:
        with pytest.raises(EngineUnavailable, match=f"127.0.0.1:{port}") as caught:
            act()
        assert "secret" not in str(caught.value)
    engine.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    engine = open_engine(f"sqlite:///{path}")
    for act in (engine.prepare, engine.ping):
        with pytest.raises(EngineUnavailable, match=r"notes\.txt"):
            act()
    engine.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://localhost/products",
        "sqlite://",
        "sqlite:///",
        "sqlite://catalogue.db",
        "opensearch://localhost:9200",
        "opensearch://localhost:port/products",
        "opensearch:///products",
        "opensearch://localhost/products/more",
        "opensearch://localhost/products?visual=mine",
        "opensearch://localhost/products?visual=visual_2&timeout=1",
        "sqlite:///catalogue.db?visual=visual_2",
    ],
)
def test_engine_urls_that_make_no_sense(url: str) -> None:
    with pytest.raises(InvalidConfig, match="expected an engine URL"):
        open_engine(url)


# --- a shop's own index -----------------------------------------------------------------------

OWN_MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "description": {"type": "text"},
        "price": {"type": "float"},
        "maker": {"properties": {"country": {"type": "keyword"}}},
    },
}


@pytest.fixture
def own(index_url: str) -> Iterator[Engine]:
    """An engine attached to an index that has the shop's own fields and two products."""
    server, index = client(index_url.rpartition("/")[0]), index_url.rpartition("/")[2]
    server.indices.create(index=index, body={"mappings": OWN_MAPPINGS})
    for n, country in enumerate(["it", "pt"], start=1):
        body = {"name": f"Tee {n}", "price": 10 * n, "maker": {"country": country}}
        server.index(index=index, id=str(n), body=body | {"description": "A fine tee"})
    server.close()
    engine = open_engine(index_url)
    engine.prepare()
    yield engine
    engine.close()


def test_attaching_keeps_the_fields_of_the_shop(own: Engine) -> None:
    fill(own, document("1", {"price": 12.0}))
    assert the(own, "1").facts == {
        "name": "Tee 1",
        "price": 12.0,
        "maker": {"country": "it"},
        "description": "A fine tee",
    }
    assert same(the(own, "1").visual, visual("1"))
    assert the(own, "2").visual is None
    assert (own.count(), found(own), own.source_hashes(["1", "2"], MODEL)) == (
        2,
        ["1"],
        {"1": "hash-1"},
    )


def test_visual_alone_goes_to_products_that_are_there(
    own: Engine, tmp_path: Path, index_url: str
) -> None:
    Image.new("RGB", (24, 24), "red").save(tmp_path / "a.png")
    feed = tmp_path / "feed.csv"
    feed.write_text(
        "sku,label,picture,cost\n1,Men Tee,a.png,dear\n2,Men Tee,none.png,5\n3,Men Tee,a.png,5\n"
    )
    report = tmp_path / "report.json"
    words = [str(feed), "--engine", index_url, "--report", str(report), "--visual-only"]
    columns = ["--columns", "id=sku,title=label,image=picture,price=cost"]
    for written in ("written", "unchanged"):
        assert ingest([*words, *columns], extractor=FakeExtractor()) == 1
        outcomes = json.loads(report.read_text())["products"]
        assert [o["outcome"] for o in outcomes] == [written, "failed", "failed"]
        assert "none.png" in outcomes[1]["reason"]
        assert outcomes[2]["reason"] == "expected a product that is there; '3' is not"
    country = {"country": "it"}
    assert the(own, "1").facts == {
        **{"name": "Tee 1", "price": 10, "maker": country, "description": "A fine tee"}
    }
    assert the(own, "1").visual is not None
    assert (the(own, "2").visual, own.fetch(["3"])) == (None, [])


def test_visual_alone_makes_no_index(
    tmp_path: Path, index_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "feed.csv").write_text("id,title,image\n1,Tee,a.png\n")
    words = [str(tmp_path / "feed.csv"), "--engine", index_url, "--visual-only"]
    assert ingest(words, extractor=FakeExtractor()) == 2
    assert "has no index" in capsys.readouterr().err
    with client(index_url.rpartition("/")[0]) as server:
        assert not server.indices.exists(index=index_url.rpartition("/")[2])


def test_the_fields_of_the_shop_can_be_filtered_and_counted(own: Engine) -> None:
    fill(own, document("1"), document("2"))
    assert found(own, only(TermFilter("name", "Tee 2"))) == ["2"]
    assert found(own, only(TermFilter("maker.country", "it"))) == ["1"]
    assert own.facets(ALL, ["maker.country"]) == {"maker.country": [("it", 1), ("pt", 1)]}
    for unusable in ("description", "maker"):
        with pytest.raises(InvalidFilter, match=unusable):
            found(own, only(TermFilter(unusable, "tee")))
    (outcome,) = own.write([document("1", {"colour_of_lining": "red"})])
    assert "colour_of_lining" in (outcome.error or "")


@pytest.mark.parametrize(
    ("field", "groups"),
    [
        ("name", ["Tee 1", "Tee 2", "Tee 2"]),
        ("price", ["10", "20", None]),
        ("description", []),  # text without a keyword
        ("maker", []),
        ("no-such-field", []),
    ],
)
def test_variants_share_a_field_of_the_shop(
    own: Engine, field: str, groups: list[str | None]
) -> None:
    fill(own, document("1"), document("2"), document("3", {"name": "Tee 2"}))
    assert list(own.candidates(CandidateQuery(MODEL, variant_field=field), 10).groups) == groups
    others = CandidateQuery(MODEL, variant_field="name", without_variant_group="Tee 2")
    assert found(own, others) == ["1"]


def test_two_versions_of_visual_stand_beside_each_other(own: Engine, index_url: str) -> None:
    """New networks fill theirs while the old ones are searched."""
    fill(own, document("1", seed=1), document("2", seed=2))
    new = open_engine(f"{index_url}?visual=visual_2")
    new.prepare()
    assert new.source_hashes(["1", "2"], "new-1") == {}
    beside = visual("1", category="jeans", model="new-1", seed=3)
    fill(new, IndexDocument("1", {"price": 5.0}, beside, insert=False))
    assert found(own) == ["1", "2"]
    assert found(own, CandidateQuery("new-1")) == found(new) == []
    assert found(new, CandidateQuery("new-1", category="jeans")) == ["1"]
    assert new.source_hashes(["1", "2"], "new-1") == {"1": "hash-1"}
    assert same(the(own, "1").visual, visual("1", seed=1))
    assert same(the(new, "1").visual, beside)
    assert the(new, "1").facts == the(own, "1").facts
    assert the(own, "1").facts["price"] == 5.0
    assert the(new, "2").visual is None
    assert new.facets(CandidateQuery("new-1"), ["visual.category"]) == {
        "visual.category": [("jeans", 1)]
    }
    for engine in (own, new):
        with pytest.raises(InvalidFilter, match=r"visual_2\.model"):
            found(engine, only(TermFilter("visual_2.model", "new-1")))
        (outcome,) = engine.write([document("1", {"visual_3": "mine"})])
        assert "reserved" in (outcome.error or "")
    new.close()


def test_an_index_with_another_visual_is_refused(opensearch_url: str, index_url: str) -> None:
    with client(opensearch_url) as server:
        body = {"mappings": {"properties": {"visual": {"type": "keyword"}}}}
        server.indices.create(index=index_url.rpartition("/")[2], body=body)
    engine = open_engine(index_url)
    with pytest.raises(InvalidConfig, match="visual"):
        engine.prepare()
    engine.close()


def test_an_index_before_its_first_feed_has_nothing_to_find(index_url: str) -> None:
    with client(index_url.rpartition("/")[0]) as server:
        server.indices.create(index=index_url.rpartition("/")[2], body={"mappings": OWN_MAPPINGS})
    engine = open_engine(index_url)
    assert (found(engine), engine.count(ALL)) == ([], 0)
    engine.close()


@pytest.mark.parametrize("instead", [None, OWN_MAPPINGS, {}])
def test_an_index_that_was_replaced_is_not_written_to(
    own: Engine, index_url: str, instead: dict[str, Any] | None
) -> None:
    name = index_url.rpartition("/")[2]
    with client(index_url.rpartition("/")[0]) as server:
        server.indices.delete(index=name)
        if instead is not None:
            server.indices.create(index=name, body={"mappings": instead})
        with pytest.raises(EngineUnavailable, match=f"(no )?index '{name}'"):
            own.write([document("1")])
        assert server.indices.exists(index=name) == (instead is not None)
        if instead is not None:
            assert server.count(index=name)["count"] == 0


def test_what_was_copied_into_an_index_not_prepared_is_not_taken_for_known(index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    with client(index_url.rpartition("/")[0]) as server:
        server.indices.create(index=name, body={"mappings": {"dynamic": False}})
        server.index(index=name, id="1", body={"visual": visual("1").to_json()}, refresh=True)
    engine = open_engine(index_url)
    engine.prepare()
    assert engine.source_hashes(["1"], MODEL) == {}
    fill(engine, document("1"))
    assert (found(engine), engine.source_hashes(["1"], MODEL)) == (["1"], {"1": "hash-1"})
    engine.close()


@pytest.mark.parametrize(
    ("damaged", "value", "found_again", "known"),
    [
        ("code", None, False, False),
        ("colour", None, False, False),
        ("code", "AAAA", False, True),
        ("box", None, True, True),
    ],
)
def test_a_visual_that_something_else_wrote_over_costs_no_search(
    own: Engine, index_url: str, damaged: str, value: str | None, found_again: bool, known: bool
) -> None:
    fill(own, *(document(key, seed=int(key)) for key in "123"))
    name = index_url.rpartition("/")[2]
    with client(index_url.rpartition("/")[0]) as server:
        source = server.get(index=name, id="2")["_source"]
        source["visual"][damaged] = value
        server.index(index=name, id="2", body=source, refresh=True)
    assert sorted(found(own)) == ["1", *["2"] * found_again, "3"]
    assert (the(own, "2").visual is None) == (value is None)
    assert the(own, "2").facts["name"] == "Tee 2"
    assert ("2" in own.source_hashes(["1", "2"], MODEL)) == known


def test_an_index_with_custom_routing_is_refused(index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    with client(index_url.rpartition("/")[0]) as server:
        server.index(index=name, id="1", body={"name": "Tee"}, routing="it", refresh=True)
    engine = open_engine(index_url)
    with pytest.raises(InvalidConfig, match="custom routing"):
        engine.prepare()
    engine.close()


@pytest.mark.parametrize(
    ("status", "error"), [(400, InvalidFilter), (429, EngineUnavailable), (503, EngineUnavailable)]
)
def test_a_search_that_fails_is_not_always_the_querys_fault(
    status: int, error: type[Exception]
) -> None:
    cause = {"root_cause": [], "type": "search_phase_execution_exception", "reason": "shards"}
    with pytest.raises(error, match="shards"), client_errors("http://127.0.0.1:1", "products"):
        raise TransportError(status, cause["type"], {"error": cause, "status": status})


class Refusing(BaseHTTPRequestHandler):
    """A server that wants to know who asks, and says so in a page for people."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"<p>Who are you?</p>")

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_a_wrong_password_is_said() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever).start()
        engine = open_engine(f"opensearch://127.0.0.1:{server.server_port}/products")
        for ask in (engine.prepare, engine.ping, lambda: engine.fetch(["1"])):
            with pytest.raises(EngineUnavailable, match="401"):
                ask()
        engine.close()
        server.shutdown()


# --- helpers ----------------------------------------------------------------------------------


def only(*filters: Filter) -> CandidateQuery:
    return CandidateQuery(MODEL, filters=filters)


def same(one: VisualDocument | None, other: VisualDocument) -> bool:
    return one is not None and one.to_json() == other.to_json()
