"""Two feeds into one catalogue: whatever their order, the newer one's products stay."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.ingest.shop import ROOT, Shop, row
from tests.totals import totals

PRODUCTS = 400
INGEST = """
import sys
from houndstooth.commands import main
from tests.fakes import FakeExtractor
sys.exit(main(["ingest", *sys.argv[1:]], extractor=FakeExtractor()))
"""


def priced(shop: Shop, price: str, colour: str, name: str) -> Path:
    return shop.write([row(f"p{n}", colour, price=price) for n in range(PRODUCTS)], name)


def test_two_runs_at_once_into_sqlite(shop: Shop) -> None:
    """The older data may come in later, product by product."""
    feeds = {
        "2026-01-01": priced(shop, "1", "red", "old.csv"),
        "2026-01-02": priced(shop, "2", "blue", "new.csv"),
    }
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", INGEST, feed, "--engine", shop.url),
                *("--as-of", as_of, "--report", shop.folder / f"{as_of}.json"),
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for as_of, feed in feeds.items()
    ]
    assert [process.wait(300) for process in running] == [0, 0]
    found = [shop.stored(f"p{n}") for n in range(PRODUCTS)]
    assert {facts["price"] for facts, _ in found} == {2.0}
    assert {facts["image"] for facts, _ in found} == {"img/blue.png"}
    assert {visual.attributes for _, visual in found} == {found[0][1].attributes}
    assert "colour:blue" in found[0][1].attributes
    reports = [json.loads((shop.folder / f"{as_of}.json").read_text()) for as_of in feeds]
    assert [sum(report["totals"].values()) for report in reports] == [PRODUCTS] * 2
    assert [report["totals"]["failed"] for report in reports] == [0, 0]


def test_a_feed_of_before_leaves_newer_products_alone(shop: Shop) -> None:
    """Yesterday's file that is given today is today's word, unless ``--as-of`` says otherwise."""
    new, old = (
        shop.write([row("a", price="2")]),
        shop.write([row("a", price="1"), row("b", price="1")], "old.csv"),
    )
    assert shop.ingest(new) == 0
    assert shop.ingest(old, "--as-of", "2026-01-01T12:00:00+02:00") == 0
    assert shop.report["totals"] == totals(overtaken=1, written=1)
    assert shop.outcomes() == [("a", "overtaken"), ("b", "written")]
    assert shop.stored("a")[0]["price"] == 2.0
    assert shop.ingest(old) == 0
    assert shop.report["totals"] == totals(updated=1, unchanged=1)
    assert shop.stored("a")[0]["price"] == 1.0


@pytest.mark.parametrize("time", ["yesterday", "2999-01-01", "12"])
def test_a_time_that_is_none_or_to_come_is_refused(
    shop: Shop, time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.ingest(shop.write([row("a")]), "--as-of", time) == 2
    assert "expected a time" in capsys.readouterr().err
