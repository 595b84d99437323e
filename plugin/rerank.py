"""From candidates to the order a shopper sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mappings.features import Bytes
from mappings.search import Candidates
from plugin.colour_distance import colour_distances
from plugin.hamming import hamming_distances

ATTRIBUTE_SHARE = 0.5
"""How much of a score is what the item is (agreeing attributes); the rest is how it looks."""


@dataclass(frozen=True)
class Ranking:
    """The best of the candidates, best first.

    Attributes:
        rows: int64 [k], row numbers among the candidates.
        scores: float64 [k] in [0, 1], higher is better.
        appearance, colour: float64 [k] in [0, 1], distances.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    appearance: NDArray[np.float64]
    colour: NDArray[np.float64]


def rerank(
    code: Bytes,
    colour: Bytes,
    candidates: Candidates,
    *,
    best_score: int,
    weight: float,
    attribute_share: float = ATTRIBUTE_SHARE,
    top: int,
) -> Ranking:
    """Order candidates by attributes, appearance and colour together.

    ::

        distance  = weight * appearance + (1 - weight) * colour
        agreement = attribute score / best possible attribute score
        score     = (1 - attribute_share) * (1 - distance) + attribute_share * agreement

    all in float64, evaluated as written. Equal scores are ordered by product id, so the answer
    depends on nothing but the documents.

    Args:
        code: the query's, uint8 [bits / 8].
        colour: the query's, uint8 [bins].
        candidates: n rows.
        best_score: the attribute score of a product with every preferred term; 0 = nothing is
            preferred, and then every candidate agrees.
        weight: share of appearance in the distance, in [0, 1].
        attribute_share: share of agreement in the score, in [0, 1].
        top: how many to return at most, at least 1.
    """
    appearance = hamming_distances(code, candidates.codes).astype(np.float64)
    colours = colour_distances(colour, candidates.colours).astype(np.float64)
    distance = weight * appearance + (1 - weight) * colours
    if best_score:
        agreement = np.asarray(candidates.scores, dtype=np.float64) / best_score
    else:
        agreement = np.ones(len(candidates))
    scores = (1 - attribute_share) * (1 - distance) + attribute_share * agreement
    rows = _best_rows(scores, candidates, top)
    return Ranking(rows, scores[rows], appearance[rows], colours[rows])


def _best_rows(scores: NDArray[np.float64], candidates: Candidates, top: int) -> NDArray[np.int64]:
    """int64 [min(n, top)]: rows by descending score, then by id; only the best are sorted."""
    if len(scores) > top:
        least = np.partition(scores, -top)[-top]
        rows = np.flatnonzero(scores >= least)
    else:
        rows = np.arange(len(scores))
    ids = candidates.product_ids
    ordered = sorted(rows.tolist(), key=lambda row: (-scores[row], ids[row]))
    return np.array(ordered[:top], dtype=np.int64)
