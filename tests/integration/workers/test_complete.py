"""Every product of a feed comes in once, whichever worker dies and however often it is sent."""

from __future__ import annotations

import csv
import os
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.workers.shop import PRODUCTS, Shop, finish, opened, product, wait_until

BAD: Mapping[str, Mapping[str, str]] = {
    "no such image file": {"image": "images/none.png"},
    "expected an image": {"image": "images/text.png"},
    "leaves it by '..'": {"image": "../outside.png"},
    "expected an image path": {"image": ""},
    "expected a box": {"box": "0,0,3,3"},
    "public address": {"image": "http://169.254.169.254/latest"},
}


def catalogue(shop: Shop, synthetic: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The drawn products, 3 in 100 made bad, and the reason of each bad one by its id."""
    (shop.folder / "synthetic").symlink_to(synthetic)
    reasons = list(BAD)
    bad = {n: reasons[n // 33 % len(reasons)] for n in range(20, PRODUCTS, 33)}
    rows = []
    with (synthetic / "feed.csv").open(newline="") as file:
        for n, drawn in enumerate(csv.DictReader(file)):
            row = {"title": drawn["title"], "image": f"synthetic/{drawn['image']}"}
            rows.append(product(n, **row, price=drawn["price"]) | (BAD[bad[n]] if n in bad else {}))
    return rows, {f"p{n:05}": reason for n, reason in bad.items()}


def check_complete(shop: Shop, report: dict[str, Any], reasons: Mapping[str, str]) -> None:
    """Each product counts once; the bad ones have their reason, and the index all the good ones."""
    lines = report["products"]
    assert [(line["id"], line["row"]) for line in lines] == [(p, int(p[1:]) + 2) for p in reasons]
    assert {line["outcome"] for line in lines} == {"failed"}
    failed = {line["id"]: line["reason"] for line in lines}
    for key, words in reasons.items():
        assert words in failed[key]
    totals = report["totals"]
    # Of the same feed twice, the products of one may be overtaken by those of the other.
    came = totals["written"] + totals["unchanged"] + totals["overtaken"]
    assert came == PRODUCTS - len(reasons)
    assert (totals["failed"], totals["left_out"]) == (len(reasons), 0)
    assert report["unlisted"] == PRODUCTS - len(reasons)
    assert report["stopped"] is None
    assert report["model"] == "fake-1"
    good = [f"p{n:05}" for n in range(PRODUCTS) if f"p{n:05}" not in reasons]
    with opened(shop.url) as engine:
        assert engine.count() == len(good)
        stored = engine.fetch(good)
    assert [found.product_id for found in stored] == good
    assert all(found.visual is not None for found in stored)


def test_two_workers_and_one_of_their_processes_is_killed(shop: Shop, synthetic: Path) -> None:
    rows, reasons = catalogue(shop, synthetic)
    feed = shop.write(rows)
    with shop.workers(2, TEST_SECONDS_PER_BATCH="0.05"):
        command = shop.ingest(feed)
        wait_until(lambda: len(shop.children()) == 2)
        killed = min(shop.children())
        os.kill(killed, signal.SIGKILL)
        status, output, errors = finish(command)
        assert len(shop.children()) == 3
    assert status == 1
    assert "2,000 products in" in output
    assert "unusable image" in output
    assert "houndstooth jobs status" in errors
    check_complete(shop, shop.report(), reasons)
    assert shop.report()["totals"]["overtaken"] == 0
    assert Counter(reasons.values()).keys() == BAD.keys()


def test_a_whole_worker_is_killed_and_the_other_takes_its_batch(
    shop: Shop, synthetic: Path
) -> None:
    rows, reasons = catalogue(shop, synthetic)
    with shop.workers(2, TEST_SECONDS_PER_BATCH="0.05") as workers:
        command = shop.ingest(shop.write(rows))
        wait_until(lambda: len(shop.children()) == 2)
        workers[0].kill()
        status, _, _ = finish(command)
    assert status == 1
    check_complete(shop, shop.report(), reasons)
    assert shop.report()["totals"]["overtaken"] == 0


def test_the_same_feed_twice_at_once(shop: Shop, synthetic: Path) -> None:
    rows, reasons = catalogue(shop, synthetic)
    feed = shop.write(rows)
    with shop.workers(1, concurrency=2):
        commands = [shop.ingest(feed, report=f"{n}.json") for n in range(2)]
        assert [finish(command)[0] for command in commands] == [1, 1]
    reports = [shop.report(f"{n}.json") for n in range(2)]
    for report in reports:
        check_complete(shop, report, reasons)
    assert 0 in [report["totals"]["overtaken"] for report in reports]
