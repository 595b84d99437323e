"""Attributes as a sequence: encoder, then the decoder token by token, guided by the category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mappings.taxonomy import Taxonomy
from models import decoding
from models.crop import Crop
from models.decoding import Array, Greats, Hypothesis, Numbers, Start
from models.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from models.recognised import Choice, Recognised, narrowed
from models.session import Card, crop_inputs, open_session


class SequenceRecogniser:
    """See ``models.recogniser.Recogniser``.

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
        self.grammar = Grammar(card.heads, taxonomy)
        self._encoder = open_session(stem.with_name(stem.name + ".onnx"), threads)
        # Its steps are too small to share between processors.
        self._decoder = open_session(stem.with_name(stem.name + ".decoder.onnx"), 1)

    def run(
        self, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Recognised]]:
        """See Recogniser."""
        features, start = self._start(crops)
        return features, decode(
            self._step, start, choices, self.grammar, self.taxonomy, self.card.temperatures,
            self.width, self.generator,
        )  # fmt: skip

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """See Recogniser."""
        _, start = self._start(crops)
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

    def _start(self, crops: Sequence[Crop]) -> tuple[NDArray[np.float32], Start]:
        features, first, image_scores, hidden, cell = self._encoder.run(None, crop_inputs(crops))
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
) -> list[Recognised]:
    """From what the encoder saw to what each image shows, guided where a choice is given.

    Args:
        choices: for each image the leaves it may be of; None is all. One alone is fed in instead
            of decided, and everything after is conditioned on it.
    """
    greats: Greats = decoding.after_greats(step, start, grammar)
    leaves = decoding.leaf_likelihoods(start, greats, grammar, temperatures)
    names = grammar.heads[CATEGORY]
    guesses = [
        narrowed({name: p for name, p in zip(names, row, strict=True) if p > 0}, choice)
        for row, choice in zip(leaves.tolist(), choices, strict=True)
    ]
    first = [
        _first(guess, choice, width, generator)
        for guess, choice in zip(guesses, choices, strict=True)
    ]
    number = {name: i for i, name in enumerate(names)}
    great_names = {name: i for i, name in enumerate(grammar.heads[GREAT_CATEGORY])}
    given = [[Hypothesis(number.get(leaf, len(names)), log_p) for leaf, log_p in b] for b in first]
    great_of = [
        [great_names.get(taxonomy.great_category(leaf), -1) for leaf, _ in b] for b in first
    ]
    found = decoding.attributes(
        step, start, greats, grammar, given, great_of, temperatures, generator
    )
    return [
        _recognised(guess, choice, beam, hypothesis, grammar, taxonomy)
        for guess, choice, beam, hypothesis in zip(guesses, choices, first, found, strict=True)
    ]


def _first(
    guesses: Mapping[str, float],
    choice: Choice,
    width: int,
    generator: np.random.Generator | None,
) -> list[tuple[str, float]]:
    """The leaves to go on from, with the logarithm of their probability: ``width`` of them."""
    if choice is not None and len(choice) == 1:
        return [(next(iter(choice)), 0.0)] + [(next(iter(choice)), -1e9)] * (width - 1)
    if generator is not None:
        likely = np.array(list(guesses.values()))
        return [(str(generator.choice(list(guesses), p=likely / likely.sum())), 0.0)]
    best = sorted(guesses, key=lambda leaf: -guesses[leaf])[:width]
    best += best[-1:] * (width - len(best))
    return [(leaf, float(np.log(guesses[leaf] + 1e-30))) for leaf in best]


def _recognised(
    guesses: Mapping[str, float],
    choice: Choice,
    beam: Sequence[tuple[str, float]],
    hypothesis: Hypothesis,
    grammar: Grammar,
    taxonomy: Taxonomy,
) -> Recognised:
    names = grammar.heads[CATEGORY]
    unknown = hypothesis.leaf == len(names)
    category = beam[0][0] if unknown else names[hypothesis.leaf]
    groups = {
        group: dict(zip(grammar.heads[group], hypothesis.likely[group].tolist(), strict=True))
        for group in taxonomy.groups_of(category)
        if group in hypothesis.likely
    }
    return Recognised(guesses, category, choice is not None and len(choice) == 1, groups)
