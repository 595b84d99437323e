"""Category and attributes of crops: the network's logits to calibrated, masked probabilities."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mappings.features import RecognisedTerm
from mappings.taxonomy import Taxonomy
from models.crop import Crop
from models.session import open_session, read_card

CATEGORY = "category"
# What is less likely than this is not worth a clause in a query.
LEAST_CONFIDENCE = 0.05


class Recogniser:
    """One softmax head per attribute group on a convolutional encoder.

    Args:
        stem: the network's path without ``.onnx``; its card stands beside it.
        taxonomy: only its terms are recognised, and only groups that the category has.
        threads: for one network run; all processors where None.
    """

    def __init__(self, stem: Path, taxonomy: Taxonomy, threads: int | None = None) -> None:
        self.card = read_card(stem.with_name(stem.name + ".json"))
        self.taxonomy = taxonomy
        self._session = open_session(stem.with_name(stem.name + ".onnx"), threads)
        self._slices: dict[str, slice] = {}
        start = 0
        for head, terms in self.card.heads.items():
            self._slices[head] = slice(start, start + len(terms))
            start += len(terms)
        known = set(taxonomy.attribute_terms()) | set(taxonomy.categories)
        self._known = {
            head: np.array([term in known for term in terms])
            for head, terms in self.card.heads.items()
        }

    def run(self, crops: list[Crop]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Pooled features float32 [n, d] and logits float32 [n, classes] of a batch."""
        pixels = np.stack([crop.pixels for crop in crops])
        boxes = np.stack([crop.box for crop in crops])
        features, logits = self._session.run(None, {"pixels": pixels, "boxes": boxes})
        return features, logits

    def categories(
        self, logits: NDArray[np.float32], choice: Collection[str] | None
    ) -> tuple[RecognisedTerm, ...]:
        """The likely categories of one crop, best first.

        Args:
            logits: float32 [classes].
            choice: the leaf categories to choose from; None is all. One alone is certain, however
                unlikely it looks; the network's other guesses follow it.
        """
        terms = self.card.heads[CATEGORY]
        allowed = self._known[CATEGORY]
        if choice is not None and len(choice) > 1:
            narrowed = allowed & np.array([term in choice for term in terms])
            if not narrowed.any():
                return tuple(RecognisedTerm(term, 1 / len(choice)) for term in sorted(choice))
            allowed = narrowed
        found = self._ranked(CATEGORY, logits, allowed)
        if choice is not None and len(choice) == 1:
            chosen = next(iter(choice))
            others = tuple(guess for guess in found if guess.term != chosen)
            return (RecognisedTerm(chosen, 1.0), *others)
        return tuple(found)

    def attributes(self, logits: NDArray[np.float32], category: str) -> tuple[RecognisedTerm, ...]:
        """Likely terms of the groups that the category has, best first within a group."""
        found: list[RecognisedTerm] = []
        for group in self.taxonomy.groups_of(category):
            if group in self._slices:
                found += self._ranked(group, logits, self._known[group])
        return tuple(found)

    def _ranked(
        self, head: str, logits: NDArray[np.float32], allowed: NDArray[np.bool_]
    ) -> list[RecognisedTerm]:
        """The likeliest allowed terms: the first in any case, others while they are likely."""
        scores = np.where(allowed, logits[self._slices[head]], -np.inf)
        scores /= self.card.temperatures[head]
        best = scores.max()
        if best == -np.inf:
            return []
        likely = np.exp(scores - best)
        likely /= likely.sum()
        worth = np.flatnonzero(likely >= min(LEAST_CONFIDENCE, likely.max()))
        order = worth[np.argsort(-likely[worth], kind="stable")]
        terms = self.card.heads[head]
        return [RecognisedTerm(terms[i], round(float(likely[i]), 4)) for i in order]
