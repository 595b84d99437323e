"""Split a job's feed into numbered batches, and convert a batch to the text of a message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.errors import HoundstoothError, InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Note, Product

Entries = Sequence[FeedProduct | Outcome]


@contextmanager
def numbered_batches(request: JobRequest) -> Iterator[Iterator[tuple[int, Entries]]]:
    """Number the batches of a job's products; the same feed always gives the same batches.

    Raises:
        InvalidFeed: The process cannot read the feed, or it has changed since the job began.
    """
    with _named(request.feed):
        check_unchanged(request)
        with open_feed(request.feed, request.options.encoding) as feed:
            _, entries = read_feed(feed, request.options, facts=not request.visual_only)
            if request.rows is not None:
                rows = frozenset(request.rows)
                entries = (entry for entry in entries if entry.row in rows)
            yield enumerate(iter(lambda: list(islice(entries, request.batch)), []))


@contextmanager
def _named(feed: Path) -> Iterator[None]:
    """Have the public messages of errors tell the feed's name without its folder."""
    try:
        yield
    except HoundstoothError as error:
        error.hide(str(feed), feed.name)
        raise


def check_unchanged(request: JobRequest) -> None:
    """Return if the feed is the one that the job began with.

    Raises:
        InvalidFeed: The process cannot read the feed, or it has changed since the job began.
    """
    if feed_stamp(request.feed) != request.stamp:
        raise InvalidFeed(f"the feed {request.feed} has changed since the job began; give it again")


def feed_stamp(feed: Path) -> str:
    """Return the size and the time of the last change of a feed.

    Raises:
        InvalidFeed: It is not a file that this process can read.
    """
    try:
        status = feed.stat()
    except OSError as error:
        raise InvalidFeed(f"workers must see the feed {feed}: {error.strerror}") from None
    if not feed.is_file():
        raise InvalidFeed(f"expected a file as the feed for workers; got {feed}")
    return f"{status.st_size}-{status.st_mtime_ns}"


def write_entries(entries: Entries) -> str:
    """Convert entries to JSON, for ``read_entries``."""
    return json.dumps(
        [
            {"row": entry.row, "product": asdict(entry.product)}
            if isinstance(entry, FeedProduct)
            else {"outcome": asdict(entry)}
            for entry in entries
        ]
    )


def read_entries(text: str) -> list[FeedProduct | Outcome]:
    """Read the JSON of ``write_entries``."""
    return [_entry(data) for data in json.loads(text)]


def _entry(data: dict[str, Any]) -> FeedProduct | Outcome:
    fields = data["outcome"] if "outcome" in data else data["product"]
    notes = tuple(Note(**note) for note in fields.pop("notes"))
    if "outcome" in data:
        return Outcome(**fields, notes=notes)
    box, images = fields.pop("box"), tuple(fields.pop("images"))
    product = Product(**fields, images=images, notes=notes, box=box and Box(**box))
    return FeedProduct(data["row"], product)
