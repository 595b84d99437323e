"""Training samples: an image, the labels of the item in it, and its split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from houndstooth.mappings.features import Box, group_of

Split = Literal["train", "validation", "test"]
TEST_SHARE, VALIDATION_SHARE = 0.1, 0.1


@dataclass(frozen=True)
class Sample:
    """One labelled item.

    Attributes:
        path: the image file.
        category: leaf category term; in a photo of several garments that of the first.
        terms: ``group:value`` by group, several where several are true: "red and blue".
        known: groups whose label is known; one of them without a term is known to be absent. A
            group that is not among them is unknown.
        group: the variant group; its items must stay in one split.
        split: train, validation or test.
        box: the item's box, where it is known.
        categories: the leaf categories of all garments in the photo, ``category`` among them.
    """

    path: Path
    category: str
    terms: Mapping[str, tuple[str, ...]]
    known: frozenset[str]
    group: str
    split: Split
    box: Box | None = None
    categories: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Add the category to the categories."""
        object.__setattr__(self, "categories", self.categories | {self.category})


def is_drawn(sample: Sample) -> bool:
    """Tell whether a sample is a drawing, not a photo."""
    return sample.group.startswith("synthetic-")


def terms_by_group(terms: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Collect terms by their group, in the given order, each once."""
    found: dict[str, tuple[str, ...]] = {}
    for term in dict.fromkeys(terms):
        found[group_of(term)] = (*found.get(group_of(term), ()), term)
    return found


def split_of(group: str, seed: int = 1) -> Split:
    """Compute the split of a group from a hash of it and the seed, the same on every machine.

    80 % of the groups are for training, 10 % for validation, 10 % for the test.
    """
    digest = hashlib.sha256(f"houndstooth-split-{seed}:{group}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") / 2**32
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"
