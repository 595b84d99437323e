"""An engine attached to an index that a shop has already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from houndstooth.commands import main
from houndstooth.mappings.engine import CandidateQuery, Engine, RankingEngine, TermFilter
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig, InvalidFilter
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from tests.catalogue import (
    LENGTHS,
    MODEL,
    document,
    visual,
)
from tests.fakes import FakeExtractor
from tests.integration.engines.helpers import (
    ALL,
    OWN_MAPPINGS,
    client,
    fill,
    found,
    only,
    read_anew,
    rows_by_id,
    same,
    source_hashes,
    the,
)


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
    assert (own.count(), found(own), source_hashes(own, ["1", "2"], MODEL)) == (
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
    words = ["ingest", str(feed), "--engine", index_url, "--report", str(report), "--visual-only"]
    columns = ["--columns", "id=sku,title=label,image=picture,price=cost"]
    for written in ("written", "unchanged"):
        assert main([*words, *columns], extractor=FakeExtractor()) == 1
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
    words = ["ingest", str(tmp_path / "feed.csv"), "--engine", index_url, "--visual-only"]
    assert main(words, extractor=FakeExtractor()) == 2
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
    assert "colour_of_lining" in outcome.notes[0].detail


@pytest.mark.parametrize(
    ("field", "groups"),
    [
        ("name", ["Tee 1", "Tee 2", "Tee 2"]),
        ("price", ["10", "20", None]),
        ("description", [None, None, None]),  # text without a keyword
        ("maker", [None, None, None]),
        ("no-such-field", [None, None, None]),
    ],
)
def test_variants_share_a_field_of_the_shop(
    own: Engine, field: str, groups: list[str | None]
) -> None:
    fill(own, document("1"), document("2"), document("3", {"name": "Tee 2"}))
    rows = rows_by_id(own.features(["1", "2", "3"], MODEL, LENGTHS, field))
    assert [rows[key][-1] for key in "123"] == groups
    others = CandidateQuery(MODEL, variant_field="name", without_variant_group="Tee 2")
    assert found(own, others) == ["1"]


def test_two_versions_of_visual_stand_beside_each_other(own: Engine, index_url: str) -> None:
    """New networks fill theirs while the old ones are searched."""
    fill(own, document("1", seed=1), document("2", seed=2))
    new = open_engine(f"{index_url}?visual=visual_2")
    new.prepare()
    assert source_hashes(new, ["1", "2"], "new-1") == {}
    beside = visual("1", category="jeans", model="new-1", seed=3)
    fill(new, IndexDocument("1", {"price": 5.0}, beside, insert=False))
    assert found(own) == ["1", "2"]
    assert found(own, CandidateQuery("new-1")) == found(new) == []
    assert found(new, CandidateQuery("new-1", category="jeans")) == ["1"]
    assert source_hashes(new, ["1", "2"], "new-1") == {"1": "hash-1"}
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
        assert "reserved" in outcome.notes[0].detail
    new.close()


def test_an_index_with_another_visual_is_refused(server_url: str, index_url: str) -> None:
    with client(server_url) as server:
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
    assert source_hashes(engine, ["1"], MODEL) == {}
    fill(engine, document("1"))
    assert (found(engine), source_hashes(engine, ["1"], MODEL)) == (["1"], {"1": "hash-1"})
    engine.close()


@pytest.mark.parametrize(
    ("damaged", "value", "found_again", "known"),
    [
        ("binary_code", None, False, False),
        ("colour_histogram", None, False, False),
        ("binary_code", "AAAA", False, False),
        ("box", None, True, False),
    ],
)
def test_a_visual_that_something_else_wrote_over_costs_no_search(
    own: Engine, index_url: str, damaged: str, value: str | None, found_again: bool, known: bool
) -> None:
    fill(own, *(document(key, seed=int(key)) for key in "123"))
    copy = read_anew(own)
    name = index_url.rpartition("/")[2]
    with client(index_url.rpartition("/")[0]) as server:
        source = server.get(index=name, id="2")["_source"]
        source["visual"][damaged] = value
        server.index(index=name, id="2", body=source, refresh=True)
    expected = {"1", *["2"] * found_again, "3"}
    assert rows_by_id(own.features(found(own), MODEL, LENGTHS, None)).keys() == expected
    copy.follow()
    assert copy.rows.keys() == read_anew(own).rows.keys() == expected
    assert rows_by_id(cast(RankingEngine, own).window(ALL, 10, LENGTHS)).keys() == expected
    shown = [one.product_id for one in own.show(["1", "2", "3"])]
    assert shown == ["1", *["2"] * (damaged != "box"), "3"]
    assert (the(own, "2").visual is None) == (value is None)
    assert the(own, "2").facts["name"] == "Tee 2"
    assert ("2" in source_hashes(own, ["1", "2"], MODEL)) == known


def test_an_index_with_custom_routing_is_refused(index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    with client(index_url.rpartition("/")[0]) as server:
        server.index(index=name, id="1", body={"name": "Tee"}, routing="it", refresh=True)
    engine = open_engine(index_url)
    with pytest.raises(InvalidConfig, match="custom routing"):
        engine.prepare()
    engine.close()
