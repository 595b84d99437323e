"""``--delete-missing``, its limit, and feeds that have fewer products than they should."""

from __future__ import annotations

from typing import Any

import pytest

from houndstooth.plugin.engines import open_engine
from tests.catalogue import document
from tests.integration.ingest.shop import Shop, row
from tests.totals import totals


def rows(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [row(f"p{n:02}", **more) for n in numbers]


def ids(shop: Shop) -> list[str]:
    engine = open_engine(shop.url)
    try:
        return sorted(one.product_id for one in engine.fetch([f"p{n:02}" for n in range(60)]))
    finally:
        engine.close()


def names(*numbers: int) -> list[str]:
    return [f"p{n:02}" for n in numbers]


def test_what_a_full_feed_does_not_have_is_deleted(shop: Shop) -> None:
    assert shop.ingest(shop.write(rows(*range(20)))) == 0
    assert shop.report["deletion"] is None
    less = shop.write([*rows(*range(2, 20)), *rows(1, price="7")])
    assert shop.ingest(less) == 0
    assert ids(shop) == names(*range(20))
    assert shop.ingest(less, "--delete-missing") == 0
    assert ids(shop) == names(*range(1, 20))
    found = {"missing": 1, "total": 20, "examples": ["p00"], "refused": None, "deleted": 1}
    assert shop.report["deletion"] == found
    assert shop.report["totals"] == totals(unchanged=19)
    assert shop.ingest(less, "--delete-missing") == 0
    assert shop.report["deletion"]["deleted"] == 0


def test_no_more_is_deleted_than_the_limit(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.ingest(shop.write(rows(*range(20)))) == 0
    less = shop.write(rows(*range(17)))
    assert shop.ingest(less, "--delete-missing") == 1
    sentence = "expected at most 10% of 20 products to be missing in the feed; got 3: if that is"
    told = f"nothing was deleted: {sentence} right, give --at-most 3"
    assert told in capsys.readouterr().out
    assert ids(shop) == names(*range(20))
    for limit in ("14%", "2"):
        assert shop.ingest(less, "--delete-missing", "--at-most", limit) == 1
    assert shop.ingest(less, "--delete-missing", "--at-most", "15%") == 0
    assert ids(shop) == names(*range(17))
    assert shop.ingest(shop.write(rows(1)), "--delete-missing", "--at-most", "100%") == 0
    assert ids(shop) == names(1)


def test_newer_products_and_those_of_nobody_stay(shop: Shop) -> None:
    assert shop.ingest(shop.write(rows(0, 1)), "--as-of", "2026-01-01") == 0
    assert shop.ingest(shop.write(rows(2)), "--as-of", "2026-03-01") == 0
    engine = open_engine(shop.url)
    engine.write([document("p50")])
    engine.close()
    older = ("--as-of", "2026-02-01", "--delete-missing", "--at-most", "1")
    assert shop.ingest(shop.write(rows(0)), *older) == 0
    assert ids(shop) == names(0, 2, 50)
    assert shop.report["deletion"]["deleted"] == 1


def test_a_product_that_failed_is_not_missing(shop: Shop) -> None:
    assert shop.ingest(shop.write(rows(*range(6)))) == 0
    broken = [*rows(0, 1, 2), *rows(3, image="img/none.png"), row("p04") | {"title": ""}]
    assert shop.ingest(shop.write(broken), "--delete-missing", "--at-most", "50%") == 1
    assert ids(shop) == names(*range(5))
    nameless = shop.write([*rows(0, 1, 2), row("") | {"title": "Red shirt"}])
    assert shop.ingest(nameless, "--delete-missing", "--at-most", "100%") == 1
    assert "1 rows have none that can be read" in shop.report["deletion"]["refused"]
    assert ids(shop) == names(*range(5))


def test_what_is_not_sold_any_more_is_missing(shop: Shop) -> None:
    assert shop.ingest(shop.write(rows(0, 1))) == 0
    feed = shop.write([*rows(0, status="active"), *rows(1, status="draft")])
    assert shop.ingest(feed, "--delete-missing", "--at-most", "1") == 0
    assert shop.report["totals"] == totals(updated=1, left_out=1)
    assert ids(shop) == names(0)


@pytest.mark.parametrize("drafts", [False, True], ids=["a header alone", "drafts alone"])
@pytest.mark.parametrize("flags", [(), ("--dry-run",), ("--delete-missing", "--at-most", "100%")])
def test_a_feed_without_products_is_a_failure(
    shop: Shop, drafts: bool, flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.ingest(shop.write(rows(0))) == 0
    feed = shop.write(rows(0, status="draft"), "empty.csv")
    if not drafts:
        feed.write_text(feed.read_text().splitlines()[0] + "\n")
    assert shop.ingest(feed, *flags) == 1
    sentence = "error: expected products in the feed; it has none: if that is right, give"
    assert capsys.readouterr().err.count(sentence) == 1
    assert ids(shop) == names(0)
    assert shop.ingest(feed, *flags, "--allow-fewer") == 0
    assert ids(shop) == ([] if "--delete-missing" in flags else names(0))


@pytest.mark.parametrize(
    "flags",
    [
        ("--delete-missing", "--visual-only"),
        ("--delete-missing", "--dry-run"),
        ("--at-most", "5"),
        ("--delete-missing", "--at-most", "101%"),
        ("--delete-missing", "--at-most", "many"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(shop: Shop, flags: tuple[str, ...]) -> None:
    assert shop.ingest(shop.write(rows(0)), *flags) == 2
