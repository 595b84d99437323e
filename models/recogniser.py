"""Category and attributes of crops: the network's logits to calibrated, masked probabilities."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


# Probabilities by head, in the order of the card's terms; they sum to 1.
Likelihoods = Mapping[str, list[float]]


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

    def run(self, crops: list[Crop]) -> tuple[NDArray[np.float32], list[Likelihoods]]:
        """Pooled features float32 [n, d] of a batch, and what each crop is likely to be."""
        pixels = np.stack([crop.pixels for crop in crops])
        boxes = np.stack([crop.box for crop in crops])
        features, logits = self._session.run(None, {"pixels": pixels, "boxes": boxes})
        by_head = [self._softmax(head, logits).tolist() for head in self.card.heads]
        return features, [
            dict(zip(self.card.heads, rows, strict=True)) for rows in zip(*by_head, strict=True)
        ]

    def categories(
        self, likely: Likelihoods, choice: Collection[str] | None
    ) -> tuple[RecognisedTerm, ...]:
        """The likely categories of one crop, best first.

        Args:
            likely: one of ``run``'s.
            choice: the leaf categories to choose from; None is all. One alone is certain, however
                unlikely it looks; the network's other guesses follow it.
        """
        guesses = dict(zip(self.card.heads[CATEGORY], likely[CATEGORY], strict=True))
        if choice is not None and len(choice) > 1:
            narrowed = {term: guesses.get(term, 0.0) for term in sorted(choice)}
            # Where the network knows none of them, one is as good as another.
            total = sum(narrowed.values())
            share = 1 / len(narrowed)
            guesses = {t: p / total if total else share for t, p in narrowed.items()}
        found = _ranked(guesses)
        if choice is not None and len(choice) == 1:
            chosen = next(iter(choice))
            found = [RecognisedTerm(chosen, 1.0), *(g for g in found if g.term != chosen)]
        return tuple(found)

    def attributes(self, likely: Likelihoods, category: str) -> tuple[RecognisedTerm, ...]:
        """Likely terms of the groups that the category has, best first within a group."""
        found: list[RecognisedTerm] = []
        for group in self.taxonomy.groups_of(category):
            if group in likely:
                found += _ranked(dict(zip(self.card.heads[group], likely[group], strict=True)))
        return tuple(found)

    def _softmax(self, head: str, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities of one head, those of unknown terms 0: float32 [n, classes]."""
        scores = logits[:, self._slices[head]] / np.float32(self.card.temperatures[head])
        likely = np.exp(scores - scores.max(axis=1, keepdims=True)) * self._known[head]
        return np.asarray(likely / np.maximum(likely.sum(axis=1, keepdims=True), 1e-30))


def _ranked(guesses: Mapping[str, float]) -> list[RecognisedTerm]:
    """The likeliest terms, best first: one in any case, others while they are likely."""
    worth = [term for term, share in guesses.items() if share >= LEAST_CONFIDENCE]
    worth = worth or [max(guesses, key=guesses.__getitem__)]
    worth.sort(key=lambda term: -guesses[term])
    return [RecognisedTerm(term, round(guesses[term], 4)) for term in worth]
