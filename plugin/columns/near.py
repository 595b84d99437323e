"""Find near-duplicates: products whose first pictures are one photo in several files.

The photo may have been encoded anew, or in another size. Compared are the binary codes and the
colour histograms of products of one category.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.plugin.columns.distances import MAX_SQUARED, differing_bits_between
from houndstooth.plugin.columns.segment import Rows, Segment, Words
from houndstooth.plugin.columns.snapshot import Part, Snapshot

MAX_GROWN = 100
"""Products of a group from which on it grows no further in a search: pathological ones would
take seconds."""

SOME, OTHERS = 256, 4096
"""Codes that are compared with each other at once: their distances fit in a core's cache."""

Category = tuple[str, str]
"""Great category and category."""

Groups = dict[str, frozenset[str]]
"""Ids of a group of products, by the id of one of them."""


@dataclass(frozen=True)
class Limits:
    """The distances up to which two pictures are near-equal.

    Measured on 400 product photos of the shipped networks; see docs/duplicates.md.

    Attributes:
        appearance: Appearance distance, the share of differing bits.
        colour: Colour distance.
    """

    appearance: float = 0.12
    colour: float = 0.004


LIMITS = Limits()


def near_to(
    snapshot: Snapshot, product_ids: Sequence[str], limits: Limits = LIMITS
) -> list[tuple[str, str]]:
    """Find the near-duplicates of some products.

    Args:
        snapshot: All products.
        product_ids: The products; those that are not there, or have no picture, have none.
        limits: What is near.

    Returns:
        Pairs of one of the products and one that is near it.
    """
    asked: dict[Category, list[tuple[str, Words, Words]]] = defaultdict(list)
    for part, rows in zip(snapshot.parts, snapshot.find(product_ids), strict=True):
        segment = part.segment
        shown = _shown(segment)
        for place in np.flatnonzero(rows >= 0).tolist():
            if not shown[segment.sets_of(rows[place : place + 1])[0]]:
                continue
            view = segment.views_of(rows[place : place + 1])[0]
            features = segment.codes[view], segment.colours[view]
            asked[_category_of(segment, rows[place])].append((product_ids[place], *features))
    pairs = []
    for part in snapshot.parts:
        for category, rows in _by_category(part):
            if category in asked:
                ids, codes, colours = zip(*asked[category], strict=True)
                some = np.concatenate(codes), np.concatenate(colours)
                for a, b in _near(part.segment, some, rows, limits):
                    found = part.segment.ids(b)
                    pairs += [(ids[n], one) for n, one in zip(a.tolist(), found, strict=True)]
    return [pair for pair in pairs if pair[0] != pair[1]]


def grown_groups(
    snapshot: Snapshot, product_ids: Sequence[str], variant_field: str | None
) -> Groups:
    """Find for each of some products all that are near it, near those, and so on.

    So a group is the same from whichever of its products it is found.

    Args:
        snapshot: All products.
        product_ids: The products.
        variant_field: Field by which variants of a product belong together as well, if any.

    Returns:
        The group of each product, itself among them.
    """
    groups = {one: {one} for one in product_ids}
    frontier = list(groups)
    while frontier:
        pairs = near_to(snapshot, frontier)
        if variant_field:
            pairs += _variant_pairs(snapshot, frontier)
        fresh = []
        for one, other in pairs:
            if other not in groups:
                groups[other] = {other}
                fresh.append(other)
            _join(groups, one, other)
        frontier = [one for one in fresh if len(groups[one]) <= MAX_GROWN]
    return {one: frozenset(groups[one]) for one in product_ids}


def near_rows(segment: Segment, limits: Limits = LIMITS) -> Iterator[tuple[Rows, Rows]]:
    """Find all near-duplicates of a segment, category by category.

    Products without a picture have none. Of rows that are equal in code and colours, neighbours
    are given, not every pair.

    Yields:
        The rows of some pairs, int64 [k] each.
    """
    for _, rows in _by_category(Part(segment)):
        views = segment.views_of(rows)[0]
        equal = np.concatenate([segment.codes[views], segment.colours[views]], axis=1)
        keys = np.ascontiguousarray(equal).view(np.dtype((np.void, 8 * equal.shape[1]))).ravel()
        _, first, number = np.unique(keys, return_index=True, return_inverse=True)
        yield rows[first[number]], rows
        distinct = rows[np.sort(first)]
        for start in range(0, len(distinct), SOME):
            here = segment.views_of(distinct[start : start + SOME])[0]
            some = segment.codes[here], segment.colours[here]
            for a, b in _near(segment, some, distinct[start:], limits):
                yield distinct[start + a], b


def _near(
    segment: Segment, some: tuple[Words, Words], rows: Rows, limits: Limits
) -> Iterator[tuple[Rows, Rows]]:
    """Yield places among some features, and the rows that are near them."""
    codes, colours = (np.ascontiguousarray(one).view(np.uint8) for one in some)
    most_bits = limits.appearance * 8 * segment.code_bytes
    for first in range(0, len(codes), SOME):
        for start in range(0, len(rows), OTHERS):
            views = segment.views_of(rows[start : start + OTHERS])[0]
            others = np.take(segment.codes, views, axis=0).view(np.uint8)
            bits = differing_bits_between(codes[first : first + SOME], others)
            a, b = np.nonzero(bits <= most_bits)
            for some_of in range(0, len(a), OTHERS):
                these = slice(some_of, some_of + OTHERS)
                one, other = a[these] + first, b[these]
                far = np.take(segment.colours, views[other], axis=0).view(np.uint8)
                difference = colours[one].astype(np.int32) - far
                squares = np.einsum("ij,ij->i", difference, difference)
                good = squares <= limits.colour * MAX_SQUARED
                yield one[good], rows[start + other[good]]


def _by_category(part: Part) -> Iterator[tuple[Category, Rows]]:
    """Yield the living rows of each category, without those of products without a picture."""
    segment = part.segment
    shown = _shown(segment)
    for number, category in enumerate(segment.term_sets.pairs):
        first, last = segment.set_starts[segment.term_sets.pair_starts[number : number + 2]]
        rows = np.arange(first, last)
        keeps = shown[segment.sets_of(rows)]
        if part.alive is not None:
            keeps &= part.alive[rows]
        if keeps.any():
            yield category, rows[keeps]


def _shown(segment: Segment) -> NDArray[np.bool_]:
    """Tell of each set whether its products have a picture."""
    sets, _ = segment.term_sets.decide(CandidateQuery("", excluded=(NO_PICTURE,)))
    shown = np.zeros(len(segment.term_sets), dtype=bool)
    shown[sets] = True
    return shown


def _category_of(segment: Segment, row: np.int64) -> Category:
    number = segment.sets_of(np.array([row]))[0]
    starts = segment.term_sets.pair_starts
    return segment.term_sets.pairs[int(np.searchsorted(starts, number, side="right")) - 1]


def _variant_pairs(snapshot: Snapshot, product_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pair products with their variants."""
    first: dict[int, str] = {}
    for part, rows in zip(snapshot.parts, snapshot.find(product_ids), strict=True):
        places = np.flatnonzero(rows >= 0)
        variants = part.segment.variants(rows[places]).tolist()
        for place, variant in zip(places.tolist(), variants, strict=True):
            if variant:
                first.setdefault(variant, product_ids[place])
    hashes: NDArray[np.uint64] = np.array(list(first), dtype=np.uint64)
    pairs = []
    for part in snapshot.parts:
        rows = part.segment.rows_of_variants(hashes)
        rows = rows if part.alive is None else rows[part.alive[rows]]
        named = zip(part.segment.variants(rows).tolist(), part.segment.ids(rows), strict=True)
        pairs += [(first[variant], one) for variant, one in named]
    return pairs


def _join(groups: dict[str, set[str]], one: str, other: str) -> None:
    """Make one set of those of two products."""
    small, large = sorted((groups[one], groups[other]), key=len)
    if small is not large:
        large |= small
        for member in small:
            groups[member] = large
