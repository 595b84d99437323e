"""From candidates to the order a shopper sees."""

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
"""How much of a score is what the item is (agreeing attributes); the rest is how it looks."""


@dataclass(frozen=True)
class Ranking:
    """The best of the candidates, best first, one for each group of variants.

    Attributes:
        rows: int64 [k], row numbers among the candidates.
        scores: float64 [k] in [0, 1], higher is better.
        appearance, colour: float64 [k] in [0, 1], distances.
        variants: k lists of the rows of the same group's others, best first.
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

    all in float64, evaluated as written. Equal scores are ordered by product id, so the answer
    depends on nothing but the documents.

    Args:
        binary_code: the query's, uint8 [bits / 8].
        colour_histogram: the query's, uint8 [bins].
        candidates: n rows.
        best_score: the attribute score of a product with every preferred term; 0 = nothing is
            preferred, and then every candidate agrees.
        appearance_weight: of the binary code in the distance, in [0, 1].
        attribute_weight: share of agreement in the score, in [0, 1].
        top: how many hits to return at most, at least 1.
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
    """At most ``top`` hits, each the rows of one group: by descending score, then by id."""
    if any(candidates.variant_groups) or len(scores) <= top:
        rows = np.arange(len(scores))
    else:  # every row is a hit, and only the best need be sorted
        rows = np.flatnonzero(scores >= np.partition(scores, -top)[-top])
    ids, keys = candidates.product_ids, candidates.hit_keys
    hits: dict[HitKey, list[int]] = {}
    for row in sorted(rows.tolist(), key=lambda row: (-scores[row], ids[row])):
        hits.setdefault(keys[row], []).append(row)
    return list(islice(hits.values(), top))
