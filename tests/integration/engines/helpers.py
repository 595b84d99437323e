"""Writing to an engine and reading from it in one line, for its tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import CandidateQuery, Engine, Filter
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.rows import Checkpoint, FeatureRows, TermSet, term_set
from houndstooth.mappings.writes import IndexDocument
from tests.catalogue import (
    LENGTHS,
    MODEL,
    group_of,
)

ALL = CandidateQuery(MODEL)


def client(url: str) -> OpenSearch:
    return OpenSearch(f"http://{url.partition('://')[2]}")


UNKNOWN = ("unknown setting", "unsupported parameters", "processor type")
"""Words of an engine that has no such form of an index, or lacks the module for it."""


@contextmanager
def where_known() -> Iterator[None]:
    """Skip the test where the node does not know what it is asked for."""
    try:
        yield
    except RequestError as error:
        if any(words in str(error.info) for words in UNKNOWN):
            pytest.skip(f"this node has no such form: {error.info['error']['reason']}")
        raise


def fill(engine: Engine, *documents: IndexDocument) -> None:
    outcomes = engine.write(documents)
    assert [outcome.product_id for outcome in outcomes] == [one.product_id for one in documents]
    assert [outcome.error for outcome in outcomes] == [None] * len(documents)
    engine.refresh()


def found(engine: Engine, query: CandidateQuery = ALL, limit: int = 1000) -> list[str]:
    return sorted(engine.match(query, limit))


def source_hashes(engine: Engine, product_ids: Sequence[str], model: str) -> dict[str, str]:
    """``source_hash`` by id, of the documents whose features ``model`` computed."""
    return {
        key: state.features.source_hash
        for key, state in engine.stored(product_ids).items()
        if state.features is not None
        and (state.features.model, state.features.lengths) == (model, LENGTHS)
    }


Row = tuple[int, TermSet, list[bytes], list[bytes], str | None]


def rows_by_id(rows: FeatureRows) -> dict[str, Row]:
    """Version, term set, bytes and variant group of each document; no document comes twice."""
    counts = np.ones(len(rows), dtype=np.int64) if rows.view_counts is None else rows.view_counts
    ends = np.cumsum(counts)
    columns = (
        rows.versions.tolist(),
        rows.term_sets,
        *(
            [
                [view.tobytes() for view in matrix[first:last]]
                for first, last in zip(ends - counts, ends, strict=True)
            ]
            for matrix in (rows.binary_codes, rows.colour_histograms)
        ),
        rows.variant_groups,
    )
    by_id = dict(zip(rows.product_ids, zip(*columns, strict=True), strict=True))
    assert len(by_id) == len(rows)
    assert rows.versions.dtype == np.int64
    return by_id


def expected_row(one: IndexDocument, variant_field: str | None) -> tuple[Any, ...]:
    """What ``rows_by_id`` says of a document, but for its version."""
    made = one.visual
    assert made is not None
    return (
        term_set(
            made.great_category, made.category, made.attributes, one.facts.get("availability")
        ),
        [code.tobytes() for code in (made.binary_code, *made.further_codes)],
        [colour.tobytes() for colour in (made.colour_histogram, *made.further_colours)],
        group_of(one, variant_field) if variant_field else None,
    )


class Copy:
    """A naive copy of one model's features, kept in step by ``changes``."""

    def __init__(self, engine: Engine, variant_field: str | None = None) -> None:
        self._engine, self._field = engine, variant_field
        self.rows: dict[str, Row] = {}
        self.checkpoint: Checkpoint | None = None

    def follow(self, batches: int | None = None) -> None:
        """Apply the changes since the last time, or the first ``batches`` of them."""
        for batch in islice(
            self._engine.changes(MODEL, LENGTHS, self._field, self.checkpoint), batches
        ):
            for key in batch.gone:
                self.rows.pop(key, None)
            self.rows |= rows_by_id(batch.rows)
            self.checkpoint = batch.checkpoint


def read_anew(engine: Engine, variant_field: str | None = None) -> Copy:
    copy = Copy(engine, variant_field)
    copy.follow()
    return copy


def the(engine: Engine, product_id: str) -> StoredProduct:
    (product,) = engine.fetch([product_id])
    return product


OWN_MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "description": {"type": "text"},
        "price": {"type": "float"},
        "maker": {"properties": {"country": {"type": "keyword"}}},
    },
}


def only(*filters: Filter) -> CandidateQuery:
    return CandidateQuery(MODEL, filters=filters)


def same(one: VisualDocument | None, other: VisualDocument) -> bool:
    return one is not None and one.to_json() == other.to_json()
