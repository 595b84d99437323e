"""A feed is given to the workers: read once to its end, when somebody is there to take it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from houndstooth.ingest.batches import feed_stamp
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.submit import submit
from houndstooth.mappings.errors import WorkersUnavailable

TITLES = ("Women Blue Cotton Shirt", "Men Black Running Shoes", "Red Summer Dress with Pockets")


class App:
    """Workers' queue and jobs that keep what they are given."""

    def __init__(self, answers: bool, sees: bool = True) -> None:
        self.created: list[tuple[JobRequest, dict[str, Any]]] = []
        self.sent: list[tuple[Any, ...]] = []
        self.stopped: list[tuple[str, str]] = []
        self.queue = SimpleNamespace(ping=lambda: None, errors=nullcontext)
        self.jobs = SimpleNamespace(
            create=self._create,
            folder=Path("var/jobs"),
            recent=lambda _: [],
            stop=lambda *arguments: self.stopped.append(arguments),
        )
        self.control = SimpleNamespace(
            ping=lambda **_: [{"worker": "pong"}] if answers else [],
            broadcast=lambda *_, **__: [{"worker@one": {"sees": sees}}],
        )

    def _create(self, request: JobRequest, survey: dict[str, Any]) -> str:
        self.created.append((request, survey))
        return "job"

    def send_task(self, *arguments: Any) -> None:
        self.sent.append(arguments)


def request_of(feed: Path, stamp: str = "") -> JobRequest:
    return JobRequest(feed, stamp, "opensearch://127.0.0.1/x", ReadOptions(), 8)


def test_the_language_of_a_feed_goes_with_its_job(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    rows = [f"{n},{TITLES[n % 3]},a.jpg" for n in range(30)]
    feed.write_text("\n".join(["id,title,image", *rows]))
    app = App(answers=True)
    assert submit(cast(IngestApp, app), request_of(feed, feed_stamp(feed))) == "job"
    ((request, survey),) = app.created
    assert request.options.language == survey["language"] == "en"
    assert survey["products"] == 30
    assert app.sent == [("ingest.read_feed", ("job", 0))]


def test_a_worker_that_does_not_see_the_jobs_is_found_out(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,image\n1,Shirt,a.jpg")
    app = App(answers=True, sees=False)
    with pytest.raises(WorkersUnavailable, match=r"HOUNDSTOOTH_JOBS.*worker@one has another one"):
        submit(cast(IngestApp, app), request_of(feed, feed_stamp(feed)))
    assert [job for job, *_ in app.stopped] == ["job"]
    assert not app.sent


def test_no_feed_is_read_for_nobody(tmp_path: Path) -> None:
    app = App(answers=False)
    with pytest.raises(WorkersUnavailable, match="no worker answers"):
        submit(cast(IngestApp, app), request_of(tmp_path / "none.csv"))
    assert not app.created
