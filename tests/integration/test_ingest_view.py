"""The ingest view and its REST, over jobs in a folder."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient

from houndstooth.ingest.deletion import Deletion
from houndstooth.ingest.jobs import Jobs
from houndstooth.mappings.errors import WorkersUnavailable
from tests.integration.page import Page
from tests.integration.web_catalogue import make_app
from tests.integration.web_jobs import (
    MISSING,
    NOTE,
    PASSWORD,
    SURVEY,
    deleting_job,
    finish,
    finished_job,
    running_job,
    unfold_failures,
)
from tests.totals import totals


@pytest.fixture(autouse=True)
def no_jobs(jobs_folder: Path) -> None:
    for journal in jobs_folder.iterdir():
        journal.unlink()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_jobs_are_listed_newest_first(client: FlaskClient, jobs_folder: Path) -> None:
    assert client.get("/api/v1/jobs").json == {"jobs": []}
    old, new = finished_job(jobs_folder), running_job(jobs_folder)
    first, second = client.get("/api/v1/jobs").json["jobs"]
    assert [first["job_id"], second["job_id"]] == [new, old]
    assert first["state"] == "running"
    assert first["finished_at"] is None
    assert first["totals"] == totals(written=2)
    assert second["state"] == "finished"
    assert second["started_at"] <= second["finished_at"]
    assert second["totals"] == totals(written=4, unchanged=1, failed=1)
    assert (second["done"], second["batches"], second["products"]) == (3, 3, 6)


def test_job_shows_failures_and_no_secret(client: FlaskClient, jobs_folder: Path) -> None:
    response = client.get(f"/api/v1/jobs/{finished_job(jobs_folder)}")
    failure = {"product_id": "d", "row": 5, "failure_type": "unusable image", "reason": MISSING}
    assert response.json["failures"] == [failure]
    assert response.json["failed_by_type"] == {"unusable image": 1}
    assert response.json["feed"] == "spring.csv"
    assert PASSWORD not in response.get_data(as_text=True)


def test_job_shows_how_its_feed_was_read(client: FlaskClient, jobs_folder: Path) -> None:
    found = client.get(f"/api/v1/jobs/{finished_job(jobs_folder)}").json
    assert found["survey"] == SURVEY
    example = f"line 6 (e): {NOTE.detail}"
    assert found["notes"] == {NOTE.kind: {"count": 1, "examples": [example]}}
    assert found["categories"]["from the picture"]["count"] == 1
    assert found["left_out"] == {}


def test_answers_are_as_documented(client: FlaskClient, jobs_folder: Path) -> None:
    document = client.get("/api/v1/openapi.json").json
    for job_id in (finished_job(jobs_folder), running_job(jobs_folder)):
        schema = {"$ref": "#/components/schemas/JobDetails", **document}
        jsonschema.validate(client.get(f"/api/v1/jobs/{job_id}").json, schema)


REFUSED = Deletion(9, 20, ("x", "y"), "expected at most 10% of 20 products to be missing; got 9")


@pytest.mark.parametrize("deletion", [Deletion(2, 20, ("x", "y"), None, 2), REFUSED])
def test_what_a_full_feed_deleted(
    client: FlaskClient, jobs_folder: Path, deletion: Deletion
) -> None:
    found = client.get(f"/api/v1/jobs/{deleting_job(jobs_folder, deletion)}").json
    assert found["deletion"] == deletion.to_json()
    assert found["state"] == "finished"
    assert found["totals"] == totals(overtaken=1, updated=1)
    schema = {"$ref": "#/components/schemas/JobDetails", **client.get("/api/v1/openapi.json").json}
    jsonschema.validate(found, schema)


def test_the_page_says_what_was_left_alone_and_deleted(page: Page, jobs_folder: Path) -> None:
    deleting_job(jobs_folder, REFUSED)
    page.open("/ingest")
    page.reads(".job .notice", "Nothing was deleted: expected at most 10% of 20 products")
    page.reads(".totals", "Overtaken")
    page.reads(".totals", "Deleted")


def test_unknown_job_and_parameter_are_refused(client: FlaskClient, jobs_folder: Path) -> None:
    missing = client.get("/api/v1/jobs/0123456789ab")
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "job_not_found")
    assert str(jobs_folder) not in missing.get_data(as_text=True)
    assert "redis" not in missing.get_data(as_text=True)
    assert client.get("/api/v1/jobs/..%2Fcatalogue").status_code == 404
    assert client.get("/api/v1/jobs?page=2").status_code == 400


def test_jobs_that_cannot_be_read_are_503_and_search_works(tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    folder.write_text("no folder")
    app = make_app(tmp_path, jobs=folder)
    client = app.test_client()
    for path in ("/api/v1/jobs", "/api/v1/jobs/0123456789ab"):
        response = client.get(path)
        assert (response.status_code, response.json["error"]["code"]) == (
            503,
            "workers_unavailable",
        )
        assert str(folder) not in response.get_data(as_text=True)
    assert client.get("/api/v1/samples").status_code == 200
    app.extensions["houndstooth"].engine.close()


def test_page_without_jobs_shows_how_to_start_one(page: Page) -> None:
    page.open("/ingest")
    page.reads("#notice", "No job yet")
    assert "houndstooth ingest FEED.csv --celery --engine opensearch:" in page.text("pre")


def test_page_follows_a_job_to_its_end(page: Page, jobs_folder: Path) -> None:
    job_id = running_job(jobs_folder)
    page.open("/ingest")
    page.reads(".job .state", "Running")
    page.reads(".job-progress", "33 %")
    assert not page.all(f'[data-key="failures-{job_id}"]')
    finish(jobs_folder, job_id)
    page.reads(".job .state", "Finished")
    page.reads(".job-progress", "100 %")
    page.reads(".job-facts", "Finished")
    page.reads("#status", "spring.csv: finished")
    unfold_failures(page, job_id)
    page.reads(".failure-types", "unusable image: 1")
    page.one(f'[data-key="failures-{job_id}"]').click()
    folded = "return document.querySelector('.failures, .job')?.querySelector('td') === null"
    page.wait(lambda: page.driver.execute_script(folded), "open")


def test_page_shows_why_a_job_stopped(page: Page, jobs_folder: Path) -> None:
    Jobs(jobs_folder).stop(running_job(jobs_folder), "the feed has changed while it was read")
    page.open("/ingest")
    page.reads(".job .state", "Stopped")
    page.reads(".job .notice", "The feed has changed")


def test_page_shows_that_jobs_cannot_be_read_and_recovers(
    page: Page, jobs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise WorkersUnavailable("expected to read and write the jobs in /var/jobs")

    running_job(jobs_folder)
    with monkeypatch.context() as patch:
        patch.setattr("houndstooth.ingest.jobs.Jobs.recent", away)
        page.open("/ingest")
        page.reads("#notice", "jobs cannot be read")
        page.reads("#notice", "houndstooth ingest FEED.csv")
    page.reads(".job .state", "Running")
    assert page.text("#notice") == ""


def test_page_unfolds_how_a_feed_was_read(page: Page, jobs_folder: Path) -> None:
    job_id = finished_job(jobs_folder)
    page.open("/ingest")
    page.one(f'[data-key="reading-{job_id}"]').click()
    page.reads(".job details table", "Variant SKU")
    page.reads(".job details", "Empty: brand")
    page.reads(".tally .examples", "got 'POA'")
