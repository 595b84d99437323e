"""Clauses for who builds the body of a search alone, asked of the engines themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import houndstooth
from houndstooth import InvalidInput, visual_clauses
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features
from houndstooth.mappings.search import Relaxed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines import open_engine
from tests.fakes import FakeExtractor
from tests.integration.engines.conftest import new_index
from tests.integration.engines.helpers import client
from tests.integration.web_catalogue import PER_COLOUR, draw, fill

TAXONOMY = Taxonomy.load()


def features_of(image: Image.Image, category: str = "jacket") -> Features:
    [features] = FakeExtractor().extract([image], [[category]])
    return features


@pytest.fixture(scope="module", params=["opensearch", "elasticsearch"])
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Search the index of the small catalogue with the engine's own client."""
    server = request.getfixturevalue(f"{request.param}_url")
    with new_index(server) as url, client(server) as connection:
        engine = open_engine(f"{url}?visual=visual_2")
        fill(engine, TAXONOMY, tmp_path_factory.mktemp("images"))
        engine.close()

        def search(clauses: Any) -> list[str]:
            body = {"query": {"bool": clauses}, "size": 200, "_source": False}
            answer = connection.search(index=url.rpartition("/")[2], body=body)
            return [hit["_id"] for hit in answer["hits"]["hits"]]

        yield search


def clauses_of(features: Features, **options: Any) -> Any:
    return json.loads(json.dumps(visual_clauses(features, TAXONOMY, visual="visual_2", **options)))


def test_what_looks_alike_comes_first(ask: Any) -> None:
    found = ask(clauses_of(features_of(draw("green", inset=30))))
    assert {one.rsplit("-", 1)[0] for one in found[:PER_COLOUR]} == {"jacket-green"}
    assert {one.split("-")[0] for one in found} == {"jacket"}


def test_the_shop_adds_its_own_clauses(ask: Any) -> None:
    clauses = clauses_of(features_of(draw("green")))
    clauses["filter"].append({"range": {"price": {"lte": 12}}})
    clauses["must_not"] = [{"term": {"brand": "Acme"}}]
    assert sorted(ask(clauses))[:2] == ["jacket-blue-0", "jacket-blue-2"]
    assert len(ask(clauses)) == 6


@pytest.mark.parametrize(
    ("relaxed", "count"),
    [
        ("none", PER_COLOUR),
        ("fewer-attributes", 3 * PER_COLOUR),
        ("great-category", 6 * PER_COLOUR),
        ("any-category", 9 * PER_COLOUR + 1),
    ],
)
def test_fewer_demands_find_more(ask: Any, relaxed: Relaxed, count: int) -> None:
    found = ask(clauses_of(features_of(draw("red")), relaxed=relaxed))
    assert len(found) == count
    assert "-red-" in found[0]


def test_an_unknown_category_is_searched_by_looks(ask: Any) -> None:
    features = features_of(draw("red"), UNKNOWN_CATEGORY)
    assert len(ask(clauses_of(features, relaxed="none"))) == 9 * PER_COLOUR + 1


def test_weights_decide_what_scores() -> None:
    features = features_of(draw("red"))
    terms = {
        weight: str(clauses_of(features, attribute_weight=0.5, appearance_weight=weight)["should"])
        for weight in (0.0, 1.0)
    }
    assert "jacket/c0:2" in terms[0] and "jacket/h0:" not in terms[0]
    assert "jacket/h0:" in terms[1] and "jacket/c0:2" not in terms[1]
    by_attributes = clauses_of(features, attribute_weight=1.0)["should"]
    assert [list(one["constant_score"]["filter"]["term"].values()) for one in by_attributes] == [
        ["colour:red"]
    ]


def test_the_page_s_example_runs(
    elasticsearch_url: str, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
    [code] = [one for one in re.findall(r"```python\n(.*?)```", page, re.S) if "hits =" in one]
    photo.rename(photo.with_name("photo.jpg"))
    monkeypatch.chdir(photo.parent)
    monkeypatch.setattr(houndstooth, "load_extractor", lambda _: FakeExtractor(), raising=False)
    with new_index(elasticsearch_url) as url:
        engine = open_engine(url)
        fill(engine, TAXONOMY, photo.parent)
        engine.close()
        address, _, index = url.partition("://")[2].rpartition("/")
        code = code.replace("127.0.0.1:9200", address).replace('"products"', f'"{index}"')
        names: dict[str, Any] = {}
        exec(code, names)
    assert len(names["hits"]) == 24
    assert {hit["_id"].rsplit("-", 1)[0] for hit in names["hits"][:PER_COLOUR]} == {"t-shirt-green"}
    assert all("visual" not in hit["_source"] for hit in names["hits"])


def test_another_step_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expected relaxed to be one of none, fewer-attributes"):
        visual_clauses(features_of(draw()), TAXONOMY, relaxed="all")  # type: ignore[arg-type]
