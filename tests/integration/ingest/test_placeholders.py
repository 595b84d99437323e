"""Pictures that show no item: said in the report, and never among results by looks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from houndstooth.ingest.drafts import LEFT_OUT, NO_ITEM, REPLACED
from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import ProductNotFound
from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.search import SearchRequest
from houndstooth.plugin.config import Settings
from houndstooth.plugin.service import VisualSearch
from tests.fakes import FakeExtractor
from tests.integration.ingest.shop import COLOURS, TAXONOMY, Shop

RED, GREEN, BLUE = (f"img/{name}.png" for name in COLOURS)
TITLES = ("Linen Shirt", "Wool Sweater", "Denim Jeans", "Silk Scarf", "Straw Hat")


class SeesNothingGreen(FakeExtractor):
    """Sees no item in green pictures."""

    def _one(self, image: Image.Image, guide: Collection[str] | None, box: Box | None) -> Features:
        features = super()._one(image, guide, box)
        return replace(features, shows_item=image.getpixel((0, 0)) != COLOURS["green"])


@pytest.fixture
def search(engine: Engine) -> VisualSearch:
    return VisualSearch(SeesNothingGreen(), engine, TAXONOMY, Settings(columns=None))


def rows(*images: str, title: str = "Black leather wallet") -> list[dict[str, str]]:
    return [
        {"id": f"p{n}", "title": title, "images": one, "image": one.split(",")[0]}
        for n, one in enumerate(images)
    ]


def hits(shop: Shop, search: VisualSearch, image: str) -> set[str]:
    request = SearchRequest(relax="any-category")
    answer = search.search((shop.folder / image).read_bytes(), request)
    return {hit.product_id for hit in answer.hits}


def test_a_product_without_a_picture_is_found_by_text_alone(
    shop: Shop, engine: Engine, search: VisualSearch
) -> None:
    feed = shop.write(rows(GREEN, RED, f"{GREEN},{RED}", f"{RED},{GREEN}"))
    assert shop.ingest(feed, extractor=SeesNothingGreen()) == 0
    by_id = {one["id"]: one["notes"] for one in shop.report["products"]}
    assert [(note["kind"], note["detail"]) for note in by_id["p0"]] == [
        (NO_ITEM, "image 1: no item is seen in it")
    ]
    assert [note["kind"] for note in by_id["p2"] + by_id["p3"]] == [REPLACED, LEFT_OUT]
    assert shop.report["notes"][NO_ITEM]["count"] == 1
    none, _, second, first = (one.visual for one in engine.fetch(["p0", "p1", "p2", "p3"]))
    assert none and second and first
    assert none.category == "wallet"
    assert set(none.attributes) == {"colour:black", "material:leather", NO_PICTURE}
    assert ([view.place for view in second.views], second.pictures[0]) == ([2], first.pictures[0])
    assert [view.place for view in first.views] == [1]
    assert hits(shop, search, RED) == {"p1", "p2", "p3"}
    assert hits(shop, search, GREEN) == set()
    with pytest.raises(ProductNotFound, match="has no picture that shows it"):
        search.similar("p0", SearchRequest())
    assert shop.ingest(feed, extractor=SeesNothingGreen()) == 0
    assert shop.report["totals"]["unchanged"] == 4


def test_one_picture_of_unlike_products_is_told(
    shop: Shop, search: VisualSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = shop.write(
        [{"id": f"p{n}", "title": title, "image": BLUE} for n, title in enumerate(TITLES)]
        + rows(*[RED] * 6)[5:]
    )
    monkeypatch.setenv("HOUNDSTOOTH_SHARED_PICTURE", "0")
    assert shop.ingest(feed) == 0
    assert shop.report["placeholders"] == []
    assert len(hits(shop, search, BLUE)) == 6
    monkeypatch.delenv("HOUNDSTOOTH_SHARED_PICTURE")
    assert shop.ingest(feed) == 0
    [told] = shop.report["placeholders"]
    assert (told["products"], told["examples"]) == (5, ["p0", "p1", "p2"])
    assert hits(shop, search, BLUE) == {"p5"}
    monkeypatch.setenv("HOUNDSTOOTH_SHARED_PICTURE", "11")
    for written in (0, 5, 0):  # its end gives the picture back, the next one recognises it
        assert shop.ingest(feed) == 0
        assert shop.report["totals"]["written"] == written
    assert len(hits(shop, search, BLUE)) == 6


def test_a_placeholder_stays_one_until_a_photo_replaces_it(
    shop: Shop, search: VisualSearch
) -> None:
    products = [{"id": f"p{n}", "title": title, "image": BLUE} for n, title in enumerate(TITLES)]
    assert shop.ingest(shop.write(products)) == 0
    assert (shop.report["totals"]["written"], hits(shop, search, BLUE)) == (5, set())
    assert shop.ingest(shop.write(products)) == 0
    assert (shop.report["totals"]["unchanged"], hits(shop, search, BLUE)) == (5, set())
    products[0]["image"] = RED
    assert shop.ingest(shop.write(products)) == 0
    totals = shop.report["totals"]
    assert (totals["written"], totals["unchanged"]) == (1, 4)
    assert [one["products"] for one in shop.report["placeholders"]] == [4]
    assert hits(shop, search, RED) == {"p0"}
    assert shop.ingest(shop.write([{"id": "late", "title": "Gold Ring", "image": BLUE}])) == 0
    assert [one["products"] for one in shop.report["placeholders"]] == [5]
    assert hits(shop, search, RED) == {"p0"}


def test_variants_share_a_picture(shop: Shop, search: VisualSearch) -> None:
    feed: Path = shop.write(
        [
            {"id": f"p{n}", "title": f"Linen Shirt {colour} {n}", "image": BLUE}
            for n, colour in enumerate(("red", "blue", "green", "black", "white", "grey"))
        ]
    )
    assert shop.ingest(feed) == 0
    assert shop.report["placeholders"] == []
    assert len(hits(shop, search, BLUE)) == 6
