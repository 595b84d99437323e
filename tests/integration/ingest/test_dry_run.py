"""A dry run: the feed is read to its end, nothing is looked at and nothing is written."""

from __future__ import annotations

import pytest

from tests.integration.ingest.shop import Shop

HEADER = "Handle,Title,Type,Variant SKU,Variant Price,Image Src,Status"
ROWS = [
    "tee,Red T-shirt,T-shirt,tee-S,POA,img/none.png,active",
    "tee,,,tee-M,12.00,,",
    "mug,Mug,,mug,5.00,img/none.png,draft",
    "thing,Nova 2.0,,,9.00,img/none.png,active",
    "lost,Hat,Hats,hat,9.00,,active",
]


def test_a_dry_run_says_what_would_come_in(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    feed = shop.folder / "export.csv"
    feed.write_text("\n".join([HEADER, *ROWS]))
    assert shop.ingest(feed, "--dry-run") == 1
    screen = capsys.readouterr().out
    for text in (
        "read as Shopify product export (CSV, commas, UTF-8)",
        "Variant Price",
        "2 of 3",
        "price left empty",
        "line 2 (Red T-shirt): expected a price",
        "Status is 'draft'",
        "line 6: expected an image",
        "the picture alone decides",
        "line 5 (Nova 2.0)",
    ):
        assert text in screen
    assert shop.report["totals"]["read"] == 3
    assert shop.report["totals"]["left_out"] == 1
    assert shop.report["feed"]["roles"]["price"]["filled"] == 2


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    feed = shop.folder / "feed.csv"
    feed.write_text("id,title,image\n1,Red shirt,img/red.png\n")
    assert shop.ingest(feed, "--dry-run") == 0
    assert not (shop.folder / "engine").exists()


def test_a_dry_run_is_no_job_for_workers(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    feed = shop.folder / "feed.csv"
    feed.write_text("id,title,image\n1,Red shirt,img/red.png\n")
    assert shop.ingest(feed, "--dry-run", "--celery") == 2
    assert "leave out --celery" in capsys.readouterr().err
