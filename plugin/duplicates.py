"""List products that have the same first picture: one file, or near-equal pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.read_products import ShownProduct
from houndstooth.plugin.answer import view_json
from houndstooth.plugin.columns.near import LIMITS, Limits, near_rows
from houndstooth.plugin.columns.segment import Rows, Segment
from houndstooth.plugin.columns.snapshot import Snapshot, merge

AT_ONCE = 1000
"""Products that are read from the engine at once."""


@dataclass(frozen=True)
class Duplicate:
    """A product of a group.

    Attributes:
        title, image, variant_group: As the shop's facts say; None if they do not.
        picture: Hash of the file of its first picture; "" if an older release has written it.
    """

    product_id: str
    title: str | None
    image: str | None
    variant_group: str | None
    picture: str


@dataclass(frozen=True)
class DuplicateGroup:
    """Products whose first pictures are the same file, or near-equal, each to another of them."""

    products: tuple[Duplicate, ...]

    @property
    def files(self) -> int:
        """Number of different files."""
        return len({one.picture or one.product_id for one in self.products})

    @property
    def why(self) -> str:
        """Say what they have in common."""
        if self.files == 1:
            return "same file"
        return "near-equal" if self.files == len(self.products) else "same file, near-equal"

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON."""
        return {
            "why": self.why,
            "files": self.files,
            "products": [
                {
                    "product_id": one.product_id,
                    "title": one.title,
                    "image": one.image,
                    "group": one.variant_group,
                    "picture": one.picture,
                }
                for one in self.products
            ],
        }


def find_duplicates(
    engine: Engine, snapshot: Snapshot, variant_field: str, limits: Limits = LIMITS
) -> list[DuplicateGroup]:
    """Find the groups of a catalogue, those with the most products first.

    Near-equal are products of one category; a file is found across categories. Products without a
    picture are left out, and so are groups that are one product and its variants.

    Args:
        engine: The engine.
        snapshot: Its products.
        variant_field: Shop field that is equal for all variants of a product.
        limits: What is near.

    Raises:
        EngineUnavailable: The engine cannot be reached.
    """
    parts = [part for part in snapshot.parts if len(part)]
    if not parts:
        return []
    is_whole = len(parts) == 1 and parts[0].alive is None
    segment = (parts[0] if is_whole else merge(parts)).segment
    groups = _Groups(len(segment))
    for some, others in near_rows(segment, limits):
        groups.join(some, others)
    for some, others in _same_files(engine, segment):
        groups.join(some, others)
    found = []
    for rows in groups.rows():
        products = _read(engine, segment.ids(rows), variant_field)
        if len({one.variant_group or (one.product_id,) for one in products}) > 1:
            found.append(DuplicateGroup(tuple(products)))
    return sorted(found, key=lambda one: (-len(one.products), one.products[0].product_id))


class _Groups:
    """Rows, each with the number of its group; a group has the number of one of its rows."""

    def __init__(self, count: int) -> None:
        self._numbers = np.arange(count)
        self._members: dict[int, list[int]] = {}

    def join(self, some: Rows, others: Rows) -> None:
        """Make one group of those of each pair of rows."""
        differ = np.flatnonzero(self._numbers[some] != self._numbers[others])
        for one, other in zip(some[differ].tolist(), others[differ].tolist(), strict=True):
            a, b = int(self._numbers[one]), int(self._numbers[other])
            if a == b:
                continue
            first, second = self._members.pop(a, [a]), self._members.pop(b, [b])
            if len(first) < len(second):
                a, first, second = b, second, first
            self._numbers[second] = a
            first.extend(second)
            self._members[a] = first

    def rows(self) -> Iterator[Rows]:
        """Yield the rows of each group of two or more."""
        return (np.array(sorted(rows)) for rows in self._members.values())


def _same_files(engine: Engine, segment: Segment) -> Iterator[tuple[Rows, Rows]]:
    """Pair the rows whose first pictures are the same file."""
    first: dict[str, int] = {}
    for start in range(0, len(segment), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(segment)))
        row_of = dict(zip(segment.ids(rows), rows.tolist(), strict=True))
        pairs = []
        for product in _shown(engine, list(row_of)):
            if product.visual.pictures:
                row = row_of[product.product_id]
                pairs.append((first.setdefault(product.visual.pictures[0], row), row))
        if pairs:
            some, others = np.array(pairs).T
            yield some, others


def _read(engine: Engine, ids: Sequence[str], variant_field: str) -> list[Duplicate]:
    found = []
    for start in range(0, len(ids), AT_ONCE):
        for product in _shown(engine, ids[start : start + AT_ONCE]):
            facts, visual = product.facts, product.visual
            title, group = facts.get("title"), facts.get(variant_field)
            found.append(
                Duplicate(
                    product.product_id,
                    None if title is None else str(title),
                    view_json(visual.views[0], facts)["image"],
                    None if group in (None, "") else str(group),
                    visual.pictures[0] if visual.pictures else "",
                )
            )
    return sorted(found, key=lambda one: (one.picture, one.product_id))


def _shown(engine: Engine, ids: Sequence[str]) -> Iterator[ShownProduct]:
    return (one for one in engine.show(ids) if NO_PICTURE not in one.visual.attributes)
