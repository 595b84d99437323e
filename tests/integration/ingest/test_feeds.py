"""Feeds into a real SQLite engine, through the command."""

from __future__ import annotations

import pytest

from houndstooth.commands import main
from tests.fakes import FakeExtractor
from tests.integration.ingest.fakes import Relabelled, Unwilling
from tests.integration.ingest.shop import Shop, image, row
from tests.totals import totals


@pytest.mark.parametrize("name", ["feed.csv", "feed.tsv", "feed.jsonl"])
def test_a_feed_comes_in(shop: Shop, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    feed = shop.write([row("a"), row("b", "blue"), row("c", "green")], name)
    assert shop.ingest(feed, "--batch", "2") == 0
    assert shop.outcomes() == [("a", "written"), ("b", "written"), ("c", "written")]
    first = 1 if name.endswith(".jsonl") else 2
    assert [line["row"] for line in shop.report["products"]] == [first, first + 1, first + 2]
    assert shop.report["totals"] == totals(written=3)
    assert shop.report["model"] == "fake-1"
    assert shop.report["stopped"] is None
    assert shop.report["seconds"] >= 0
    facts, visual = shop.stored("b")
    assert facts == {
        **{"title": "Puma Men b Shirt", "image": "img/blue.png"},
        "price": 9.5,
    }
    assert visual.category == "shirt"
    assert visual.attributes == ("colour:blue", "gender:men")
    assert visual.from_text == ("gender:men", "shirt")
    assert "3 products in" in capsys.readouterr().out


def test_text_goes_before_the_image(shop: Shop) -> None:
    feed = shop.write([row("a", "red", title="Blue T-shirt"), row("b", "red", title="Thing")])
    assert shop.ingest(feed) == 0
    assert "colour:blue" in shop.stored("a")[1].attributes
    assert shop.stored("b")[1].category == "t-shirt"
    assert shop.stored("b")[1].from_text == ()


def test_a_second_time_nothing_is_recognised(shop: Shop) -> None:
    feed = shop.write([row("a"), row("b")])
    assert shop.ingest(feed) == 0
    before = shop.stored("a")[1]
    assert shop.ingest(feed, extractor=Unwilling()) == 0
    assert shop.report["totals"] == totals(unchanged=2)
    assert shop.stored("a")[1].computed_at == before.computed_at


def test_a_price_alone_is_a_partial_update(shop: Shop) -> None:
    shop.ingest(shop.write([row("a", stock=3)]))
    before = shop.stored("a")[1]
    feed = shop.write([row("a", price="12.00 EUR", stock="")])
    assert shop.ingest(feed, extractor=Unwilling()) == 0
    facts, visual = shop.stored("a")
    assert (facts["price"], facts["currency"], facts["stock"]) == (12.0, "EUR", None)
    assert visual.to_json() == before.to_json()


def test_products_are_removed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.ingest(shop.write([row("a"), row("b"), row("c")]))
    assert main(["remove", "a", "c", "nobody", "--engine", shop.url]) == 0
    assert "2 of 3 products were there and are removed" in capsys.readouterr().out
    assert shop.count() == 1


def test_a_price_is_the_new_one_though_the_image_is_gone(shop: Shop) -> None:
    shop.ingest(shop.write([row("a")]))
    before = shop.stored("a")[1]
    lost = {"price": "12.00", "image": "img/gone.png"}
    assert shop.ingest(shop.write([row("a", **lost), row("b", **lost)])) == 1
    assert shop.outcomes() == [("a", "failed"), ("b", "failed")]
    facts, visual = shop.stored("a")
    assert (facts["price"], facts["image"]) == (12.0, "img/red.png")
    assert visual.to_json() == before.to_json()
    assert shop.count() == 1


def test_a_price_without_a_currency_leaves_the_currency(shop: Shop) -> None:
    shop.ingest(shop.write([row("a", currency="EUR")]))
    shop.ingest(shop.write([row("a", price="12.00")]), extractor=Unwilling())
    facts, _ = shop.stored("a")
    assert (facts["price"], facts["currency"]) == (12.0, "EUR")
    shop.ingest(shop.write([row("a", currency="")]), extractor=Unwilling())
    assert shop.stored("a")[0]["currency"] is None


def test_a_box_at_the_edge_can_be_read_back(shop: Shop) -> None:
    shop.ingest(shop.write([row("a", box="0.00125,0.1,0.99875,0.5")]))
    assert shop.stored("a")[1].box.as_list() == [0.0012, 0.1, 0.9988, 0.5]


def test_a_report_is_not_written_over_its_feed(shop: Shop) -> None:
    feed = shop.write([row("a")])
    before = feed.read_bytes()
    assert main(["ingest", str(feed), "--engine", shop.url, "--report", str(feed)]) == 2
    assert feed.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Blue Dress"},
        {"category": "Dresses"},
        {"box": "0,0,0.5,1"},
        {"image": "img/2.png"},
    ],
)
def test_what_features_are_made_from_makes_them_again(shop: Shop, change: dict[str, str]) -> None:
    (shop.folder / "img" / "2.png").write_bytes(image("red", 25))
    shop.ingest(shop.write([row("a")]))
    before = shop.stored("a")[1].source_hash
    assert shop.ingest(shop.write([row("a", **change)])) == 0
    assert shop.outcomes() == [("a", "written")]
    assert shop.stored("a")[1].source_hash != before


def test_another_model_makes_features_again(shop: Shop) -> None:
    feed = shop.write([row("a")])
    shop.ingest(feed)
    newer = FakeExtractor()
    newer.model = "fake-2"
    assert shop.ingest(feed, extractor=Relabelled()) == 0
    assert shop.outcomes() == [("a", "written")]
    assert shop.stored("a")[1].model == "fake-2"


def test_a_path_that_stays_inside_is_taken(shop: Shop) -> None:
    feed = shop.write([row("a", image="./img/../img/red.png")])
    assert shop.ingest(feed) == 0


def test_chosen_columns(shop: Shop) -> None:
    feed = shop.write([{"sku": "a", "label": "Blue Shirt", "picture": "img/red.png"}])
    assert shop.ingest(feed, "--columns", "id=sku,title=label,image=picture") == 0
    assert shop.stored("a")[0] == {"title": "Blue Shirt", "image": "img/red.png"}
