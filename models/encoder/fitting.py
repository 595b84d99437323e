"""Fit the thresholds of codes and the centre of texts, on the shop's own pictures and titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card import EncoderCard
from houndstooth.models.encoder.card_files import hash_file
from houndstooth.models.runtime.card import read_json, write_keys

MIN_PICTURES = 50
"""Fewer pictures, or titles, tell too little of the others."""


def fit_thresholds(stem: Path, embeddings: NDArray[np.float32]) -> EncoderCard:
    """Write the medians of embeddings beside a card, and name them in it.

    A bit then is set for half of the pictures, so that it tells as much as a bit can.

    Args:
        stem: the path of the card without ``.json``.
        embeddings: of n pictures, float32 [n, d].

    Raises:
        InvalidConfig: they are too few, or not finite.
    """
    check_many(embeddings, "pictures")
    card: dict[str, Any] = read_json(stem)
    medians = np.median(embeddings, axis=0).astype(np.float32)
    file = stem.with_name(f"{stem.name}.thresholds.npy")
    write_keys(stem, card | _with_vector(card, "thresholds", file, medians))
    return EncoderCard.read(stem)


def fit_centre(stem: Path, embeddings: NDArray[np.float32]) -> EncoderCard:
    """Write the mean of texts' embeddings beside a card, and name it in the card's ``text``.

    Embeddings of texts lie apart from those of pictures, all on one side (Liang et al. 2022), so
    what a text says is how it differs from other texts.

    Args:
        stem: the path of the card without ``.json``; it has a ``text``.
        embeddings: of n texts, float32 [n, d].

    Raises:
        InvalidConfig: they are too few, or not finite.
    """
    check_many(embeddings, "titles")
    card: dict[str, Any] = read_json(stem)
    mean = embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
    file = stem.with_name(f"{stem.name}.centre.npy")
    text = card["text"] | _with_vector(card["text"], "centre", file, mean)
    write_keys(stem, card | {"text": text})
    return EncoderCard.read(stem)


def check_many(embeddings: NDArray[np.float32], what: str) -> None:
    """Check that embeddings are enough to fit something, and finite. Raises InvalidConfig."""
    if len(embeddings) < MIN_PICTURES:
        raise InvalidConfig(f"expected at least {MIN_PICTURES} {what}; got {len(embeddings)}")
    if not np.isfinite(embeddings).all():
        raise InvalidConfig("expected embeddings that are finite; got others")


def _with_vector(
    keys: Mapping[str, Any], name: str, file: Path, vector: NDArray[np.float32]
) -> dict[str, Any]:
    """Write a vector, and return the keys that name it in the place of the one before."""
    digests = {one: digest for one, digest in keys["sha256"].items() if one != keys[name]}
    np.save(file, vector, allow_pickle=False)
    return {"sha256": digests | {file.name: hash_file(file)}, name: file.name}


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
