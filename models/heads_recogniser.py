"""Independent attribute heads: the paper's plain baseline, one softmax a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mappings.taxonomy import Taxonomy
from models.crop import Crop
from models.grammar import CATEGORY
from models.recognised import Choice, Look, Recognised, narrowed
from models.session import ENCODER, READER, Card, look_at, open_session, read_boxes

Likelihoods = Mapping[str, Mapping[str, float]]


class HeadsRecogniser:
    """See ``models.recogniser.Recogniser``; the category changes which groups are told, no more."""

    def __init__(self, stem: Path, card: Card, taxonomy: Taxonomy, threads: int | None) -> None:
        self.card, self.taxonomy = card, taxonomy
        self._encoder = open_session(stem.with_name(stem.name + ENCODER), threads)
        self._reader = open_session(stem.with_name(stem.name + READER), threads)
        known = {*taxonomy.attribute_terms(), *taxonomy.categories, *taxonomy.great_categories}
        self._known = {
            head: np.array([term in known for term in terms]) for head, terms in card.heads.items()
        }

    def look(self, crops: Sequence[Crop]) -> Look:
        """See Recogniser."""
        return look_at(self._encoder, crops)

    def tell(
        self, look: Look, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Recognised]]:
        """See Recogniser."""
        features, likelihoods = self._read(look, crops)
        return features, [
            self._recognised(likely, choice)
            for likely, choice in zip(likelihoods, choices, strict=True)
        ]

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """See Recogniser; one head knows nothing of the others."""
        _, found = self._read(self.look(crops), crops)
        return [
            {head: likely[head].get(term, 0.0) for head, term in truth.items() if head in likely}
            for likely, truth in zip(found, truths, strict=True)
        ]

    def _read(
        self, look: Look, crops: Sequence[Crop]
    ) -> tuple[NDArray[np.float32], list[Likelihoods]]:
        features, logits = read_boxes(self._reader, look, crops)
        by_head, start = {}, 0
        for head, terms in self.card.heads.items():
            by_head[head] = self._softmax(head, logits[:, start : start + len(terms)]).tolist()
            start += len(terms)
        return features, [
            {
                head: dict(zip(terms, by_head[head][row], strict=True))
                for head, terms in self.card.heads.items()
            }
            for row in range(len(crops))
        ]

    def _recognised(self, likely: Likelihoods, choice: Choice) -> Recognised:
        guesses = narrowed(likely[CATEGORY], choice)
        given = choice is not None and len(choice) == 1
        category = next(iter(choice or ())) if given else max(guesses, key=guesses.__getitem__)
        groups = self.taxonomy.groups_of(category)
        return Recognised(guesses, category, given, {g: likely[g] for g in groups if g in likely})

    def _softmax(self, head: str, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities of one head, those of unknown terms 0: float32 [n, classes]."""
        scores = scores / np.float32(self.card.temperatures[head])
        likely = np.exp(scores - scores.max(axis=1, keepdims=True)) * self._known[head]
        return np.asarray(likely / np.maximum(likely.sum(axis=1, keepdims=True), 1e-30))
