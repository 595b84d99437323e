"""Build a segment from rows of features and from other segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.rows import FeatureRows, Lengths, TermSet, ranges
from houndstooth.plugin.columns.segment import (
    Rows,
    Segment,
    Words,
    as_words,
    id_hash,
    variant_hash,
)
from houndstooth.plugin.columns.term_sets import TermSets

CHUNK = 65_536
"""Rows that are copied at once."""

SMALL = ("sets", "versions", "variants", "view_counts", "id_hashes", "id_lengths", "id_bytes")


@dataclass(frozen=True)
class Draft:
    """A segment before it is written.

    Attributes:
        segment: The segment without ``codes`` and ``colours``.
        views: For each view its place in the order of arrival, int64 [v].
        codes, colours: In the order of arrival, uint64 [v, words].
    """

    segment: Segment
    views: Rows
    codes: Words
    colours: Words

    def ordered(self, arrived: Words) -> Iterator[Words]:
        """Return ``codes`` or ``colours`` in the segment's order, in chunks."""
        for start in range(0, len(self.views), CHUNK):
            yield np.take(arrived, self.views[start : start + CHUNK], axis=0)


class SegmentBuilder:
    """Collects rows and orders them by term set.

    Args:
        spool: Folder for the codes and histograms until ``draft``; None = in memory.
    """

    def __init__(self, spool: Path | None = None) -> None:
        self._set_numbers: dict[TermSet, int] = {}
        self._columns: dict[str, list[NDArray[Any]]] = {name: [] for name in SMALL}
        self._lengths: Lengths | None = None
        self._codes = _Spool(spool and spool / "codes")
        self._colours = _Spool(spool and spool / "colours")

    def __len__(self) -> int:
        return sum(map(len, self._columns["sets"]))

    def add(self, rows: FeatureRows) -> None:
        """Add rows of features, each product once.

        Raises:
            ValueError: Codes or histograms are not as long as those added before.
        """
        if not len(rows):
            return
        self._check(rows.lengths)
        numbers = self._set_numbers
        ids = [one.encode() for one in rows.product_ids]
        one_each = np.ones(len(rows), dtype=np.int64)
        columns: dict[str, Any] = {
            "sets": [numbers.setdefault(one, len(numbers)) for one in rows.term_sets],
            "versions": rows.versions,
            "variants": np.array([variant_hash(g) for g in rows.variant_groups], dtype=np.uint64),
            "view_counts": one_each if rows.view_counts is None else rows.view_counts,
            "id_hashes": [id_hash(one) for one in rows.product_ids],
            "id_lengths": [len(one) for one in ids],
            "id_bytes": np.frombuffer(b"".join(ids), dtype=np.uint8),
        }
        self._append(columns)
        self._codes.add(as_words(rows.binary_codes))
        self._colours.add(as_words(rows.colour_histograms))

    def add_segment(self, segment: Segment, rows: Rows) -> None:
        """Add some rows of another segment.

        Raises:
            ValueError: Codes or histograms are not as long as those added before.
        """
        if not len(rows):
            return
        self._check(segment.lengths)
        numbers, term_sets = self._set_numbers, segment.term_sets.unpack()
        known = np.array([numbers.setdefault(one, len(numbers)) for one in term_sets])
        hashes = np.empty(len(segment), dtype=np.uint32)
        hashes[segment.arrays["id_rows"]] = segment.arrays["id_hashes"]
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            first_view, last_view = segment.views_of(some)
            first = segment.arrays["id_starts"][some].astype(np.int64)
            last = segment.arrays["id_starts"][some + 1].astype(np.int64)
            columns: dict[str, Any] = {
                "sets": known[segment.sets_of(some)],
                "versions": segment.versions[some],
                "variants": segment.variants(some),
                "view_counts": last_view - first_view,
                "id_hashes": hashes[some],
                "id_lengths": last - first,
                "id_bytes": segment.arrays["id_bytes"][ranges(first, last)],
            }
            self._append(columns)
            views = ranges(first_view, last_view)
            self._codes.add(np.take(segment.codes, views, axis=0))
            self._colours.add(np.take(segment.colours, views, axis=0))

    def close(self) -> None:
        """Close the spool's files."""
        self._codes.close()
        self._colours.close()

    def draft(self) -> Draft:
        """Order the rows by term set; codes and histograms stay where they are.

        Where a product was added more than once, its highest version counts. Term sets without a
        row, such as those of dead rows of a merged segment, are left behind.
        """
        columns = {name: _joined(self._columns[name], _TYPES[name]) for name in SMALL}
        rows = np.delete(np.arange(len(self)), _outdated(columns))
        used, numbers = np.unique(columns["sets"][rows], return_inverse=True)
        added = list(self._set_numbers)
        term_sets, places = TermSets.build([added[number] for number in used.tolist()])
        by_set = np.argsort(places[numbers], kind="stable")
        order, sets = rows[by_set], places[numbers][by_set]
        code_bytes, colour_bins = self._lengths or (0, 0)
        view_ends = np.cumsum(columns["view_counts"])
        counts = columns["view_counts"][order]
        arrays = {
            "set_starts": np.searchsorted(sets, np.arange(len(term_sets) + 1)),
            "versions": _narrow(columns["versions"][order]),
            "view_starts": _starts(counts) if (counts > 1).any() else _starts(counts)[:0],
            **_variants(columns["variants"][order]),
            **_ids(columns, order),
        }
        segment = Segment(term_sets, code_bytes, colour_bins, arrays)
        views = ranges(view_ends[order] - counts, view_ends[order])
        return Draft(segment, views, self._codes.arrived(), self._colours.arrived())

    def segment(self) -> Segment:
        """Build the segment in memory."""
        draft = self.draft()
        rows = {
            "codes": np.take(draft.codes, draft.views, axis=0),
            "colours": np.take(draft.colours, draft.views, axis=0),
        }
        whole = draft.segment
        return Segment(
            whole.term_sets, whole.code_bytes, whole.colour_bins, {**whole.arrays, **rows}
        )

    def _check(self, lengths: Lengths) -> None:
        self._lengths = self._lengths or lengths
        if self._lengths != lengths:
            raise ValueError(f"expected rows of {self._lengths} bytes; got {lengths}")

    def _append(self, columns: dict[str, Any]) -> None:
        for name, values in columns.items():
            self._columns[name].append(np.asarray(values, dtype=_TYPES[name]))


_TYPES: dict[str, Any] = {
    "sets": np.int64,
    "versions": np.int64,
    "variants": np.uint64,
    "view_counts": np.int64,
    "id_hashes": np.uint32,
    "id_lengths": np.int64,
    "id_bytes": np.uint8,
}


class _Spool:
    """Rows of words in the order of arrival, in memory or in a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = path.open("wb") if path else None
        self._rows: list[Words] = []
        self._words = 0

    def add(self, rows: Words) -> None:
        """Add uint64 [n, words]."""
        self._words = rows.shape[1]
        if self._file:
            self._file.write(np.ascontiguousarray(rows).data)
        else:
            self._rows.append(rows)

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def arrived(self) -> Words:
        """Return all rows, mapped if they are in a file."""
        if not self._file or not self._path:
            empty = np.zeros((0, self._words), dtype=np.uint64)
            return np.concatenate(self._rows) if self._rows else empty
        self._file.close()
        if not self._path.stat().st_size:
            return np.zeros((0, self._words), dtype=np.uint64)
        return np.memmap(self._path, dtype=np.uint64, mode="r").reshape(-1, self._words)


def _joined(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _outdated(columns: dict[str, NDArray[Any]]) -> Rows:
    """Find the rows that a later version of the same product replaces."""
    hashes, ends = columns["id_hashes"], np.cumsum(columns["id_lengths"])
    order = np.lexsort((columns["versions"], hashes))
    again = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
    newest: dict[bytes, int] = {}
    outdated = []
    for row in order[np.union1d(again, again + 1)].tolist():
        start = int(ends[row] - columns["id_lengths"][row])
        product_id = columns["id_bytes"][start : ends[row]].tobytes()
        if product_id in newest:
            outdated.append(newest[product_id])
        newest[product_id] = row
    return np.array(outdated, dtype=np.int64)


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Store whole numbers from 0 in 32 bits if they fit."""
    fits = not len(numbers) or int(numbers.max()) < 2**32
    return numbers.astype(np.uint32 if fits else np.uint64)


def _starts(lengths: Rows) -> NDArray[Any]:
    """Return where each of some ranges begins, and where the last one ends."""
    return _narrow(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def _variants(hashes: Words) -> dict[str, NDArray[Any]]:
    rows = np.flatnonzero(hashes)
    by_hash = rows[np.argsort(hashes[rows], kind="stable")]
    return {
        "variants": hashes if len(rows) else hashes[:0],
        "variant_hashes": hashes[by_hash],
        "variant_rows": by_hash.astype(np.uint32),
    }


def _ids(columns: dict[str, NDArray[Any]], order: Rows) -> dict[str, NDArray[Any]]:
    ends = np.cumsum(columns["id_lengths"])
    first, last = (ends - columns["id_lengths"])[order], ends[order]
    hashes = columns["id_hashes"][order]
    by_hash = np.argsort(hashes, kind="stable")
    return {
        "id_starts": _starts(last - first),
        "id_bytes": np.concatenate(
            [
                columns["id_bytes"][ranges(first[n : n + CHUNK], last[n : n + CHUNK])]
                for n in range(0, max(1, len(order)), CHUNK)
            ]
        ),
        "id_hashes": hashes[by_hash],
        "id_rows": by_hash.astype(np.uint32),
    }
