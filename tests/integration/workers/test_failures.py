"""Workers, engines, feeds and a Redis that fail while a job runs."""

from __future__ import annotations

import pytest
from opensearchpy import OpenSearch
from PIL import Image

from tests.integration.workers.shop import Shop, finish, opened, product, wait_until
from tests.worker_app import DEADLY_COLOUR, HANGING_COLOUR


def test_a_product_at_which_workers_die_costs_only_itself(shop: Shop) -> None:
    Image.new("RGB", (32, 32), DEADLY_COLOUR).save(shop.folder / "images" / "deadly.png")
    rows = [product(n) for n in range(20)]
    rows[7]["image"] = "images/deadly.png"
    with shop.workers():
        status, output, _ = finish(shop.ingest(shop.write(rows), "--batch", "10"))
    assert status == 1
    assert "worker died" in output
    failed = [line for line in shop.report()["products"] if line["outcome"] == "failed"]
    assert [line["row"] for line in failed] == [9]
    assert "worker processes died" in failed[0]["reason"]
    with opened(shop.url) as engine:
        assert engine.count() == 19


def test_a_product_at_which_workers_hang_costs_only_itself(shop: Shop) -> None:
    Image.new("RGB", (32, 32), HANGING_COLOUR).save(shop.folder / "images" / "hanging.png")
    rows = [product(n) for n in range(20)]
    rows[7]["image"] = "images/hanging.png"
    with shop.workers(TEST_BATCH_LIMIT="2", TEST_PRODUCT_LIMIT="1"):
        status, output, _ = finish(shop.ingest(shop.write(rows), "--batch", "10"))
    assert status == 1
    assert "worker died" in output
    failed = [line for line in shop.report()["products"] if line["outcome"] == "failed"]
    assert [line["row"] for line in failed] == [9]
    assert "took longer than 1 s" in failed[0]["reason"]
    log = shop.log.read_text()
    assert "Timeout (0:00:02)!" in log and "Timeout (0:00:01)!" in log
    assert 'worker_app.py", line' in log and "in extract" in log
    with opened(shop.url) as engine:
        assert engine.count() == 19


def test_a_feed_that_changes_under_a_job_stops_it(shop: Shop) -> None:
    feed = shop.write([product(n) for n in range(400)])
    with shop.workers(TEST_SECONDS_PER_BATCH="0.05"):
        command = shop.ingest(feed, "--batch", "4")
        wait_until(shop.children)
        shop.write([product(n) for n in range(10)])
        status, output, _ = finish(command)
    assert status == 1
    assert "has changed since the job began" in output


def test_an_engine_that_stays_away_is_reported(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_PATIENCE", "2")
    server, _, index = shop.url.replace("opensearch", "http").rpartition("/")
    feed = shop.write([product(n) for n in range(400)])
    with (
        shop.workers(TEST_SECONDS_PER_BATCH="0.05"),
        OpenSearch(server) as client,
    ):
        command = shop.ingest(feed, "--batch", "4")
        wait_until(shop.children)
        client.indices.delete(index=index)
        status, output, _ = finish(command)
    assert status == 1
    assert "stopped early: " in output
    assert index in shop.report()["stopped"]


def test_a_worker_that_cannot_work_stops_the_job_and_says_why(shop: Shop) -> None:
    taxonomy = shop.folder / "taxonomy.json"
    taxonomy.write_text("{}")
    with shop.workers(HOUNDSTOOTH_TAXONOMY=str(taxonomy)):
        status, output, _ = finish(shop.ingest(shop.write([product(1)])))
    assert status == 1
    assert "stopped early: " in output
    assert "taxonomy" in shop.report()["stopped"]
