"""What the shop itself calls the colour: the products that look most alike vote on it.

Sellers disagree about where blue ends and navy begins, and a recogniser has learned what others
mean. A shop's own products say what this shop means (pseudo-relevance feedback, Rocchio 1971: the
first answer improves the question).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mappings.features import Features, RecognisedTerm

GROUP = "colour:"

NEIGHBOURS = 40
"""So many products vote."""

APPEARANCE_WEIGHT = 0.3
"""Share of appearance in the distance by which neighbours are near; the rest is colour."""

SHARPNESS = 0.02
"""A product this much farther away has e times less of a vote."""

SHARE = 0.5
"""Of the votes in what is believed at last; tuned, as the others, on validation photos."""


def believed(
    features: Features,
    distances: NDArray[np.float64],
    attributes: Sequence[Collection[str]],
) -> Features:
    """The features with the colours that recogniser and neighbours together find likely.

    Args:
        features: of the query's image.
        distances: float64 [n], of products of its category.
        attributes: the terms of each.

    Returns:
        The same where no colour was recognised, or no neighbour has one.
    """
    recognised = {t.term: t.confidence for t in features.attributes if t.term.startswith(GROUP)}
    votes: dict[str, float] = {}
    for distance, terms in zip(distances - distances.min(initial=np.inf), attributes, strict=True):
        for term in terms:
            if term.startswith(GROUP):
                votes[term] = votes.get(term, 0.0) + float(np.exp(-distance / SHARPNESS))
    if not recognised or not votes:
        return features
    all_votes, seen = sum(votes.values()), sum(recognised.values())
    mixed = {
        term: (1 - SHARE) * recognised.get(term, 0.0)
        + SHARE * seen * votes.get(term, 0) / all_votes
        for term in {**recognised, **votes}
    }
    colours = [RecognisedTerm(t, mixed[t]) for t in sorted(mixed, key=lambda t: (-mixed[t], t))]
    first = next(i for i, t in enumerate(features.attributes) if t.term.startswith(GROUP))
    others = [t for t in features.attributes if not t.term.startswith(GROUP)]
    return replace(features, attributes=(*others[:first], *colours, *others[first:]))
