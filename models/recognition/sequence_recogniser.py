"""Predicts attributes as a sequence, guided by the category (SK Planet paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition import decoding
from houndstooth.models.recognition.decoding import Array, Numbers, Start
from houndstooth.models.recognition.feature_maps import FeatureMaps, encode_crops, read_boxes
from houndstooth.models.recognition.free_sampling import sample_freely
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.guided_decoding import decode_attributes, decode_categories
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading
from houndstooth.models.runtime.card import DECODER, ENCODER, READER, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.session import open_session

SURE_TURN = 0.9
"""From this probability on a photo counts as turned."""


class SequenceRecogniser:
    """A Recogniser whose decoder is an LSTM.

    Args:
        stem: the path of its files without a suffix.
        width: of the beam; 1 is greedy decoding.
        generator: samples sequences by their probability instead.
        free: sample any token after any other, as the paper does, instead of what the grammar
            allows; needs a generator.

    Raises:
        InvalidConfig: free, but without a generator.
    """

    def __init__(
        self,
        stem: Path,
        card: Card,
        taxonomy: Taxonomy,
        threads: int | None,
        width: int = 1,
        generator: np.random.Generator | None = None,
        free: bool = False,
    ) -> None:
        if free and generator is None:
            raise InvalidConfig("expected a generator, to sample sequences freely; got none")
        self.card, self.taxonomy = card, taxonomy
        self.width, self.generator, self.free = width, generator, free
        self.category_weights = card.category_weights
        self.grammar = Grammar(card.heads, taxonomy, card.always_predicted)
        known = set(taxonomy.attribute_terms())
        self._terms = [(at, group_of(t), t) for at, t in enumerate(card.terms) if t in known]
        self._encoder = open_session(card.files.check(stem, ENCODER), threads)
        # These are too little work to share between processors.
        self._reader = open_session(card.files.check(stem, READER), 1)
        self._decoder = open_session(card.files.check(stem, DECODER), 1)

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        """Encode the crops; see Recogniser."""
        return encode_crops(self._encoder, crops)

    def read(self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]) -> Reading:
        """Decode the categories, and attributes when they are asked for; see Recogniser."""
        return self._reading(read_boxes(self._reader, maps, crops), choices)

    def _reading(self, read: Mapping[str, Array], choices: Sequence[Choice]) -> Reading:
        start = _start(read)
        if self.free and self.generator is not None:
            sampled = sample_freely(
                self._step, start, choices, self.grammar, self.taxonomy, self.generator
            )
            return Reading.of(read["features"], sampled)
        found = decode_categories(
            self._step, start, choices, self.grammar, self.card.temperatures, self.category_weights
        )

        def complete(rows: Sequence[int]) -> list[Prediction]:
            decoded = decode_attributes(
                self._step, found.take(np.array(rows)), self.grammar, self.taxonomy,
                self.card.temperatures, self.width, self.generator,
            )  # fmt: skip
            return self._with_read(decoded, read, rows)

        def guided(rows: Sequence[int], choices: Sequence[Choice]) -> Reading:
            return self._reading({name: each[list(rows)] for name, each in read.items()}, choices)

        categories = self._with_read(found.predictions(), read, range(len(choices)))
        return Reading(read["features"], categories, complete, guided)

    def _with_read(
        self, predictions: list[Prediction], read: Mapping[str, Array], rows: Sequence[int]
    ) -> list[Prediction]:
        """Add what is read beside the sequences of some crops, where the network has it."""
        if not self._terms:
            return predictions
        terms, others, turns = (read[name].tolist() for name in ("terms", "others", "turn"))
        return [
            self._beside(prediction, terms[row], others[row][0], turns[row])
            for prediction, row in zip(predictions, rows, strict=True)
        ]

    def _beside(
        self, prediction: Prediction, terms: Sequence[float], others: float, turn: Sequence[float]
    ) -> Prediction:
        """Add terms of the groups that the category has, other items, and turns."""
        groups: dict[str, dict[str, float]] = {}
        for at, group, term in self._terms:
            groups.setdefault(group, {})[term] = terms[at]
        found = {**prediction.groups, **groups}
        has = self.taxonomy.groups_of(prediction.category)
        return replace(
            prediction,
            groups={group: found[group] for group in has if group in found},
            others=others,
            turns=turn.index(max(turn)) if max(turn) >= SURE_TURN else 0,
        )

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """Score the true sequence step by step; see Recogniser."""
        start = _start(read_boxes(self._reader, self.encode(crops), crops))
        likelihoods: list[dict[str, float]] = [{} for _ in crops]
        scores, state = start.first, (start.hidden, start.cell)
        for head, terms in self.grammar.heads.items():
            number = {term: i for i, term in enumerate(terms)}
            classes = np.array([number.get(truth.get(head, ""), -1) for truth in truths])
            allowed = self._rivals(head, truths)
            inside = np.where(allowed, scores[:, self.grammar.slices[head]], np.float32(-1e9))
            p = decoding.softmax(inside, self.card.temperatures[head])
            for row, which in enumerate(classes):
                if truths[row].get(head):
                    likelihoods[row][head] = float(p[row, which]) if which >= 0 else 0.0
            known = classes >= 0
            tokens = np.where(known, classes + self.grammar.slices[head].start, self.grammar.end)
            after = self._step(tokens, start.image_scores, *state)
            keep = known[:, None]
            scores = np.where(keep, after[0], scores)
            state = (np.where(keep, after[1], state[0]), np.where(keep, after[2], state[1]))
        return likelihoods

    def _rivals(self, head: str, truths: Sequence[Mapping[str, str]]) -> NDArray[np.bool_]:
        """Mark the terms of a head that may come next; leaves only of the great category."""
        known = self.grammar.known[self.grammar.slices[head]]
        if head != CATEGORY:
            return np.tile(known, (len(truths), 1))
        names = self.grammar.heads[GREAT_CATEGORY]
        greats = np.array([names.index(truth[GREAT_CATEGORY]) for truth in truths])
        return np.asarray(known & (self.grammar.great_of[None] == greats[:, None]))

    def _step(
        self, tokens: Numbers, image_scores: Array, hidden: Array, cell: Array
    ) -> tuple[Array, Array, Array]:
        inputs = {"tokens": tokens, "image_scores": image_scores, "hidden": hidden, "cell": cell}
        scores, hidden, cell = self._decoder.run(None, inputs)
        return scores, hidden, cell


def _start(read: Mapping[str, Array]) -> Start:
    return Start(*(read[name] for name in ("first", "image_scores", "hidden", "cell")))
