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
from houndstooth.models.recognition.decoding import Array, Hypothesis, Numbers, Start
from houndstooth.models.recognition.feature_maps import FeatureMaps, encode_crops, read_boxes
from houndstooth.models.recognition.free_sampling import sample_freely
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.prediction import Choice, Prediction, restrict, weighed
from houndstooth.models.runtime.card import DECODER, ENCODER, READER, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.session import open_session

SURE_TURN = 0.9
"""From this probability on a photo counts as turned."""

TOP_LEAVES = 4
"""Where no category is given, attributes are decoded after this many of the likeliest."""


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

    def predict(
        self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Prediction]]:
        """Predict by decoding; see Recogniser."""
        read = read_boxes(self._reader, maps, crops)
        features, start = read["features"], _start(read)
        if self.free and self.generator is not None:
            return features, sample_freely(
                self._step, start, choices, self.grammar, self.taxonomy, self.generator
            )
        predictions = decode(
            self._step, start, choices, self.grammar, self.taxonomy, self.card.temperatures,
            self.width, self.generator, self.category_weights,
        )  # fmt: skip
        if not self._terms:
            return features, predictions
        return features, [
            self._with_read(prediction, terms, others, turn)
            for prediction, terms, [others], turn in zip(
                predictions,
                *(read[name].tolist() for name in ("terms", "others", "turn")),
                strict=True,
            )
        ]

    def _with_read(
        self,
        prediction: Prediction,
        terms: Sequence[float],
        others: float,
        turn: Sequence[float],
    ) -> Prediction:
        """Add what is read beside the sequence: terms of the groups that the category has."""
        groups: dict[str, dict[str, float]] = {}
        for at, group, term in self._terms:
            groups.setdefault(group, {})[term] = terms[at]
        found = {**prediction.groups, **groups}
        has = self.taxonomy.groups_of(prediction.category)
        turns = turn.index(max(turn)) if max(turn) >= SURE_TURN else 0
        return replace(
            prediction,
            groups={group: found[group] for group in has if group in found},
            others=others,
            turns=turns,
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


def decode(
    step: decoding.Step,
    start: Start,
    choices: Sequence[Choice],
    grammar: Grammar,
    taxonomy: Taxonomy,
    temperatures: decoding.Temperatures,
    width: int = 1,
    generator: np.random.Generator | None = None,
    category_weights: Mapping[str, float] | None = None,
) -> list[Prediction]:
    """Decode a batch, guided where a choice is given.

    Greedy decoding starts from the TOP_LEAVES likeliest categories, and averages what comes after
    each by the category's probability. So where two categories are equally likely, neither alone
    decides the colour.

    Args:
        start: the decoder's state after each image.
        choices: for each image the leaf categories to choose from; None is all. A single one is
            fed to the decoder, and all attributes are conditioned on it.
        width: of the beam; 1 is greedy decoding.
        generator: samples sequences by their probability instead.
        category_weights: see Card.
    """
    greats = decoding.step_great_categories(step, start, grammar)
    leaves = decoding.leaf_probabilities(start, greats, grammar, temperatures)
    names = grammar.heads[CATEGORY]
    given = [choice is not None and len(choice) == 1 for choice in choices]
    likely = [{name: p for name, p in zip(names, r, strict=True) if p > 0} for r in leaves.tolist()]
    if category_weights:
        likely = [
            row if is_given else weighed(row, category_weights)
            for row, is_given in zip(likely, given, strict=True)
        ]
    categories = [restrict(row, choice) for row, choice in zip(likely, choices, strict=True)]
    greedy = width == 1 and generator is None
    starts = 1 if generator or (greedy and all(given)) else TOP_LEAVES if greedy else width
    first = [
        _first_leaves(probabilities, choice, starts, generator)
        for probabilities, choice in zip(categories, choices, strict=True)
    ]
    beams = [[_hypothesis(leaf, log_p, grammar) for leaf, log_p in row] for row in first]
    great_of = [[_great(leaf, grammar, taxonomy) for leaf, _ in row] for row in first]
    if greedy:
        rows = np.repeat(np.arange(len(first)), starts)
        start, greats = start.take(rows), greats.take(rows)
        beams = [[hypothesis] for row in beams for hypothesis in row]
        great_of = [[number] for row in great_of for number in row]
    decoded = decoding.decode_attributes(
        step, start, greats, grammar, beams, great_of, temperatures, generator
    )
    per_image = len(decoded) // max(len(first), 1)
    return [
        _prediction(
            categories[at],
            row[0][0],
            given[at],
            decoded[at * per_image :][:per_image],
            grammar,
            taxonomy,
        )
        for at, row in enumerate(first)
    ]


def _first_leaves(
    categories: Mapping[str, float],
    choice: Choice,
    count: int,
    generator: np.random.Generator | None,
) -> list[tuple[str, float]]:
    """List the leaves to start from, best first, with the logarithm of their probability."""
    if choice is not None and len(choice) == 1:
        return [(next(iter(choice)), 0.0)] + [(next(iter(choice)), -1e9)] * (count - 1)
    if generator is not None:
        p = np.array(list(categories.values()))
        return [(str(generator.choice(list(categories), p=p / p.sum())), 0.0)]
    best = sorted(categories, key=lambda leaf: -categories[leaf])[:count]
    leaves = [(leaf, float(np.log(categories[leaf] + 1e-30))) for leaf in best]
    return leaves + [(best[-1], -1e9)] * (count - len(best))


def _hypothesis(leaf: str, log_p: float, grammar: Grammar) -> Hypothesis:
    names = grammar.heads[CATEGORY]
    return Hypothesis(names.index(leaf) if leaf in names else len(names), log_p)


def _great(leaf: str, grammar: Grammar, taxonomy: Taxonomy) -> int:
    names, great = grammar.heads[GREAT_CATEGORY], taxonomy.great_category(leaf)
    return names.index(great) if great in names else -1


def _prediction(
    categories: Mapping[str, float],
    first: str,
    given: bool,
    decoded: Sequence[Hypothesis],
    grammar: Grammar,
    taxonomy: Taxonomy,
) -> Prediction:
    """Make the prediction of one image from its sequences, one for each leaf started from."""
    names = grammar.heads[CATEGORY]
    single = len(decoded) == 1 and decoded[0].leaf < len(names)
    category = names[decoded[0].leaf] if single else first
    p_leaves = np.exp(np.array([hypothesis.log_p_leaf for hypothesis in decoded]))
    groups = {}
    for group in taxonomy.groups_of(category):
        supporting = [
            (p, h.probabilities[group])
            for p, h in zip(p_leaves, decoded, strict=True)
            if group in h.probabilities
        ]
        support = sum(p for p, _ in supporting)
        if support >= p_leaves.sum() / 2:
            mean = sum(p * probabilities for p, probabilities in supporting) / support
            groups[group] = dict(zip(grammar.heads[group], mean.tolist(), strict=True))
    return Prediction(categories, category, given, groups)
