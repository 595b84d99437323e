"""Products with several pictures: found by the nearest one, which the hit names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.document import View
from houndstooth.mappings.features import WHOLE_IMAGE, Box
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.answer import answer_json
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.fakes import FakeExtractor
from tests.integration.test_service import EXTRACTOR, TAXONOMY, document, ids, picture

BACK = Box(0, 0, 0.5, 1)


def with_back(one: IndexDocument, place: int, colour: str, seed: int) -> IndexDocument:
    """The document with one more view, at a place among its images."""
    assert one.visual
    [features] = EXTRACTOR.extract([EXTRACTOR.decode(picture(colour, seed))])
    visual = replace(
        one.visual,
        further=(View(place, BACK),),
        further_codes=(features.binary_code,),
        further_colours=(features.colour_histogram,),
    )
    return replace(one, visual=visual)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisualSearch]:
    folder: Path = tmp_path_factory.mktemp("views")
    engine = open_engine(f"sqlite:///{folder}/catalogue.db")
    engine.prepare()
    plain = [document(f"red-{n}", "t-shirt", "red", n, {"image": "a.jpg"}) for n in range(3)]
    facts = {"image": "front.jpg", "images": ["front.jpg", "side.jpg", "back.jpg"]}
    engine.write([*plain, with_back(document("two", "t-shirt", "red", 7, facts), 3, "blue", 8)])
    yield VisualSearch(FakeExtractor(), engine, TAXONOMY)
    engine.close()


def best(service: VisualSearch, colour: str, seed: int) -> dict[str, Any]:
    hit: dict[str, Any] = answer_json(
        service.search(picture(colour, seed), SearchRequest(category="t-shirt"))
    )["hits"][0]
    return hit


def test_the_nearest_view_wins_and_its_place_is_in_the_hit(service: VisualSearch) -> None:
    hit = best(service, "blue", 8)
    assert (hit["product_id"], hit["distance"]) == ("two", {"appearance": 0.0, "colour": 0.0})
    assert hit["view"] == {"place": 3, "image": "back.jpg", "box": BACK.as_list()}
    assert hit["product"]["image"] == "front.jpg"
    assert hit["box"] == WHOLE_IMAGE.as_list()


def test_the_first_view_is_named_as_well(service: VisualSearch) -> None:
    whole = WHOLE_IMAGE.as_list()
    assert best(service, "red", 7)["view"] == {"place": 1, "image": "front.jpg", "box": whole}
    assert best(service, "red", 1)["view"] == {"place": 1, "image": "a.jpg", "box": whole}


def test_a_product_with_two_views_is_one_hit(service: VisualSearch) -> None:
    answer = service.search(picture("blue", 8), SearchRequest(category="t-shirt", top=200))
    assert sorted(ids(answer)) == ["red-0", "red-1", "red-2", "two"]


def test_similar_products_are_those_like_the_first_view(service: VisualSearch) -> None:
    [features] = EXTRACTOR.extract([EXTRACTOR.decode(picture("red", 7))])
    answer = service.similar("two", SearchRequest())
    assert sorted(ids(answer)) == ["red-0", "red-1", "red-2"]
    again = service.search_features(replace(features, model=EXTRACTOR.model), SearchRequest())
    distances = {hit.product_id: hit.appearance_distance for hit in again.hits}
    for hit in answer.hits:
        assert hit.appearance_distance == distances[hit.product_id]
        assert hit.view.place == 1
