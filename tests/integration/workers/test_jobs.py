"""Jobs as their commands show them: followed or not, refused, and what they write."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from redis import Redis

from houndstooth.commands import main
from houndstooth.models.loading import DEFAULT_MODEL
from tests.conftest import free_port
from tests.fakes import FakeExtractor
from tests.integration.workers.shop import COLOURS, Shop, finish, opened, product, wait_until
from tests.totals import totals


def test_a_job_is_followed_left_alone_and_looked_at(shop: Shop) -> None:
    # What a shell runs in the background has the interrupt ignored, and so have its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    feed = shop.write([product(n) for n in range(320)])
    with shop.workers(TEST_SECONDS_PER_BATCH="0.1"):
        command = shop.ingest(feed)
        wait_until(shop.children)
        command.send_signal(signal.SIGINT)
        status, _, errors = finish(command)
        assert status == 130
        assert "goes on without this command; its state: houndstooth jobs status" in errors
        job = errors.split()[-1]
        while (found := finish(shop.command("jobs", "status", job)))[0] == 3:
            assert "running" in found[1] and "stopped early: the job is still running" in found[1]
        assert found[0] == 0, found
        report = shop.folder / "status.json"
        assert finish(shop.command("jobs", "status", job, "--report", report))[0] == 0
        status, listed, _ = finish(shop.command("jobs", "list"))
        assert (status, listed.split()[:2]) == (0, [job, "finished"])
        assert f"320 of 320 products, 0 failed  {feed}" in listed
    assert shop.report("status.json")["totals"] == totals(written=320)
    assert shop.report("status.json")["rate"] > 0


def test_a_job_without_waiting_and_no_more_queued_than_a_stretch_and_a_half(
    shop: Shop,
) -> None:
    feed = shop.write([product(n) for n in range(400)])
    queued = []
    with shop.workers(TEST_SECONDS_PER_BATCH="0.02"), Redis.from_url(shop.redis) as redis:
        words = ["ingest", feed, "--celery", "--no-wait", "--engine", shop.url, "--batch", "4"]
        status, output, _ = finish(shop.command(*words))
        assert status == 0
        while finish(shop.command("jobs", "status", output.strip()))[0] == 3:
            queued.append(redis.llen("houndstooth:ingest"))
    assert 0 < max(queued) <= 16 * 3 // 2 + 1
    with opened(shop.url) as engine:
        engine.refresh()
        assert engine.count() == 400


def test_workers_write_visual_alone_where_they_are_told(shop: Shop) -> None:
    rows = [product(n) for n in range(3)]
    with shop.workers():
        assert finish(shop.ingest(shop.write(rows[:2])))[0] == 0
        with opened(shop.url) as engine:
            before = {p.product_id: p.facts for p in engine.fetch([row["id"] for row in rows])}
        feed = shop.write([row | {"title": "Navy shirt", "price": "1"} for row in rows])
        assert finish(shop.ingest(feed, "--visual-only"))[0] == 1
    assert shop.report()["totals"]["written"] == 2
    assert [line["row"] for line in shop.report()["products"]] == [4]
    with opened(shop.url) as engine:
        after = engine.fetch([row["id"] for row in rows])
    assert {p.product_id: p.facts for p in after} == before
    assert all(p.visual and "colour:navy-blue" in p.visual.attributes for p in after)


def test_images_by_url_and_what_may_pass_is_tried_again(shop: Shop, pictures: str) -> None:
    images = ["red", "late", "none", "busy", "blue"]
    rows = [product(n, image=f"{pictures}/{name}.png") for n, name in enumerate(images)]
    with shop.workers(HOUNDSTOOTH_IMAGE_HOSTS="127.0.0.1"):
        status, output, _ = finish(shop.ingest(shop.write(rows)))
    assert status == 1
    assert shop.report()["totals"] == totals(written=3, failed=2)
    missing, busy = shop.report()["products"]
    assert (missing["row"], busy["row"]) == (4, 5)
    assert "HTTP 404" in missing["reason"]
    assert "HTTP 503" in busy["reason"]
    assert "image did not come" in output


def test_images_by_url_in_process(
    tmp_path: Path, shop: Shop, pictures: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_IMAGE_HOSTS", "127.0.0.1")
    feed = shop.write([product(n, image=f"{pictures}/{COLOURS[n % 6]}.png") for n in range(40)])
    engine = f"sqlite:///{tmp_path / 'catalogue.db'}"
    for _ in range(2):
        words = [
            "ingest",
            str(feed),
            "--engine",
            engine,
            "--report",
            str(shop.folder / "report.json"),
        ]
        assert main(words, extractor=FakeExtractor()) == 0
    assert shop.report()["totals"] == totals(unchanged=40)


def test_the_shipped_app_with_the_shipped_networks(shop: Shop) -> None:
    feed = shop.write([product(n) for n in range(24)])
    with shop.workers(app="houndstooth.ingest.celery_app", supervised=True):
        status, output, _ = finish(shop.ingest(feed))
    assert status == 0, output
    assert shop.report()["totals"] == totals(written=24)
    assert shop.report()["model"].startswith(DEFAULT_MODEL)


@pytest.mark.parametrize(
    ("engine", "redis", "words"),
    [
        ("sqlite:///here.db", None, "expected an engine that workers share"),
        (None, "nowhere", "expected a Redis at redis://127.0.0.1:"),
        (None, None, "no worker answers; start one with: houndstooth worker"),
    ],
)
def test_what_is_missing_is_said(
    shop: Shop, engine: str | None, redis: str | None, words: str
) -> None:
    feed = shop.write([product(1)])
    if redis:
        shop.redis = f"redis://127.0.0.1:{free_port()}/0"
    status, _, errors = finish(
        shop.command("ingest", feed, "--celery", "--engine", engine or shop.url)
    )
    assert status == 2
    assert words in errors


def test_a_job_that_is_not_there(shop: Shop) -> None:
    status, _, errors = finish(shop.command("jobs", "status", "none"))
    assert status == 2
    assert "no job 'none' in the folder of jobs (HOUNDSTOOTH_JOBS)" in errors
