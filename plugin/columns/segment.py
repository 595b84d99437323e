"""Hold rows of features, ordered by term set, as arrays that never change."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.rows import Lengths, ranges
from houndstooth.plugin.columns.term_sets import TermSets

Rows = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Segment:
    """The features of n products, by term set. Each has one view or more, v in all.

    Attributes:
        term_sets: The m distinct term sets.
        code_bytes, colour_bins: True lengths; rows are padded with zeros to whole words.
        arrays: The columns, by name:

            ``set_starts``
                For each set its first row, and n at the end, int64 [m + 1].
            ``codes``, ``colours``
                uint64 [v, ceil(bytes / 8)].
            ``view_starts``
                For each row its first view, and v at the end, unsigned [n + 1]; [0] if each row
                has one view.
            ``versions``
                Versions of the documents, unsigned [n].
            ``variants``
                Hash of the variant group, 0 = none, uint64 [n]; [0] if no row has one.
            ``variant_hashes``, ``variant_rows``
                Hashes of the groups, ascending, and the rows that have one, uint32.
            ``id_starts``, ``id_bytes``
                Where each product id begins, unsigned [n + 1], and all ids in UTF-8, uint8.
            ``id_hashes``, ``id_rows``
                Hashes of the ids, ascending, and their rows, uint32 [n].
    """

    term_sets: TermSets
    code_bytes: int
    colour_bins: int
    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def lengths(self) -> Lengths:
        """Bytes of each code and of each histogram."""
        return Lengths(self.code_bytes, self.colour_bins)

    @cached_property
    def set_starts(self) -> Rows:
        """First row of each set, and n, int64 [m + 1]."""
        return self.arrays["set_starts"]

    @cached_property
    def codes(self) -> Words:
        """Binary codes, uint64 [v, words]."""
        return self.arrays["codes"]

    @cached_property
    def colours(self) -> Words:
        """Colour histograms, uint64 [v, words]."""
        return self.arrays["colours"]

    @cached_property
    def versions(self) -> NDArray[Any]:
        """Versions of the documents, unsigned [n]."""
        return self.arrays["versions"]

    @property
    def has_views(self) -> bool:
        """Tell whether a row may have more than one view."""
        return len(self.arrays["view_starts"]) > 0

    def views_of(self, rows: Rows) -> tuple[Rows, Rows]:
        """Return the first view of each row, and the view after its last."""
        starts = self.arrays["view_starts"]
        if not len(starts):
            return rows, rows + 1
        return starts[rows].astype(np.int64), starts[rows + 1].astype(np.int64)

    def sets_of(self, rows: Rows) -> Rows:
        """Return the number of each row's set."""
        numbers: Rows = np.searchsorted(self.set_starts, rows, side="right") - 1
        return numbers

    @cached_property
    def kinds_known(self) -> NDArray[np.bool_]:
        """Tell of each row whether its category is known, bool [n]."""
        return np.repeat(self.term_sets.kinds_known, np.diff(self.set_starts))

    def ids(self, rows: Rows) -> list[str]:
        """Return the product ids of rows."""
        starts, blob = self.arrays["id_starts"], self.arrays["id_bytes"].data
        bounds = zip(starts[rows].tolist(), starts[rows + 1].tolist(), strict=True)
        return [str(blob[first:last], "utf-8") for first, last in bounds]

    def variants(self, rows: Rows) -> Words:
        """Return the hashes of the rows' variant groups, 0 = none."""
        column = self.arrays["variants"]
        hashes: Words = column[rows] if len(column) else np.zeros(len(rows), dtype=np.uint64)
        return hashes

    def rows_of_variants(self, variants: Words) -> Rows:
        """Return all rows of some variant groups, in any order."""
        hashes = self.arrays["variant_hashes"]
        first = np.searchsorted(hashes, variants, side="left")
        last = np.searchsorted(hashes, variants, side="right")
        rows: Rows = self.arrays["variant_rows"][ranges(first, last)].astype(np.int64)
        return rows

    def find(self, product_ids: Sequence[str]) -> Rows:
        """Return the row of each product id, -1 where it is not here, int64."""
        hashes = np.array([id_hash(one) for one in product_ids], dtype=np.uint32)
        first = np.searchsorted(self.arrays["id_hashes"], hashes, side="left")
        last = np.searchsorted(self.arrays["id_hashes"], hashes, side="right")
        rows = np.full(len(product_ids), -1, dtype=np.int64)
        same_hash = self.arrays["id_rows"][ranges(first, last)].astype(np.int64)
        places = np.repeat(np.arange(len(product_ids)), last - first).tolist()
        for place, row, one in zip(places, same_hash.tolist(), self.ids(same_hash), strict=True):
            if one == product_ids[place]:
                rows[place] = row
        return rows


def id_hash(product_id: str) -> int:
    """Hash a product id to 32 bits; different ids may share a hash."""
    return zlib.crc32(product_id.encode())


def variant_hash(group: str | None) -> int:
    """Hash a variant group to 64 bits, never 0; no group is 0."""
    if not group:
        return 0
    digest = hashlib.blake2b(group.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def as_words(rows: Bytes) -> Words:
    """Copy uint8 [n, b] to uint64 [n, ceil(b / 8)], padded with zeros."""
    padded = np.zeros((len(rows), -(-rows.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : rows.shape[1]] = rows
    return padded.view(np.uint64)
