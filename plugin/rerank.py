"""Rerank candidates by attributes, appearance and colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.engine import Candidates, HitKey
from houndstooth.mappings.features import Bytes
from houndstooth.plugin.colour_distance import colour_distances
from houndstooth.plugin.hamming import hamming_distances

ATTRIBUTE_WEIGHT = 0.5
"""Weight of agreeing attributes in the score; the rest is appearance and colour."""


@dataclass(frozen=True)
class Ranking:
    """The k best candidates, best first, one of each variant group.

    Attributes:
        rows: Row numbers among the candidates, int64 [k].
        scores: float64 [k] in [0, 1], higher is better.
        appearance_distances, colour_distances: float64 [k] in [0, 1].
        variants: For each hit the rows of its other variants, best first.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    appearance_distances: NDArray[np.float64]
    colour_distances: NDArray[np.float64]
    variants: Sequence[Sequence[int]]


def rerank(
    binary_code: Bytes,
    colour_histogram: Bytes,
    candidates: Candidates,
    *,
    best_score: int,
    appearance_weight: float,
    attribute_weight: float = ATTRIBUTE_WEIGHT,
    top: int,
) -> Ranking:
    """Order candidates by attributes, appearance and colour together.

    ::

        distance  = appearance_weight * appearance + (1 - appearance_weight) * colour
        agreement = attribute score / best possible attribute score
        score     = (1 - attribute_weight) * (1 - distance) + attribute_weight * agreement

    All values are float64 and computed as written. Equal scores are ordered by product id, so
    the order depends on the documents alone.

    Args:
        binary_code: The query's code, uint8 [bits / 8].
        colour_histogram: The query's histogram, uint8 [bins].
        candidates: The n candidates.
        best_score: Highest possible attribute score; 0 = no term is preferred, and the agreement
            of every candidate is 1.
        appearance_weight: Weight of the appearance distance, in [0, 1].
        attribute_weight: Weight of the agreement in the score, in [0, 1].
        top: Maximum number of hits, at least 1.
    """
    appearance = hamming_distances(binary_code, candidates.binary_codes).astype(np.float64)
    colours = colour_distances(colour_histogram, candidates.colour_histograms).astype(np.float64)
    distance = appearance_weight * appearance + (1 - appearance_weight) * colours
    if best_score:
        agreement = np.asarray(candidates.scores, dtype=np.float64) / best_score
    else:
        agreement = np.ones(len(candidates))
    scores = (1 - attribute_weight) * (1 - distance) + attribute_weight * agreement
    hits = _best_hits(scores, candidates, top)
    rows = np.array([hit[0] for hit in hits], dtype=np.int64)
    variants = [hit[1:] for hit in hits]
    return Ranking(rows, scores[rows], appearance[rows], colours[rows], variants)


def _best_hits(scores: NDArray[np.float64], candidates: Candidates, top: int) -> list[list[int]]:
    """Return at most ``top`` hits, each the rows of one hit key, by descending score, then id."""
    if any(candidates.variant_groups) or len(scores) <= top:
        rows = np.arange(len(scores))
    else:  # every row is a hit, so only the best rows need to be sorted
        rows = np.flatnonzero(scores >= np.partition(scores, -top)[-top])
    ids, keys = candidates.product_ids, candidates.hit_keys
    hits: dict[HitKey, list[int]] = {}
    for row in sorted(rows.tolist(), key=lambda row: (-scores[row], ids[row])):
        hits.setdefault(keys[row], []).append(row)
    return list(islice(hits.values(), top))
