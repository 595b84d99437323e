"""Training samples: an image, the labels of the item in it, and its split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from houndstooth.mappings.features import Box

Split = Literal["train", "validation", "test"]
TEST_SHARE, VALIDATION_SHARE = 0.1, 0.1


@dataclass(frozen=True)
class Sample:
    """One labelled item.

    Attributes:
        path: the image file.
        category: leaf category term.
        terms: ``group:value`` by group.
        known: groups whose label is known; one of them without a term is known to be absent. A
            group that is not among them is unknown.
        group: the variant group; its items must stay in one split.
        split: train, validation or test.
        box: the item's box, where it is known.
    """

    path: Path
    category: str
    terms: Mapping[str, str]
    known: frozenset[str]
    group: str
    split: Split
    box: Box | None = None


def split_of(group: str, seed: int = 1) -> Split:
    """Compute the split of a group from a hash of it and the seed, the same on every machine.

    80 % of the groups are for training, 10 % for validation, 10 % for the test.
    """
    digest = hashlib.sha256(f"houndstooth-split-{seed}:{group}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") / 2**32
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"
