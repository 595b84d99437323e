"""Independent attribute heads: the paper's plain baseline, one softmax a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.feature_maps import FeatureMaps, encode_crops, read_boxes
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.recognition.prediction import Choice, Prediction, restrict
from houndstooth.models.runtime.card import ENCODER, READER, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.session import open_session

Likelihoods = Mapping[str, Mapping[str, float]]


class HeadsRecogniser:
    """See ``models.recognition.recogniser.Recogniser``; the category changes which groups are told, no more."""

    def __init__(self, stem: Path, card: Card, taxonomy: Taxonomy, threads: int | None) -> None:
        self.card, self.taxonomy = card, taxonomy
        self._encoder = open_session(card.files.check(stem, ENCODER), threads)
        self._reader = open_session(card.files.check(stem, READER), threads)
        known = {*taxonomy.attribute_terms(), *taxonomy.categories, *taxonomy.great_categories}
        self._known = {
            head: np.array([term in known for term in terms]) for head, terms in card.heads.items()
        }

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        """See Recogniser."""
        return encode_crops(self._encoder, crops)

    def predict(
        self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Prediction]]:
        """See Recogniser."""
        features, likelihoods = self._read(maps, crops)
        return features, [
            self._recognised(likely, choice)
            for likely, choice in zip(likelihoods, choices, strict=True)
        ]

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """See Recogniser; one head knows nothing of the others."""
        _, found = self._read(self.encode(crops), crops)
        return [
            {head: likely[head].get(term, 0.0) for head, term in truth.items() if head in likely}
            for likely, truth in zip(found, truths, strict=True)
        ]

    def _read(
        self, maps: FeatureMaps, crops: Sequence[Crop]
    ) -> tuple[NDArray[np.float32], list[Likelihoods]]:
        features, logits = read_boxes(self._reader, maps, crops)
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

    def _recognised(self, likely: Likelihoods, choice: Choice) -> Prediction:
        guesses = restrict(likely[CATEGORY], choice)
        given = choice is not None and len(choice) == 1
        category = next(iter(choice or ())) if given else max(guesses, key=guesses.__getitem__)
        groups = self.taxonomy.groups_of(category)
        return Prediction(guesses, category, given, {g: likely[g] for g in groups if g in likely})

    def _softmax(self, head: str, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities of one head, those of unknown terms 0: float32 [n, classes]."""
        scores = scores / np.float32(self.card.temperatures[head])
        likely = np.exp(scores - scores.max(axis=1, keepdims=True)) * self._known[head]
        return np.asarray(likely / np.maximum(likely.sum(axis=1, keepdims=True), 1e-30))
