"""Serve the workers' ingest jobs over REST, for the page `/ingest`."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from houndstooth.ingest.job import Job
from houndstooth.mappings.errors import JobNotFound, WorkersUnavailable
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.request_form import check_no_parameters

MAX_JOBS = 50
MAX_FAILURES = 200


def ingest_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/api/v1/jobs``, which is read-only.

    Jobs are started on the command line, where the feed is.
    """
    view = Blueprint("ingest", __name__, url_prefix="/api/v1/jobs")
    jobs = backend.jobs

    @view.get("")
    @requires("ingest")
    def list_jobs() -> ResponseReturnValue:
        check_no_parameters(request.args)
        states = []
        for job_id in jobs.recent(MAX_JOBS):
            with suppress(JobNotFound, WorkersUnavailable):  # expired, or not to be read
                states.append(job_json(jobs.get(job_id)))
        return {"jobs": states}

    @view.get("/<job_id>")
    @requires("ingest")
    def get_job(job_id: str) -> ResponseReturnValue:
        check_no_parameters(request.args)
        job = jobs.get(job_id)
        tallies = dict(job.tallies)
        failed = {kind: found["count"] for kind, found in tallies.pop("failed").items()}
        failures = {"failures": _failures(job), "failed_by_type": failed}
        return {**job_json(job), **failures, "survey": job.survey, **tallies}

    return view


def job_json(job: Job) -> dict[str, Any]:
    """Convert a job to JSON, without its engine and its feed's folder."""
    products = sum(job.totals.values())
    changed = _iso_time(job.started + job.seconds)
    return {
        "job_id": job.job_id,
        "state": job.state,
        "feed": job.request.feed.name,
        "products": job.request.size,
        "batches": job.batches,
        "done": job.done,
        "totals": dict(job.totals),
        "model": job.model or None,
        "started_at": _iso_time(job.started),
        "changed_at": changed,
        "finished_at": None if job.state == "running" else changed,
        "seconds": round(job.seconds, 3),
        "rate": round(products / job.seconds, 2) if job.seconds > 0 else None,
        "stopped": job.stopped_public,
        "deletion": job.deletion and job.deletion.to_json(),
        "placeholders": [one.to_json() for one in job.placeholders],
    }


def _failures(job: Job) -> list[dict[str, Any]]:
    """Return the first failures in feed order."""
    return [
        {
            "product_id": one.product_id,
            "row": one.row,
            "failure_type": one.failure_type,
            "reason": one.reason,
        }
        for one in job.failed[:MAX_FAILURES]
    ]


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
