"""Detaching leaves a shop's index as it was."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.shop_index import Serving, SourceDocument, Version
from houndstooth.mappings.writes import WriteOutcome
from houndstooth.plugin.engines import open_shop_index
from houndstooth.plugin.engines.cluster.engine import ClusterEngine
from tests.integration.engines.conftest import new_index
from tests.integration.engines.own_shop import MAPPINGS, OwnShop, product


@pytest.fixture
def shop(index_url: str, tmp_path: Path) -> Iterator[OwnShop]:
    shop = OwnShop(index_url, tmp_path)
    yield shop
    shop.client.close()


PRODUCTS = {
    "1": product("Women Dress", price=9.25),
    "2": product("Men Jeans", "green.png", price=1e-7),
    "bare": {"name": "No image, \N{KISS MARK} and größer", "offers": None, "media": []},
}


@pytest.mark.parametrize("shards", [1, 3])
def test_documents_and_mapping_are_as_they_were(shop: OwnShop, shards: int) -> None:
    shop.create(shards)
    shop.write(PRODUCTS)
    before = shop.client.indices.get_mapping(index=shop.name)[shop.name]["mappings"]
    assert shop.attach() == 1  # one has no image
    assert shop.category("1") == "dress"
    assert shop.detach("--yes") == 0
    for key, source in PRODUCTS.items():
        stored = shop.source(key)
        assert stored == source
        assert list(stored) == list(source)
    after = shop.client.indices.get_mapping(index=shop.name)[shop.name]["mappings"]
    del after["properties"]["visual"]
    assert after == before
    versions = [shop.client.get(index=shop.name, id=key)["_version"] for key in PRODUCTS]
    assert shop.detach("--yes") == 0  # nothing is left to write
    assert [shop.client.get(index=shop.name, id=key)["_version"] for key in PRODUCTS] == versions


def test_it_is_asked_first(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    shop.create()
    shop.write(PRODUCTS)
    shop.attach()
    assert shop.detach() == 130
    assert "Take visual off the 3 documents" in capsys.readouterr().out
    assert shop.category("1") == "dress"


def test_what_the_shop_writes_meanwhile_stays(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.create()
    shop.write(PRODUCTS)
    shop.attach()
    rewrite = ClusterEngine.rewrite
    changes: list[dict[str, Any]] = [{"name": "Men Shirt"}, {"offers": {"price": 3.5}}]

    def late(engine: ClusterEngine, documents: list[SourceDocument]) -> list[WriteOutcome]:
        if changes:
            shop.update("1", **changes.pop())
        return rewrite(engine, documents)

    monkeypatch.setattr(ClusterEngine, "rewrite", late)
    assert shop.detach("--yes") == 0
    offers = {"price": 3.5, "currency": "EUR"}
    assert shop.source("1") == PRODUCTS["1"] | {"name": "Men Shirt", "offers": offers}
    assert shop.source("2") == PRODUCTS["2"]


def test_all_versions_are_taken_off_or_the_one_that_the_url_names(shop: OwnShop) -> None:
    """As after a migration: visual_2 serves, and visual takes no writes. visual_9 is the shop's."""
    theirs = {"visual_9": {"properties": {"theme": {"type": "keyword"}}}}
    properties: Any = {**MAPPINGS["properties"], **theirs}  # type: ignore[dict-item]
    shop.create(mappings={**MAPPINGS, "properties": properties, "_meta": {"owner": "shop"}})
    shop.write({"1": PRODUCTS["1"] | {"visual_9": {"theme": "spring"}}})
    before = json.dumps(shop.source("1"))
    first = shop.url
    for shop.url in (first, f"{first}?visual=visual_2", f"{first}?visual=visual_3"):
        assert shop.attach() == 0
    shop.url = first
    with closing(open_shop_index(first)) as index:
        index.serve(Serving("visual_2", previous=Version("visual", None)), None)
    shop.url = f"{first}?visual=visual_3"
    assert shop.detach("--yes") == 0
    assert shop.source("1").keys() >= {"visual", "visual_2"}
    assert "visual_3" not in shop.source("1")
    shop.url = first
    assert shop.detach("--yes") == 0
    assert json.dumps(shop.source("1")) == before
    mapping = shop.client.indices.get_mapping(index=shop.name)[shop.name]["mappings"]
    assert mapping["_meta"] == {"owner": "shop"}
    assert shop.attach() == 0  # and begins anew, with visual
    assert shop.category("1") == "dress"


def test_a_document_that_the_engine_refuses_is_named_and_costs_no_other(
    shop: OwnShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create(mappings={**MAPPINGS, "dynamic": False})
    shop.write({"1": PRODUCTS["1"] | {"odd": 1}, "2": PRODUCTS["2"]})
    assert shop.attach() == 0
    shop.client.indices.put_mapping(index=shop.name, body={"dynamic": "strict"})
    assert shop.detach("--yes") == 1
    assert "refused: 1:" in capsys.readouterr().err
    assert "visual" in shop.source("1") and "visual" not in shop.source("2")
    shop.client.indices.put_mapping(index=shop.name, body={"dynamic": False})
    assert shop.detach("--yes") == 0


@pytest.mark.parametrize("flags", [["attach", "--dry-run"], ["detach", "--yes"]])
def test_an_object_of_the_shop_of_the_same_name_stays(
    shop: OwnShop, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    visual = {"visual": {"properties": {"theme": {"type": "keyword"}}}}
    shop.create(mappings={"properties": MAPPINGS["properties"] | visual})  # type: ignore[operator]
    mine = PRODUCTS["1"] | {"visual": {"theme": "spring"}}
    shop.write({"1": mine})
    command, flag = flags
    assert getattr(shop, command)(flag) == 2
    assert "expected an object visual as Houndstooth defines it" in capsys.readouterr().err
    assert shop.source("1") == mine


def test_an_index_that_takes_no_writes_is_refused_or_told_once(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_PATIENCE", "0")
    shop.create()
    shop.write({"1": PRODUCTS["1"], "2": PRODUCTS["2"]})
    assert shop.attach() == 0
    shop.client.indices.put_settings(index=shop.name, body={"index.blocks.write": True})
    assert shop.detach("--yes") == 2
    assert "index.blocks.write" in capsys.readouterr().err
    # As if it were blocked only after it was checked.
    monkeypatch.setattr(ClusterEngine, "check", lambda engine: None)
    assert shop.detach("--yes") == 1
    assert capsys.readouterr().err.count("blocked by") == 1
    shop.client.indices.put_settings(index=shop.name, body={"index.blocks.write": False})
    assert shop.detach("--yes") == 0


def test_the_index_pipeline_does_not_run_again(opensearch_url: str, tmp_path: Path) -> None:
    with new_index(opensearch_url) as url:
        shop = OwnShop(url, tmp_path)
        pipeline = f"test-{uuid.uuid4().hex}"
        body = {"processors": [{"set": {"field": "style_id", "value": "from the pipeline"}}]}
        shop.client.ingest.put_pipeline(id=pipeline, body=body)
        try:
            shop.create()
            shop.write({"1": PRODUCTS["1"]})
            assert shop.attach() == 0
            settings = {"index.default_pipeline": pipeline}
            shop.client.indices.put_settings(index=shop.name, body=settings)
            assert shop.detach("--yes") == 0
            assert shop.source("1") == PRODUCTS["1"]
        finally:
            shop.client.indices.delete(index=shop.name)
            shop.client.ingest.delete_pipeline(id=pipeline)
            shop.client.close()
