"""Attributes as a sequence: encoder, then the decoder token by token, guided by the category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition import decoding
from houndstooth.models.recognition.decoding import Array, Hypothesis, Numbers, Start
from houndstooth.models.recognition.feature_maps import FeatureMaps, encode_crops, read_boxes
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.prediction import Choice, Prediction, restrict
from houndstooth.models.runtime.card import DECODER, ENCODER, READER, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.session import open_session

# So many likely categories are gone on from where none is given.
LEAVES_WEIGHED = 4


class SequenceRecogniser:
    """See ``models.recognition.recogniser.Recogniser``.

    Args:
        width: of the beam; 1 is greedy.
        generator: draws sequences by their probability instead.
    """

    def __init__(
        self,
        stem: Path,
        card: Card,
        taxonomy: Taxonomy,
        threads: int | None,
        width: int = 1,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.card, self.taxonomy = card, taxonomy
        self.width, self.generator = width, generator
        self.grammar = Grammar(card.heads, taxonomy, card.always_predicted)
        self._encoder = open_session(card.files.check(stem, ENCODER), threads)
        self._reader = open_session(card.files.check(stem, READER), threads)
        # Its steps are too small to share between processors.
        self._decoder = open_session(card.files.check(stem, DECODER), 1)

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        """See Recogniser."""
        return encode_crops(self._encoder, crops)

    def predict(
        self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Prediction]]:
        """See Recogniser."""
        features, start = self._start(maps, crops)
        return features, decode(
            self._step, start, choices, self.grammar, self.taxonomy, self.card.temperatures,
            self.width, self.generator,
        )  # fmt: skip

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """See Recogniser."""
        _, start = self._start(self.encode(crops), crops)
        found: list[dict[str, float]] = [{} for _ in crops]
        scores, state = start.first, (start.hidden, start.cell)
        for head, terms in self.grammar.heads.items():
            number = {term: i for i, term in enumerate(terms)}
            classes = np.array([number.get(truth.get(head, ""), -1) for truth in truths])
            allowed = self._rivals(head, truths)
            inside = np.where(allowed, scores[:, self.grammar.slices[head]], np.float32(-1e9))
            likely = decoding.softmax(inside, self.card.temperatures[head])
            for row, which in enumerate(classes):
                if truths[row].get(head):
                    found[row][head] = float(likely[row, which]) if which >= 0 else 0.0
            spoke = classes >= 0
            tokens = np.where(spoke, classes + self.grammar.slices[head].start, self.grammar.end)
            after = self._step(tokens, start.image_scores, *state)
            keep = spoke[:, None]
            scores = np.where(keep, after[0], scores)
            state = (np.where(keep, after[1], state[0]), np.where(keep, after[2], state[1]))
        return found

    def _rivals(self, head: str, truths: Sequence[Mapping[str, str]]) -> NDArray[np.bool_]:
        """Which terms of a head could stand there: leaves of the great category alone."""
        known = self.grammar.known[self.grammar.slices[head]]
        if head != CATEGORY:
            return np.tile(known, (len(truths), 1))
        names = self.grammar.heads[GREAT_CATEGORY]
        greats = np.array([names.index(truth[GREAT_CATEGORY]) for truth in truths])
        return np.asarray(known & (self.grammar.great_of[None] == greats[:, None]))

    def _start(self, maps: FeatureMaps, crops: Sequence[Crop]) -> tuple[NDArray[np.float32], Start]:
        features, first, image_scores, hidden, cell = read_boxes(self._reader, maps, crops)
        return features, Start(first, image_scores, hidden, cell)

    def _step(
        self, tokens: Numbers, image_scores: Array, hidden: Array, cell: Array
    ) -> tuple[Array, Array, Array]:
        inputs = {"tokens": tokens, "image_scores": image_scores, "hidden": hidden, "cell": cell}
        scores, hidden, cell = self._decoder.run(None, inputs)
        return scores, hidden, cell


def decode(
    step: decoding.Step,
    start: Start,
    choices: Sequence[Choice],
    grammar: Grammar,
    taxonomy: Taxonomy,
    temperatures: decoding.Temperatures,
    width: int = 1,
    generator: np.random.Generator | None = None,
) -> list[Prediction]:
    """From what the encoder saw to what each image shows, guided where a choice is given.

    Greedy decoding goes on from the likeliest few categories, and weighs what it finds after each
    by the category's probability: where two are as likely, neither alone decides the colour.

    Args:
        choices: for each image the leaves it may be of; None is all. One alone is fed in instead
            of decided, and everything after is conditioned on it.
        width: of the beam; 1 is greedy.
        generator: draws sequences by their probability instead.
    """
    greats = decoding.after_greats(step, start, grammar)
    leaves = decoding.leaf_likelihoods(start, greats, grammar, temperatures)
    names = grammar.heads[CATEGORY]
    guesses = [
        restrict({name: p for name, p in zip(names, row, strict=True) if p > 0}, choice)
        for row, choice in zip(leaves.tolist(), choices, strict=True)
    ]
    given = [choice is not None and len(choice) == 1 for choice in choices]
    greedy = width == 1 and generator is None
    going_on = 1 if generator or (greedy and all(given)) else LEAVES_WEIGHED if greedy else width
    first = [
        _first(guess, choice, going_on, generator)
        for guess, choice in zip(guesses, choices, strict=True)
    ]
    beams = [[_hypothesis(leaf, log_p, grammar) for leaf, log_p in row] for row in first]
    great_of = [[_great(leaf, grammar, taxonomy) for leaf, _ in row] for row in first]
    if greedy:
        rows = np.repeat(np.arange(len(first)), going_on)
        start, greats = start.take(rows), greats.take(rows)
        beams = [[hypothesis] for row in beams for hypothesis in row]
        great_of = [[number] for row in great_of for number in row]
    found = decoding.attributes(
        step, start, greats, grammar, beams, great_of, temperatures, generator
    )
    per_image = len(found) // max(len(first), 1)
    return [
        _recognised(guess, row[0][0], told, found[at * per_image :][:per_image], grammar, taxonomy)
        for at, (guess, row, told) in enumerate(zip(guesses, first, given, strict=True))
    ]


def _first(
    guesses: Mapping[str, float],
    choice: Choice,
    count: int,
    generator: np.random.Generator | None,
) -> list[tuple[str, float]]:
    """The leaves to go on from, best first, with the logarithm of their probability."""
    if choice is not None and len(choice) == 1:
        return [(next(iter(choice)), 0.0)] + [(next(iter(choice)), -1e9)] * (count - 1)
    if generator is not None:
        likely = np.array(list(guesses.values()))
        return [(str(generator.choice(list(guesses), p=likely / likely.sum())), 0.0)]
    best = sorted(guesses, key=lambda leaf: -guesses[leaf])[:count]
    found = [(leaf, float(np.log(guesses[leaf] + 1e-30))) for leaf in best]
    return found + [(best[-1], -1e9)] * (count - len(best))


def _hypothesis(leaf: str, log_p: float, grammar: Grammar) -> Hypothesis:
    names = grammar.heads[CATEGORY]
    return Hypothesis(names.index(leaf) if leaf in names else len(names), log_p)


def _great(leaf: str, grammar: Grammar, taxonomy: Taxonomy) -> int:
    names, great = grammar.heads[GREAT_CATEGORY], taxonomy.great_category(leaf)
    return names.index(great) if great in names else -1


def _recognised(
    guesses: Mapping[str, float],
    first: str,
    given: bool,
    found: Sequence[Hypothesis],
    grammar: Grammar,
    taxonomy: Taxonomy,
) -> Prediction:
    """One image's answer, from its sequences; ``found`` has one for each leaf gone on from."""
    names = grammar.heads[CATEGORY]
    alone = len(found) == 1 and found[0].leaf < len(names)
    category = names[found[0].leaf] if alone else first
    weights = np.exp(np.array([hypothesis.log_p_leaf for hypothesis in found]))
    groups = {}
    for group in taxonomy.groups_of(category):
        heard = [
            (w, h.likely[group]) for w, h in zip(weights, found, strict=True) if group in h.likely
        ]
        share = sum(weight for weight, _ in heard)
        if share >= weights.sum() / 2:
            mean = sum(weight * likely for weight, likely in heard) / share
            groups[group] = dict(zip(grammar.heads[group], mean.tolist(), strict=True))
    return Prediction(guesses, category, given, groups)
