from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.batches import (
    Entries,
    feed_stamp,
    numbered_batches,
    read_entries,
    write_entries,
)
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Note, Product

TEXT = st.text(max_size=20)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
BOX = st.builds(
    Box, x=st.floats(0, 0.4), y=st.floats(0, 0.4), w=st.just(0.5), h=st.floats(0.1, 0.5)
)
NOTES = st.lists(st.builds(Note, TEXT, TEXT), max_size=2).map(tuple)
PRODUCT = st.builds(
    Product,
    product_id=st.text("abc0/é", min_size=1, max_size=9),
    title=TEXT,
    images=st.lists(st.text(max_size=20), min_size=1, max_size=3).map(tuple),
    category_text=TEXT,
    box=st.none() | BOX,
    facts=st.dictionaries(TEXT, SCALAR | st.lists(TEXT, max_size=2), max_size=4),
    attributes=st.dictionaries(TEXT, TEXT, max_size=2),
    language=TEXT,
    notes=NOTES,
)
ENTRY = st.builds(FeedProduct, st.integers(1), PRODUCT) | st.builds(
    Outcome, TEXT, st.just("failed"), TEXT, TEXT, st.integers(1), st.booleans(), NOTES
)


@given(st.lists(ENTRY, max_size=3))
def test_a_batch_comes_out_of_its_message_as_it_went_in(entries: Entries) -> None:
    assert read_entries(write_entries(entries)) == entries


def request_for(feed: Path, batch: int) -> JobRequest:
    return JobRequest(
        feed, feed_stamp(feed), "opensearch://127.0.0.1/x", ReadOptions({"title": "id"}), batch
    )


def test_a_request_comes_back_from_its_journal(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,image\n")
    request = request_for(feed, 3)
    assert JobRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_batches_have_the_same_numbers_each_time(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    rows = [f"p{n % 8},a.png" for n in range(10)]
    feed.write_text("id,image\n" + "\n".join(rows))
    for _ in range(2):
        with numbered_batches(request_for(feed, 4)) as batches:
            found = list(batches)
        assert [(number, len(entries)) for number, entries in found] == [(0, 4), (1, 4), (2, 2)]
        assert all(isinstance(entry, Outcome) for entry in found[2][1])


def test_the_products_of_some_lines_are_batches_of_their_own(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,image\n" + "\n".join(f"p{n},a.png" for n in range(10)))
    request = replace(request_for(feed, 2), rows=(4, 5, 11))
    with numbered_batches(request) as batches:
        assert [[entry.row for entry in entries] for _, entries in batches] == [[4, 5], [11]]


def test_a_feed_that_changed_or_went_is_refused(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,image\n1,a.png\n")
    request = request_for(feed, 4)
    os.utime(feed, (1, 1))
    with pytest.raises(InvalidFeed, match="has changed"), numbered_batches(request):
        pass
    feed.unlink()
    with pytest.raises(InvalidFeed, match="workers must see the feed"), numbered_batches(request):
        pass
    with pytest.raises(InvalidFeed, match="expected a file"):
        feed_stamp(tmp_path)
