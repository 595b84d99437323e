"""Fit the thresholds of binary codes: medians of embeddings of the shop's own pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card import EncoderCard, hash_file
from houndstooth.models.runtime.card import read_json, write_keys

MIN_PICTURES = 50
"""Fewer pictures tell too little of a median."""


def fit_thresholds(stem: Path, embeddings: NDArray[np.float32]) -> EncoderCard:
    """Write the medians of embeddings beside a card, and name them in it.

    A bit then is set for half of the pictures, so that it tells as much as a bit can.

    Args:
        stem: the path of the card without ``.json``.
        embeddings: of n pictures, float32 [n, d].

    Raises:
        InvalidConfig: they are too few, or not finite.
    """
    if len(embeddings) < MIN_PICTURES:
        raise InvalidConfig(f"expected at least {MIN_PICTURES} pictures; got {len(embeddings)}")
    medians = np.median(embeddings, axis=0).astype(np.float32)
    if not np.isfinite(medians).all():
        raise InvalidConfig("expected embeddings that are finite; got others")
    card: dict[str, Any] = read_json(stem)
    file = stem.with_name(f"{stem.name}.thresholds.npy")
    digests = {name: d for name, d in card["sha256"].items() if name != card["thresholds"]}
    np.save(file, medians, allow_pickle=False)
    digests |= {file.name: hash_file(file)}
    write_keys(stem, card | {"sha256": digests, "thresholds": file.name})
    return EncoderCard.read(stem)


def find_pictures(places: Sequence[Path], most: int) -> list[Path]:
    """List picture files, spread evenly over all that there are.

    Args:
        places: folders, with the folders in them, and files.
        most: the largest number.
    """
    found = []
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        found += [path for path in inside if path.is_file()]
    if len(found) <= most:
        return found
    return [found[round(number * (len(found) - 1) / (most - 1))] for number in range(most)]
