"""Feeds by real worker processes, through a real Redis, into a real OpenSearch."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch
from PIL import Image
from redis import Redis

from houndstooth.ingest.__main__ import main
from houndstooth.ingest.batches import feed_stamp
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.jobs import JobRequest
from houndstooth.ingest.workers import submit
from houndstooth.mappings.engine import Engine
from houndstooth.models.loading import DEFAULT_MODEL
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from tests.conftest import free_port, running_redis
from tests.fakes import FakeExtractor
from tests.worker_app import DEADLY_COLOUR

ROOT = Path(__file__).parents[2]
PRODUCTS = 2000
COLOURS = ["red", "green", "blue", "black", "orange", "purple"]
GARMENTS = ["shirt", "t-shirt", "dress", "jeans", "handbag", "sandals"]
BAD: Mapping[str, Mapping[str, str]] = {
    "no such image file": {"image": "images/none.png"},
    "expected an image": {"image": "images/text.png"},
    "leaves it by '..'": {"image": "../outside.png"},
    "expected a price": {"price": "free"},
    "expected a box": {"box": "0,0,3,3"},
    "public address": {"image": "http://169.254.169.254/latest"},
}


class Shop:
    """A feed's folder, an index, and the workers and commands between them."""

    def __init__(self, folder: Path, engine: str, redis: str) -> None:
        self.folder, self.url, self.redis = folder, engine, redis
        self.marks = folder / "marks"
        self.marks.mkdir()
        (folder / "images").mkdir()
        (folder / "images" / "text.png").write_text("no picture")
        for number, colour in enumerate(COLOURS):
            picture = Image.new("RGB", (32, 32), "white")
            picture.paste(colour, (number, 4, 28, 28))
            picture.save(folder / "images" / f"{colour}.png")

    def environment(self, **more: str) -> dict[str, str]:
        own = {"HOUNDSTOOTH_REDIS": self.redis, "TEST_MARKS": str(self.marks)}
        return {**os.environ, "PYTHONPATH": str(ROOT), **own, **more}

    def write(self, rows: Sequence[Mapping[str, str]], name: str = "feed.csv") -> Path:
        path = self.folder / name
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def command(self, *words: str | Path) -> subprocess.Popen[str]:
        """``python -m ingest``, as people run it."""
        return subprocess.Popen(
            [sys.executable, "-m", "ingest", *map(str, words)],
            cwd=ROOT,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ingest(self, feed: Path, *flags: str, report: str = "report.json") -> subprocess.Popen[str]:
        report_file = self.folder / report
        words = [feed, "--celery", "--engine", self.url, "--report", report_file, *flags]
        return self.command(*words)

    def report(self, name: str = "report.json") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / name).read_text())
        return found

    @contextmanager
    def workers(
        self, count: int = 1, concurrency: int = 1, app: str = "tests.worker_app", **more: str
    ) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Workers, which answer when this begins."""
        environment = self.environment(**more)
        started = [self._start_worker(app, concurrency, environment) for _ in range(count)]
        try:
            self.wait_for_workers(count)
            yield started
        finally:
            for worker in started:
                if worker.poll() is None:
                    worker.terminate()
            for worker in started:
                worker.wait(60)

    def _start_worker(
        self, app: str, concurrency: int, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        words = ["--concurrency", str(concurrency), "--hostname", f"{uuid4().hex}@test"]
        with (self.folder / "workers.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", app, "worker", *words],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_for_workers(self, count: int) -> None:
        app = IngestApp(Settings(redis=self.redis))
        with app:
            wait_until(lambda: len(app.control.ping(timeout=1.0)) >= count)

    def children(self) -> set[int]:
        """Ids of the processes that have opened an extractor."""
        return {int(mark.name) for mark in self.marks.iterdir()}


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "expected it to come true by now"
        time.sleep(0.05)


def finish(command: subprocess.Popen[str], seconds: float = 300) -> tuple[int, str, str]:
    output, errors = command.communicate(timeout=seconds)
    assert "Traceback" not in errors, errors
    return command.returncode, output, errors


def product(number: int, **more: str) -> dict[str, str]:
    colour, garment = COLOURS[number % 6], GARMENTS[number // 6 % 6]
    return {
        "id": f"p{number:05}",
        "title": f"Women {garment} number {number}",
        "image": f"images/{colour}.png",
        "price": f"{number % 90 + 5}.50 EUR",
        "box": "",
    } | more


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PRODUCTS products that the studio drew."""
    folder = tmp_path_factory.mktemp("synthetic")
    generate(PRODUCTS, 9, folder, outfits=0.1, progress=False)
    return folder


def catalogue(shop: Shop, studio: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The studio's products, 3 in 100 made bad, and the reason of each bad one by its id."""
    (shop.folder / "synthetic").symlink_to(studio)
    reasons = list(BAD)
    bad = {n: reasons[n // 33 % len(reasons)] for n in range(20, PRODUCTS, 33)}
    rows = []
    with (studio / "feed.csv").open(newline="") as file:
        for n, drawn in enumerate(csv.DictReader(file)):
            row = {"title": drawn["title"], "image": f"studio/{drawn['image']}"}
            rows.append(product(n, **row, price=drawn["price"]) | (BAD[bad[n]] if n in bad else {}))
    return rows, {f"p{n:05}": reason for n, reason in bad.items()}


def check_complete(shop: Shop, report: dict[str, Any], reasons: Mapping[str, str]) -> None:
    """Each product has one line; the bad ones their reason, and the index all the good ones."""
    lines = report["products"]
    assert [line["row"] for line in lines] == list(range(2, PRODUCTS + 2))
    assert [line["id"] for line in lines] == [f"p{n:05}" for n in range(PRODUCTS)]
    failed = {line["id"]: line["reason"] for line in lines if line["outcome"] == "failed"}
    assert set(failed) == set(reasons)
    for key, words in reasons.items():
        assert words in failed[key]
    totals = report["totals"]
    assert totals["written"] + totals["unchanged"] == PRODUCTS - len(reasons)
    assert report["stopped"] is None
    assert report["model"] == "fake-1"
    good = [f"p{n:05}" for n in range(PRODUCTS) if f"p{n:05}" not in reasons]
    with opened(shop.url) as engine:
        assert engine.count() == len(good)
        stored = engine.fetch(good)
    assert [found.product_id for found in stored] == good
    assert all(found.visual is not None for found in stored)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture
def shop(tmp_path: Path, opensearch_url: str, redis_url: str) -> Iterator[Shop]:
    with Redis.from_url(redis_url) as client:
        client.flushall()
    yield Shop(tmp_path, f"{opensearch_url}/workers-{uuid4().hex}", redis_url)


def test_two_workers_and_one_of_their_processes_is_killed(shop: Shop, studio: Path) -> None:
    rows, reasons = catalogue(shop, studio)
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
    assert "python -m ingest status" in errors
    check_complete(shop, shop.report(), reasons)
    assert Counter(reasons.values()).keys() == BAD.keys()


def test_a_whole_worker_is_killed_and_the_other_takes_its_batch(shop: Shop, studio: Path) -> None:
    rows, reasons = catalogue(shop, studio)
    with shop.workers(2, TEST_SECONDS_PER_BATCH="0.05") as workers:
        command = shop.ingest(shop.write(rows))
        wait_until(lambda: len(shop.children()) == 2)
        workers[0].kill()
        status, _, _ = finish(command)
    assert status == 1
    check_complete(shop, shop.report(), reasons)


def test_the_same_feed_twice_at_once(shop: Shop, studio: Path) -> None:
    rows, reasons = catalogue(shop, studio)
    feed = shop.write(rows)
    with shop.workers(1, concurrency=2):
        commands = [shop.ingest(feed, report=f"{n}.json") for n in range(2)]
        assert [finish(command)[0] for command in commands] == [1, 1]
    for n in range(2):
        check_complete(shop, shop.report(f"{n}.json"), reasons)


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
        assert "goes on without this command; to look at it: python -m ingest status" in errors
        job = errors.split()[-1]
        while (found := finish(shop.command("status", job)))[0] == 3:
            assert "running" in found[1] and "stopped early: the job is still running" in found[1]
        assert found[0] == 0, found
        report = shop.folder / "status.json"
        assert finish(shop.command("status", job, "--report", report))[0] == 0
    assert shop.report("status.json")["totals"] == {"written": 320, "unchanged": 0, "failed": 0}
    assert shop.report("status.json")["rate"] > 0


def test_a_detached_job_and_no_more_queued_than_a_stretch_and_a_half(shop: Shop) -> None:
    feed = shop.write([product(n) for n in range(400)])
    queued = []
    with shop.workers(TEST_SECONDS_PER_BATCH="0.02"), Redis.from_url(shop.redis) as redis:
        words = [feed, "--celery", "--detach", "--engine", shop.url, "--batch", "4"]
        status, output, _ = finish(shop.command(*words))
        assert status == 0
        while finish(shop.command("status", output.strip()))[0] == 3:
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
    outcomes = [line["outcome"] for line in shop.report()["products"]]
    assert outcomes == ["written", "written", "failed"]
    with opened(shop.url) as engine:
        after = engine.fetch([row["id"] for row in rows])
    assert {p.product_id: p.facts for p in after} == before
    assert all(p.visual and "colour:navy-blue" in p.visual.attributes for p in after)


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


class Pictures(SimpleHTTPRequestHandler):
    """A shop's image host: one picture comes at the third attempt, one never."""

    def __init__(self, *arguments: Any, attempts: Counter[str], **options: Any) -> None:
        self.attempts = attempts
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        self.attempts[self.path] += 1
        if "busy" in self.path or ("late" in self.path and self.attempts[self.path] < 3):
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def pictures(shop: Shop) -> Iterator[str]:
    image = (shop.folder / "images" / "red.png").read_bytes()
    (shop.folder / "images" / "late.png").write_bytes(image)

    attempts: Counter[str] = Counter()
    handler = partial(Pictures, attempts=attempts, directory=str(shop.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/images"
        server.shutdown()
        thread.join()


def test_images_by_url_and_what_may_pass_is_tried_again(shop: Shop, pictures: str) -> None:
    images = ["red", "late", "none", "busy", "blue"]
    rows = [product(n, image=f"{pictures}/{name}.png") for n, name in enumerate(images)]
    with shop.workers(HOUNDSTOOTH_IMAGE_HOSTS="127.0.0.1"):
        status, output, _ = finish(shop.ingest(shop.write(rows)))
    assert status == 1
    lines = shop.report()["products"]
    assert [line["outcome"] for line in lines] == ["written"] * 2 + ["failed"] * 2 + ["written"]
    assert "HTTP 404" in lines[2]["reason"]
    assert "HTTP 503" in lines[3]["reason"]
    assert "image did not come" in output


def test_images_by_url_in_process(
    tmp_path: Path, shop: Shop, pictures: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_IMAGE_HOSTS", "127.0.0.1")
    feed = shop.write([product(n, image=f"{pictures}/{COLOURS[n % 6]}.png") for n in range(40)])
    engine = f"sqlite:///{tmp_path / 'catalogue.db'}"
    for _ in range(2):
        words = [str(feed), "--engine", engine, "--report", str(shop.folder / "report.json")]
        assert main(words, extractor=FakeExtractor()) == 0
    assert shop.report()["totals"] == {"written": 0, "unchanged": 40, "failed": 0}


def test_a_feed_that_changes_under_a_job_stops_it(shop: Shop) -> None:
    feed = shop.write([product(n) for n in range(400)])
    with shop.workers(TEST_SECONDS_PER_BATCH="0.05"):
        command = shop.ingest(feed, "--batch", "4")
        wait_until(shop.children)
        shop.write([product(n) for n in range(10)])
        status, output, _ = finish(command)
    assert status == 1
    assert "has changed since the job began" in output


def test_an_engine_that_is_away_for_a_while(shop: Shop) -> None:
    server, _, index = shop.url.replace("opensearch", "http").rpartition("/")
    feed = shop.write([product(n) for n in range(40)])
    request = JobRequest(feed, feed_stamp(feed), shop.url, {}, 16)
    with opened(shop.url) as engine, OpenSearch(server) as client:
        engine.prepare()
        client.indices.close(index=index)
        with shop.workers(), IngestApp(Settings(redis=shop.redis)) as app:
            job = submit(app, request)
            key = f"houndstooth:job:{job}:attempts"
            with Redis.from_url(shop.redis) as redis:
                wait_until(lambda: redis.hexists(key, "batch 0, retry 1"))
            client.indices.open(index=index)
            wait_until(lambda: app.jobs.get(job).state != "running")
            assert app.jobs.get(job).state == "finished"
            assert app.jobs.get(job).totals == {"written": 40, "unchanged": 0, "failed": 0}


def test_a_redis_that_starts_anew_loses_no_batch(shop: Shop) -> None:
    folder = shop.folder / "redis"
    folder.mkdir()
    port = free_port()
    feed = shop.write([product(n) for n in range(400)])
    with ExitStack() as stack:
        with running_redis(folder, port, keeps=True) as shop.redis:
            settings = {"TEST_SECONDS_PER_BATCH": "0.2", "TEST_REDELIVERED_AFTER": "300"}
            stack.enter_context(shop.workers(2, **settings))
            command = shop.ingest(feed, "--batch", "4")
            with IngestApp(Settings(redis=shop.redis)) as app:
                wait_until(lambda: [j for j in app.jobs.recent(1) if app.jobs.get(j).done > 5])
                [job] = app.jobs.recent(1)
        status, _, errors = finish(command)
        assert status == 3
        assert f"python -m ingest status {job}" in errors
        time.sleep(4)  # long enough for workers to give up what they would queue
        with running_redis(folder, port, keeps=True), IngestApp(Settings(redis=shop.redis)) as app:
            wait_until(lambda: app.jobs.get(job).state != "running", 120)
            assert app.jobs.get(job).state == "finished"
            assert app.jobs.get(job).totals["failed"] == 0
            stack.close()
    with opened(shop.url) as engine:
        assert engine.count() == 400


def test_an_engine_that_stays_away_is_reported(shop: Shop) -> None:
    server, _, index = shop.url.replace("opensearch", "http").rpartition("/")
    feed = shop.write([product(n) for n in range(400)])
    with (
        shop.workers(TEST_SECONDS_PER_BATCH="0.05", TEST_RETRIES="1"),
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


def test_the_shipped_app_with_the_shipped_networks(shop: Shop) -> None:
    feed = shop.write([product(n) for n in range(24)])
    with shop.workers(app="houndstooth.ingest.celery_app"):
        status, output, _ = finish(shop.ingest(feed))
    assert status == 0, output
    assert shop.report()["totals"] == {"written": 24, "unchanged": 0, "failed": 0}
    assert shop.report()["model"].startswith(DEFAULT_MODEL)


@pytest.mark.parametrize(
    ("engine", "redis", "words"),
    [
        ("sqlite:///here.db", None, "expected an engine that workers share"),
        (None, "nowhere", "expected a Redis at redis://127.0.0.1:"),
        (
            None,
            None,
            "no worker answers; start one with: python -m celery -A ingest.celery_app worker",
        ),
    ],
)
def test_what_is_missing_is_said(
    shop: Shop, engine: str | None, redis: str | None, words: str
) -> None:
    feed = shop.write([product(1)])
    if redis:
        shop.redis = f"redis://127.0.0.1:{free_port()}/0"
    status, _, errors = finish(shop.command(feed, "--celery", "--engine", engine or shop.url))
    assert status == 2
    assert words in errors


def test_a_job_that_is_not_there(shop: Shop) -> None:
    status, _, errors = finish(shop.command("status", "none"))
    assert status == 2
    assert "no job 'none' at redis://127.0.0.1:" in errors
