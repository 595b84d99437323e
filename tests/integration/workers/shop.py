"""A feed's folder, an index, and the workers and commands between them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from houndstooth.ingest.celery_app import IngestApp
from houndstooth.mappings.engine import Engine
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine

ROOT = Path(__file__).parents[3]
PRODUCTS = 2000
COLOURS = ["red", "green", "blue", "black", "orange", "purple"]
GARMENTS = ["shirt", "t-shirt", "dress", "jeans", "handbag", "sandals"]


class Shop:
    """A feed's folder, an index, and the workers and commands between them."""

    def __init__(self, folder: Path, engine: str, redis: str) -> None:
        self.folder, self.url, self.redis = folder, engine, redis
        self.log = folder / "workers.log"
        self.marks = folder / "marks"
        self.marks.mkdir()
        (folder / "images").mkdir()
        (folder / "images" / "text.png").write_text("no picture")
        for number, colour in enumerate(COLOURS):
            picture = Image.new("RGB", (32, 32), "white")
            picture.paste(colour, (number, 4, 28, 28))
            picture.save(folder / "images" / f"{colour}.png")

    def environment(self, **more: str) -> dict[str, str]:
        own = {"HOUNDSTOOTH_REDIS": self.redis, "HOUNDSTOOTH_JOBS": str(self.folder / "jobs")}
        own["TEST_MARKS"] = str(self.marks)
        return {**os.environ, "PYTHONPATH": str(ROOT), **own, **more}

    def app(self) -> IngestApp:
        return IngestApp(Settings(redis=self.redis, jobs=self.folder / "jobs"))

    def write(self, rows: Sequence[Mapping[str, str]], name: str = "feed.csv") -> Path:
        path = self.folder / name
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def command(self, *words: str | Path) -> subprocess.Popen[str]:
        """``houndstooth``, as people run it."""
        return subprocess.Popen(
            [sys.executable, "-m", "houndstooth", *map(str, words)],
            cwd=ROOT,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def ingest(self, feed: Path, *flags: str, report: str = "report.json") -> subprocess.Popen[str]:
        report_file = self.folder / report
        words = ["ingest", feed, "--celery", "--engine", self.url, "--report", report_file, *flags]
        return self.command(*words)

    def report(self, name: str = "report.json") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / name).read_text())
        return found

    @contextmanager
    def workers(
        self,
        count: int = 1,
        concurrency: int = 1,
        app: str = "tests.worker_app",
        supervised: bool = False,
        **more: str,
    ) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Workers, which answer when this begins; Celery's own, or as people start them."""
        command = ["houndstooth", "worker", "--app", app]
        if not supervised:
            command = ["celery", "-A", app, "worker"]
        command += ["--concurrency", str(concurrency)]
        environment = self.environment(**more)
        started = [self._start_worker(command, environment) for _ in range(count)]
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
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        name = ["--hostname", f"{uuid4().hex}@test"]
        if command[0] == "houndstooth":
            name.insert(0, "--")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command, *name],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_for_workers(self, count: int) -> None:
        with self.app() as app:
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


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.close()
