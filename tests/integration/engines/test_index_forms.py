"""Forms of a shop's index that are searched and written to as the plainest is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, cast

import pytest
from opensearchpy import OpenSearch

from houndstooth.mappings.engine import (
    CandidateQuery,
    Engine,
    RangeFilter,
    RankingEngine,
    TermFilter,
)
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from houndstooth.plugin.service import VisualSearch
from tests.catalogue import LENGTHS, MODEL, document, visual
from tests.fakes import FakeExtractor
from tests.integration.engines.helpers import (
    ALL,
    client,
    fill,
    found,
    only,
    read_anew,
    rows_by_id,
    same,
    source_hashes,
    the,
    where_known,
)

Attach = Callable[..., Engine]


@pytest.fixture
def server(index_url: str) -> Iterator[OpenSearch]:
    with client(index_url.rpartition("/")[0]) as connection:
        yield connection


@pytest.fixture
def attach(server: OpenSearch, index_url: str) -> Iterator[Attach]:
    """Makes a shop's index of a form, with products 1, 2, …, and attaches an engine to it."""
    with ExitStack() as stack:

        def make(body: dict[str, Any], *products: dict[str, Any], visual: str = "") -> Engine:
            name = index_url.rpartition("/")[2]
            with where_known():
                server.indices.create(index=name, body=body)
            for n, product in enumerate(products, start=1):
                server.index(index=name, id=str(n), body=product)
            engine = open_engine(index_url + visual)
            stack.callback(engine.close)
            engine.prepare()
            fill(engine, *(document(str(n)) for n in range(1, len(products) + 1)))
            return engine

        yield make


def properties(**fields: Any) -> dict[str, Any]:
    return {"mappings": {"properties": fields}}


OPENSEARCH = pytest.mark.parametrize("server_url", ["opensearch"], indirect=True)


@pytest.mark.parametrize("name", ["visual", "visual_2"])
@pytest.mark.parametrize("dynamic", ["strict", "true"])
@pytest.mark.parametrize(
    ("server_url", "form"),
    [("elasticsearch", {"subobjects": False}), ("opensearch", {"disable_objects": True})],
    indirect=["server_url"],
)
def test_an_index_without_objects(
    server: OpenSearch,
    index_url: str,
    attach: Attach,
    name: str,
    dynamic: str,
    form: dict[str, Any],
) -> None:
    """The fields of ``visual`` have names with dots, in the mapping and in documents."""
    fields = {"maker.country": {"type": "keyword"}}
    shop = attach(
        {"mappings": {**form, "dynamic": dynamic, "properties": fields}},
        {"maker.country": "it"},
        {"maker.country": "pt"},
        visual=f"?visual={name}",
    )
    shop.prepare()
    fill(shop, document("1", {"maker.country": "es"}, seed=9), document("3"))
    assert the(shop, "1").facts == {"maker.country": "es"}
    assert same(the(shop, "1").visual, visual("1", seed=9))
    shown = shop.show(["1", "2"])
    assert [(one.product_id, one.facts) for one in shown] == [
        ("1", {"maker.country": "es"}),
        ("2", {"maker.country": "pt"}),
    ]
    assert source_hashes(shop, ["1", "2", "4"], MODEL) == {"1": "hash-1", "2": "hash-2"}
    assert found(shop, only(TermFilter("maker.country", "pt"))) == ["2"]
    assert shop.facets(ALL, ["maker.country"]) == {"maker.country": [("es", 1), ("pt", 1)]}
    groups = {key: row[-1] for key, row in read_anew(shop, "maker.country").rows.items()}
    assert groups == {"1": "es", "2": "pt", "3": None}
    (allowed,) = FieldAllowlist(shop, ["maker"]).show(["1"])
    assert allowed.facts == {"maker.country": "es"}
    written = server.get(index=index_url.rpartition("/")[2], id="1")["_source"]
    assert written["maker.country"] == "es" and f"{name}.model" in written


def test_fields_of_other_names(attach: Attach) -> None:
    """A mapping's aliases of fields can be filtered on, counted and grouped by."""
    text = {"type": "text", "fields": {"raw": {"type": "keyword"}}}
    shop = attach(
        properties(
            name=text,
            price={"type": "float"},
            land={"type": "keyword"},
            maker={"properties": {"land": {"type": "alias", "path": "land"}}},
            label={"type": "alias", "path": "name"},
            cost={"type": "alias", "path": "price"},
        ),
        {"name": "Red tee", "price": 10, "land": "it"},
        {"name": "Red tie", "price": 20, "land": "pt"},
    )
    for one, expected in (
        (TermFilter("label", "Red tie"), ["2"]),
        (TermFilter("cost", "10.0"), ["1"]),
        (RangeFilter("cost", 15, None), ["2"]),
        (TermFilter("maker.land", "it"), ["1"]),
    ):
        assert found(shop, only(one)) == expected
    with pytest.raises(InvalidFilter, match="expected a number for 'cost'"):
        found(shop, only(TermFilter("cost", "dear")))
    assert shop.facets(ALL, ["label", "maker.land"]) == {
        "label": [("Red tee", 1), ("Red tie", 1)],
        "maker.land": [("it", 1), ("pt", 1)],
    }
    rows = rows_by_id(shop.features(["1", "2"], MODEL, LENGTHS, "label"))
    assert [rows[key][-1] for key in "12"] == ["Red tee", "Red tie"]
    (outcome,) = shop.write([document("1", {"cost": 5})])
    assert "alias of 'price'" in outcome.notes[0].detail


@OPENSEARCH
def test_numbers_of_64_bits_without_sign(attach: Attach) -> None:
    """The nodes of Elasticsearch for tests have no such type."""
    shop = attach(properties(ean={"type": "unsigned_long"}), {"ean": 2**64 - 1}, {"ean": 5})
    assert found(shop, only(TermFilter("ean", str(2**64 - 1)))) == ["1"]
    assert found(shop, only(RangeFilter("ean", 1, 10))) == ["2"]
    assert found(shop, only(RangeFilter("ean", 10, None))) == ["1"]
    assert shop.facets(ALL, ["ean"]) == {"ean": [("5", 1), (str(2**64 - 1), 1)]}
    with pytest.raises(InvalidFilter, match="expected a number"):
        found(shop, only(TermFilter("ean", "many")))
    (outcome,) = shop.write([document("1", {"ean": -1})])
    assert "'ean' to fit 64 bits" in outcome.notes[0].detail


def test_nested_variants(attach: Attach) -> None:
    """One variant must pass the filters on all their fields; a facet counts products."""
    variants = {
        "type": "nested",
        "properties": {
            "size": {"type": "keyword"},
            "price": {"type": "float"},
            "stock": {"type": "nested", "properties": {"shop": {"type": "keyword"}}},
        },
    }
    shop = attach(
        properties(variants=variants, brand={"type": "keyword"}),
        {
            "brand": "Acme",
            "variants": [
                {"size": "S", "price": 10, "stock": [{"shop": "north"}, {"shop": "south"}]},
                {"size": "M", "price": 20, "stock": [{"shop": "south"}]},
                {"size": "M", "price": 21},
            ],
        },
        {"brand": "Acme", "variants": [{"size": "M", "price": 10}]},
        {"brand": "Other"},
    )
    small, medium = TermFilter("variants.size", "S"), TermFilter("variants.size", "M")
    cheap = RangeFilter("variants.price", None, 15)
    for filters, expected in (
        ([medium], ["1", "2"]),
        ([small], ["1"]),
        ([cheap], ["1", "2"]),
        ([medium, cheap], ["2"]),
        ([small, medium, cheap], ["1", "2"]),
        ([TermFilter("variants.stock.shop", "north")], ["1"]),
        ([TermFilter("brand", "Acme"), small], ["1"]),
        ([TermFilter("variants.size", "XL")], []),
    ):
        assert found(shop, only(*filters)) == expected
    assert shop.facets(ALL, ["variants.size", "variants.stock.shop", "brand"]) == {
        "variants.size": [("M", 2), ("S", 1)],
        "variants.stock.shop": [("north", 1), ("south", 1)],
        "brand": [("Acme", 2), ("Other", 1)],
    }
    with pytest.raises(InvalidFilter, match="variants"):
        found(shop, only(TermFilter("variants", "S")))
    # A product with several variants in one document is its own group.
    rows = rows_by_id(shop.features(["1", "2"], MODEL, LENGTHS, "variants.size"))
    assert [rows[key][-1] for key in "12"] == [None, None]


@OPENSEARCH
def test_texts_without_scores(attach: Attach) -> None:
    """The nodes of Elasticsearch for tests have no such type."""
    raw = {"fields": {"raw": {"type": "keyword"}}}
    shop = attach(
        properties(name={"type": "match_only_text", **raw}, story={"type": "match_only_text"}),
        {"name": "Red tee", "story": "red"},
        {"name": "Blue tee", "story": "blue"},
    )
    assert found(shop, only(TermFilter("name", "Red tee"))) == ["1"]
    assert shop.facets(ALL, ["name"]) == {"name": [("Blue tee", 1), ("Red tee", 1)]}
    for act in (
        lambda: found(shop, only(TermFilter("story", "red"))),
        lambda: shop.facets(ALL, ["story"]),
    ):
        with pytest.raises(InvalidFilter, match="'story' is text without a keyword"):
            act()


@pytest.mark.parametrize(
    ("server_url", "kind"),
    [("elasticsearch", "flattened"), ("opensearch", "flat_object")],
    indirect=["server_url"],
)
def test_objects_of_any_keys(attach: Attach, kind: str) -> None:
    shop = attach(
        properties(specs={"type": kind}),
        {"specs": {"cloth": "wool", "style": "A1", "care": {"wash": "30"}}},
        {"specs": {"cloth": ["silk", "wool"], "style": "A2"}},
        {"specs": {"style": "A1"}},
    )
    assert found(shop, only(TermFilter("specs.cloth", "wool"))) == ["1", "2"]
    assert found(shop, only(TermFilter("specs.care.wash", "30"))) == ["1"]
    assert found(shop, only(TermFilter("specs.size", "S"))) == []
    rows = rows_by_id(shop.features(["1", "2", "3"], MODEL, LENGTHS, "specs.style"))
    assert [rows[key][-1] for key in "123"] == ["A1", "A2", "A1"]
    others = CandidateQuery(MODEL, variant_field="specs.style", without_variant_group="A1")
    assert found(shop, others) == ["2"]
    with pytest.raises(InvalidFilter, match=f"numbers for a range; 'specs.care.wash' is {kind}"):
        found(shop, only(RangeFilter("specs.care.wash", 10, 40)))
    if kind == "flattened":
        assert shop.facets(ALL, ["specs.cloth"]) == {"specs.cloth": [("wool", 2), ("silk", 1)]}
    else:
        for name in ("specs.cloth", "specs"):  # OpenSearch counts java.lang.Object@…
            with pytest.raises(InvalidFilter, match=f"'{name}' is in a flat_object"):
                shop.facets(ALL, [name])
    (outcome,) = shop.write([document("1", {"specs.cloth": "silk"})])
    assert "'specs.cloth' is in a flattened object" in outcome.notes[0].detail
    assert the(shop, "1").facts["specs"]["cloth"] == "wool"  # type: ignore[call-overload,index]


def test_variants_share_a_field_within_an_object(attach: Attach) -> None:
    styles = ["A1", "A2", "A1"]
    shop = attach(
        properties(maker={"properties": {"style": {"type": "keyword"}}}),
        *({"maker": {"style": style, "cost": 5}} for style in styles),
    )
    extractor, settings = FakeExtractor(), Settings(variant_field="maker.style", columns=None)
    extractor.code_bytes, extractor.colour_bins = LENGTHS
    of_model = [visual(key, model=extractor.model, seed=int(key)) for key in "123"]
    fill(shop, *(IndexDocument(one.product_id, {}, one) for one in of_model))
    for engine in (shop, FieldAllowlist(shop, ["maker.style"])):
        service = VisualSearch(extractor, engine, Taxonomy.load(), settings)
        found_ids = [hit.product_id for hit in service.similar("1", SearchRequest(top=9)).hits]
        assert found_ids == ["2"]
        service.close()


def test_an_index_that_returns_few_hits(attach: Attach) -> None:
    keys = [str(n) for n in range(1, 31)]
    window = {"settings": {"index.max_result_window": 7}}
    shop = attach(window, *({"name": f"Tee {key}"} for key in keys))
    assert found(shop) == sorted(keys)
    assert source_hashes(shop, keys, MODEL).keys() == set(keys)
    assert rows_by_id(shop.features(keys, MODEL, LENGTHS, None)).keys() == set(keys)
    assert read_anew(shop).rows.keys() == set(keys)
    assert len(cast(RankingEngine, shop).window(ALL, 30, LENGTHS)) == 7
    assert len(shop.show(keys)) == shop.count(ALL) == 30


@OPENSEARCH
def test_a_search_pipeline_of_the_shop_cuts_nothing(
    server: OpenSearch, index_url: str, attach: Attach
) -> None:
    """Elasticsearch has no search pipelines."""
    name = index_url.rpartition("/")[2]
    steps = {
        "request_processors": [{"filter_query": {"query": {"term": {"visual.product_id": "1"}}}}],
        "response_processors": [{"truncate_hits": {"target_size": 1}}],
    }
    with where_known():
        server.transport.perform_request("PUT", f"/_search/pipeline/{name}", body=steps)
    pipeline = {"settings": {"index.search.default_pipeline": name}}
    keys = ["1", "2", "3"]
    shop = attach(pipeline, *({"brand": "Acme"} for _ in keys))
    assert found(shop) == [*read_anew(shop).rows] == keys
    assert shop.count() == shop.count(ALL) == 3
    assert shop.facets(ALL, ["visual.category"]) == {"visual.category": [("t-shirt", 3)]}
    assert source_hashes(shop, keys, MODEL).keys() == set(keys)
    server.indices.put_settings(index=name, body={"index.search.default_pipeline": None})
    server.transport.perform_request("DELETE", f"/_search/pipeline/{name}")


@OPENSEARCH
@pytest.mark.parametrize("kind", ["default_pipeline", "final_pipeline"])
def test_an_ingest_pipeline_sees_whole_documents_alone(
    server: OpenSearch, index_url: str, attach: Attach, kind: str
) -> None:
    """A partial update lacks what the pipeline would set; a new document goes through it."""
    name = index_url.rpartition("/")[2]
    priced = [{"set": {"field": "price", "value": 0, "override": False}}]
    drop_red = [{"drop": {"if": "ctx.brand == null || ctx.brand == 'Red'"}}]
    with where_known():
        server.ingest.put_pipeline(id=name, body={"processors": [*priced, *drop_red]})
    shop = attach(
        {"settings": {f"index.{kind}": name}}, {"brand": "Acme", "price": 10}, {"brand": "Acme"}
    )
    assert [the(shop, key).facts["price"] for key in "12"] == [10, 0]
    outcomes = shop.write(
        [
            document("1", {"title": "Tee"}),
            document("3", {"brand": "Acme"}),
            document("4", {"brand": "Red"}),
            IndexDocument("3", {"title": "Tie"}),
            document("3", {"stock": 1}, seed=5),
            IndexDocument("5", {"brand": "Acme"}, visual("5"), insert=False),
        ]
    )
    shop.refresh()
    assert [outcome.error for outcome in outcomes] == [
        *(None, None),
        "expected a document that the index's pipeline keeps; it drops it",
        *(None, None),
        "expected a product that is there; '5' is not",
    ]
    assert found(shop) == ["1", "2", "3"]
    assert the(shop, "1").facts == {"brand": "Acme", "price": 10, "title": "Tee"}
    third = {"brand": "Acme", "price": 0, "title": "Tie", "stock": 1}
    assert (the(shop, "3").facts, shop.fetch(["4"])) == (third, [])
    assert same(the(shop, "3").visual, visual("3", seed=5))
    server.indices.put_settings(index=name, body={f"index.{kind}": None})
    server.ingest.delete_pipeline(id=name)


@pytest.mark.parametrize("kind", ["default_pipeline", "final_pipeline"])
def test_an_update_goes_through_no_ingest_pipeline(
    server: OpenSearch, index_url: str, attach: Attach, kind: str
) -> None:
    """A pipeline that is not there would refuse it; it refuses new documents alone."""
    shop = attach({}, {"name": "Tee"})
    body = {f"index.{kind}": "no-such-pipeline"}
    server.indices.put_settings(index=index_url.rpartition("/")[2], body=body)
    old, new = shop.write([document("1", seed=5), document("2")])
    assert old.error is None and "no-such-pipeline" in str(new.error)
    assert same(the(shop, "1").visual, visual("1", seed=5))


def test_an_alias_to_write_by_and_one_to_search_by(
    server: OpenSearch, index_url: str, attach: Attach
) -> None:
    name = index_url.rpartition("/")[2]
    aliases = {f"{name}-write": {"is_write_index": True}, f"{name}-read": {"is_write_index": False}}
    attach({"aliases": aliases})
    writing, reading = open_engine(f"{index_url}-write"), open_engine(f"{index_url}-read")
    writing.prepare()
    fill(writing, document("1"), document("2"))
    assert found(reading) == ["1", "2"] == [one.product_id for one in reading.show(["1", "2"])]
    assert read_anew(reading).rows.keys() == {"1", "2"}
    writing.close()
    reading.close()


@pytest.mark.parametrize(
    "source",
    [
        {"excludes": ["secret", "note*", "all"]},
        {"includes": ["visual", "name", "specs.*"]},
        {"includes": ["visual.*", "na*", "specs"]},
    ],
)
def test_a_source_without_what_is_never_searched(attach: Attach, source: dict[str, Any]) -> None:
    """What is copied from other fields is not kept either way."""
    fields = {
        "secret": {"type": "keyword", "index": False, "doc_values": False},
        "notes": {"type": "text", "index": False},
        "all": {"type": "text"},
        "name": {"type": "keyword", "copy_to": "all"},
        "specs": {"properties": {"cloth": {"type": "keyword"}}},
    }
    shop = attach(
        {"mappings": {"_source": source, "properties": fields}},
        {"name": "Tee", "secret": "x", "notes": "x", "specs": {"cloth": "wool"}},
    )
    assert found(shop, only(TermFilter("specs.cloth", "wool"))) == ["1"]
    assert the(shop, "1").facts == {"name": "Tee", "specs": {"cloth": "wool"}}


NO_OBJECTS = {"elasticsearch": {"subobjects": False}, "opensearch": {"disable_objects": True}}


@pytest.mark.parametrize("form", ["strict", "no objects", "pipeline", "flattened"])
@pytest.mark.parametrize("name", ["visual", "visual_2"])
def test_in_every_form_the_newest_stays(
    server: OpenSearch, server_url: str, index_url: str, attach: Attach, form: str, name: str
) -> None:
    """A product of the shop's, and one that is new; each part by its own time."""
    fields: dict[str, Any] = {"brand": {"type": "keyword"}}
    body: dict[str, Any] = {"mappings": {"dynamic": "strict", "properties": fields}}
    kind = server_url.partition(":")[0]
    if form == "no objects":
        body["mappings"] |= NO_OBJECTS[kind]
    if form == "flattened":
        fields["specs"] = {"type": "flattened" if kind == "elasticsearch" else "flat_object"}
    if form == "pipeline":
        pipeline = index_url.rpartition("/")[2]
        keep = {"drop": {"if": "ctx.brand == null"}}
        with where_known():
            server.ingest.put_pipeline(id=pipeline, body={"processors": [keep]})
        body["settings"] = {"index.default_pipeline": pipeline}
    shop = attach(body, {"brand": "Shop"}, visual=f"?visual={name}")
    for as_of in (3, 5, 4):
        read = shop.stored("12")
        outcomes = shop.write(
            [
                replace(
                    document(key, {"brand": f"brand {as_of}"}, seed=as_of),
                    as_of=as_of,
                    stored=read.get(key) if as_of != 5 else None,
                )
                for key in "12"
            ]
        )
        assert [(one.error, one.is_overtaken) for one in outcomes] == [(None, as_of == 4)] * 2
    newer = IndexDocument("1", {}, visual("1", seed=7), insert=False, as_of=7)
    older = IndexDocument("1", {}, visual("1", seed=6), insert=False, as_of=6)
    assert [one.is_overtaken for one in shop.write([newer, older])] == [False, True]
    for key, seed in {"1": 7, "2": 5}.items():
        assert the(shop, key).facts == {"brand": "brand 5"}
        assert same(the(shop, key).visual, visual(key, seed=seed))
    assert (shop.stored("1")["1"].facts_as_of, shop.stored("1")["1"].as_of) == (5, 7)
