"""Predicts attributes by independent heads: a softmax for each group, or a sigmoid a term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.feature_maps import FeatureMaps, encode_crops, read_boxes
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading, restrict
from houndstooth.models.runtime.card import ENCODER, READER, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.session import open_session

Probabilities = Mapping[str, Mapping[str, float]]
"""By head, by term."""


class HeadsRecogniser:
    """A Recogniser of independent heads; a category decides which groups are predicted, no more.

    Args:
        stem: the path of its files without a suffix.

    Raises:
        InvalidConfig: the network predicts no category.
    """

    def __init__(self, stem: Path, card: Card, taxonomy: Taxonomy, threads: int | None) -> None:
        if CATEGORY not in card.heads:
            heads = ", ".join(card.heads)
            raise InvalidConfig(f"expected {card.model} with a head {CATEGORY}; got {heads}")
        self.card, self.taxonomy = card, taxonomy
        self._encoder = open_session(card.files.check(stem, ENCODER), threads)
        self._reader = open_session(card.files.check(stem, READER), threads)
        known = {*taxonomy.attribute_terms(), *taxonomy.categories, *taxonomy.great_categories}
        self._known = {
            head: np.array([term in known for term in terms]) for head, terms in card.heads.items()
        }

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        """Encode the crops; see Recogniser."""
        return encode_crops(self._encoder, crops)

    def read(self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]) -> Reading:
        """Predict all heads at once; see Recogniser."""
        features, by_crop = self._read(maps, crops)
        predictions = [
            self._prediction(probabilities, choice)
            for probabilities, choice in zip(by_crop, choices, strict=True)
        ]
        return Reading.of(features, predictions)

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """Look up the probability of each true term; see Recogniser."""
        _, by_crop = self._read(self.encode(crops), crops)
        return [
            {head: p[head].get(term, 0.0) for head, term in truth.items() if head in p}
            for p, truth in zip(by_crop, truths, strict=True)
        ]

    def _read(
        self, maps: FeatureMaps, crops: Sequence[Crop]
    ) -> tuple[NDArray[np.float32], list[Probabilities]]:
        read = read_boxes(self._reader, maps, crops)
        features, logits = read["features"], read["logits"]
        by_head, start = {}, 0
        for head, terms in self.card.heads.items():
            scores = logits[:, start : start + len(terms)] / np.float32(
                self.card.temperatures[head]
            )
            known, activation = self._known[head], self.card.activation
            by_head[head] = head_probabilities(head, scores, activation, known).tolist()
            start += len(terms)
        return features, [
            {
                head: dict(zip(terms, by_head[head][row], strict=True))
                for head, terms in self.card.heads.items()
            }
            for row in range(len(crops))
        ]

    def _prediction(self, probabilities: Probabilities, choice: Choice) -> Prediction:
        categories = restrict(probabilities[CATEGORY], choice)
        given = choice is not None and len(choice) == 1
        best = max(categories, key=categories.__getitem__)
        category = next(iter(choice)) if choice and given else best
        groups = {
            group: probabilities[group]
            for group in self.taxonomy.groups_of(category)
            if group in probabilities
        }
        return Prediction(categories, category, given, groups)


def head_probabilities(
    head: str,
    scores: NDArray[np.float32],
    activation: str,
    known: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Compute the probabilities of one head's terms: float32 [n, classes].

    Sigmoids are independent, but those of categories are normalised, as an item has one.

    Args:
        scores: divided by the temperature.
        activation: one of ``ACTIVATIONS``.
        known: the terms that the taxonomy knows, bool [classes]; others get 0. None is all.
    """
    if activation == "sigmoid":
        p = np.reciprocal(1 + np.exp(-scores.clip(min=-80)))
    else:
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
    if known is not None:
        p = p * known
    if activation == "sigmoid" and head not in (GREAT_CATEGORY, CATEGORY):
        return np.asarray(p, dtype=np.float32)
    return np.asarray(p / np.maximum(p.sum(axis=1, keepdims=True), 1e-30), dtype=np.float32)
