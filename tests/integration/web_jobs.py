"""Ingest jobs as workers leave them in a folder, for the tests of REST and of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from houndstooth.ingest.deletion import Deletion
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.jobs import Jobs
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.placeholders import Placeholder
from houndstooth.mappings.product import Note
from tests.integration.page import Page

PASSWORD = "a-secret"
MISSING = "expected an image file; there is none at images/2.jpg"

SURVEY = {
    "read_as": "Shopify product export, CSV",
    "products": 6,
    "roles": {
        "id": {"columns": ["Variant SKU"], "filled": 6},
        "price": {"columns": ["Variant Price"], "filled": 5},
        "parent": {"columns": ["Handle"], "filled": None},
    },
    "empty": ["brand"],
    "other_columns": ["Tags"],
    "language": "en",
    "folded": 3,
    "inherited": {"image": 2},
}
NOTE = Note("price left empty", "expected a price such as '12.99 EUR'; got 'POA'")


def create(folder: Path, feed: str) -> tuple[Jobs, str]:
    jobs = Jobs(folder)
    engine = f"opensearch://shop:{PASSWORD}@search:9200/shop"
    request = JobRequest(Path("/feeds") / feed, "1", engine, ReadOptions(), batch=2, size=6)
    return jobs, jobs.create(request, SURVEY)


def running_job(folder: Path) -> str:
    """One of three batches is done."""
    jobs, job_id = create(folder, "spring.csv")
    jobs.record(job_id, 0, [Outcome("a", "written"), Outcome("b", "written")], "fake-1")
    return job_id


def finish(folder: Path, job_id: str, placeholders: Sequence[Placeholder] = ()) -> None:
    jobs = Jobs(folder)
    failed = Outcome("d", "failed", MISSING, "unusable image", 5)
    jobs.record(job_id, 1, [Outcome("c", "unchanged"), failed], "fake-1")
    noted = Outcome("e", "written", row=6, notes=(NOTE,), category_from="picture")
    jobs.record(job_id, 2, [noted, Outcome("f", "written", row=7)], "fake-1")
    jobs.end_feed(job_id, 3)
    jobs.record_placeholders(job_id, placeholders)


def deleting_job(folder: Path, deletion: Deletion) -> str:
    """A job of a full feed; newer data of a product were there, and facts of another changed."""
    jobs = Jobs(folder)
    request = JobRequest(
        Path("/feeds/whole.csv"),
        "1",
        "opensearch://search:9200/shop",
        ReadOptions(),
        batch=2,
        as_of=1,
        delete_at_most="10%",
    )
    job_id = jobs.create(request, SURVEY)
    jobs.record(job_id, 0, [Outcome("a", "overtaken"), Outcome("b", "updated")], "fake-1")
    jobs.end_feed(job_id, 1)
    jobs.record_deletion(job_id, deletion)
    jobs.record_placeholders(job_id, [])
    return job_id


def finished_job(folder: Path, *placeholders: Placeholder) -> str:
    job_id = running_job(folder)
    finish(folder, job_id, placeholders)
    return job_id


def unfold_failures(page: Page, job_id: str) -> None:
    page.one(f'[data-key="failures-{job_id}"]').click()
    page.reads(".failures td:last-child", "images/2.jpg")
