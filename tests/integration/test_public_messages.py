"""Answers in trouble name no path of a server, no address, no host that a name led to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from houndstooth.ingest.batches import feed_stamp, numbered_batches
from houndstooth.ingest.images import UrlImages
from houndstooth.ingest.job_task import JobTask
from houndstooth.ingest.jobs import JobRequest, Jobs
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.queue import Queue
from houndstooth.mappings.errors import HoundstoothError, InvalidImage
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.web.app import create_app
from tests.conftest import free_port
from tests.fakes import FakeExtractor
from tests.http_server import running
from tests.integration.web_catalogue import draw, file_of, make_app

SECRET_HOST = "127.0.0.1"


@pytest.fixture
def http_404() -> Iterator[int]:
    """The port of a server that is no engine."""

    class NotFound(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    with running(ThreadingHTTPServer(("127.0.0.1", 0), NotFound)) as server:
        yield server.server_port


def open_client(folder: Path, engine: str) -> FlaskClient:
    settings = Settings(engine=engine, jobs=folder / "jobs", columns=None)
    app = create_app(settings, extractor=FakeExtractor())
    app.testing = False
    return app.test_client()


def answers(client: FlaskClient) -> Iterator[str]:
    """What every route says, of a catalogue and of jobs."""
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.endpoint != "static"]
    values = {"product_id": "a", "job_id": "0123456789ab", "image": "a.jpg"}
    values |= {"version": "0123456789ab", "language": "de", "name": "js/dom.js"}
    for rule in rules:
        path = str(rule.rule)
        for name in rule.arguments:
            path = path.replace(f"<product_id:{name}>", values[name])
            path = path.replace(f"<path:{name}>", values[name]).replace(f"<{name}>", values[name])
        if "GET" in (rule.methods or ()):
            yield client.get(path, buffered=True).text
    form = {"image": (io.BytesIO(file_of(draw())), "photo.png")}
    yield client.post("/api/v1/search", data=form).text
    jobs = client.get("/api/v1/jobs").json
    for job in jobs.get("jobs", ()):
        yield client.get(f"/api/v1/jobs/{job['job_id']}").text


def check(client: FlaskClient, *private: object) -> None:
    said = list(answers(client))
    assert len(said) > 10
    for text in said:
        for one in (*private, SECRET_HOST, "redis://", "opensearch://h", "sqlite:", "Traceback"):
            assert str(one) not in text


@pytest.mark.parametrize("fault", ["none there", "another file", "a folder"])
def test_sqlite_files_are_not_named(tmp_path: Path, fault: str) -> None:
    file = tmp_path / "shop.db"
    if fault == "another file":
        file.write_text("this is no database" * 100)
    elif fault == "a folder":
        file.mkdir()
    client = open_client(tmp_path, f"sqlite:///{file}")
    assert client.get("/readyz").status_code == 503
    check(client, tmp_path, "shop.db")


@pytest.mark.parametrize("engine", ["away", "another server"])
def test_clusters_are_not_named(tmp_path: Path, engine: str, http_404: int) -> None:
    port = free_port() if engine == "away" else http_404
    client = open_client(tmp_path, f"opensearch://127.0.0.1:{port}/secret-index")
    assert client.get("/readyz").status_code == 503
    check(client, tmp_path, port, "secret-index")


def test_indices_that_lack_are_not_named(tmp_path: Path, opensearch_url: str) -> None:
    client = open_client(tmp_path, f"{opensearch_url}/secret-index")
    assert client.get("/readyz").status_code == 503
    check(client, tmp_path, opensearch_url.rpartition(":")[2], "secret-index")


def test_folders_of_jobs_are_not_named(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("no folder")
    app = make_app(tmp_path, jobs=tmp_path / "jobs")
    check(app.test_client(), tmp_path)
    app.extensions["houndstooth"].engine.close()


def stop_by(jobs: Jobs, job_id: str, error: Exception) -> None:
    """Stop a job as a worker does whose task has failed for good."""
    task = SimpleNamespace(app=SimpleNamespace(jobs=jobs))
    JobTask.on_failure(cast(Any, task), error, "1", (job_id,), {}, None)


def errors(folder: Path) -> Iterator[Exception]:
    """What may stop a job; those that are no fault of the feed's are raised where they begin."""
    feed = folder / "feed.csv"
    for content in (b"", b"\0\1\2\3" * 100, b"PK\3\4broken", b"a,b\n1,2\n", b"\x1f\x8b broken"):
        feed.write_bytes(content)
        request = JobRequest(feed, feed_stamp(feed), "sqlite:///x.db", ReadOptions(), 2)
        with pytest.raises(HoundstoothError) as caught, numbered_batches(request) as batches:
            list(batches)
        yield caught.value
    stale = JobRequest(feed, "another", "sqlite:///x.db", ReadOptions(), 2)
    gone = JobRequest(folder / "gone.csv", "1", "sqlite:///x.db", ReadOptions(), 2)
    for request in (stale, gone):
        with pytest.raises(HoundstoothError) as caught, numbered_batches(request):
            pass
        yield caught.value
    port = free_port()
    for url in (f"opensearch://127.0.0.1:{port}/products", f"sqlite:///{folder}/none/shop.db"):
        engine = open_engine(url)
        with pytest.raises(HoundstoothError) as caught:
            engine.ping()
        yield caught.value
        engine.close()
    with pytest.raises(HoundstoothError) as caught:
        Queue(f"redis://127.0.0.1:{port}/0").ping()
    yield caught.value
    yield OSError(28, "No space left on device", str(folder / "columns"))


def test_stopped_jobs_name_neither_paths_nor_addresses(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs")
    for error in errors(tmp_path):
        feed = tmp_path / "feed.csv"
        request = JobRequest(feed, "1", "opensearch://host.internal:9200/x", ReadOptions(), 2)
        job_id = jobs.create(request)
        stop_by(jobs, job_id, error)
        stopped = jobs.get(job_id).stopped
        assert stopped and (str(error) in stopped or repr(error) in stopped)
    app = make_app(tmp_path, jobs=tmp_path / "jobs")
    check(app.test_client(), tmp_path, "host.internal", "Redis")
    told = [job["stopped"] for job in app.test_client().get("/api/v1/jobs").json["jobs"]]
    assert "the feed feed.csv has changed since the job began; give it again" in told
    assert "the engine cannot be reached right now" in told
    app.extensions["houndstooth"].engine.close()


def test_failed_products_name_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(tmp_path / "jobs")
    resolved = [(2, 1, 6, "", ("10.11.12.13", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: resolved)
    request = JobRequest(tmp_path / "feed.csv", "1", "sqlite:///x.db", ReadOptions(), 2)
    job_id = jobs.create(request)
    outcomes = []
    for url in ("http://images.shop.example/1.jpg", "https://cdn.shop.example/2.jpg"):
        with pytest.raises(InvalidImage) as caught:
            UrlImages()(url)
        outcomes.append(Outcome.failed("a", caught.value, 2))
    jobs.record(job_id, 0, outcomes, "m-1")
    monkeypatch.undo()
    app = make_app(tmp_path, jobs=tmp_path / "jobs")
    check(app.test_client(), tmp_path, "10.11.12.13")
    app.extensions["houndstooth"].engine.close()


def test_public_messages_are_the_own_ones_of_what_callers_sent() -> None:
    taxonomy = Taxonomy.load()
    with pytest.raises(HoundstoothError) as caught:
        taxonomy.check_category("tshirt")
    assert caught.value.public == str(caught.value)
