"""Decodes attribute sequences: greedy, by beam search, or sampled; numpy alone.

The network is reached through one function, its step. So the same decoding serves onnxruntime and,
in tests, torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar

Array = NDArray[np.float32]
State = tuple[Array, Array, Array]
Numbers = NDArray[np.int64]
Temperatures = Mapping[str, float]
Step = Callable[[Numbers, Array, Array, Array], tuple[Array, Array, Array]]
"""Tokens [n], image scores [n, tokens], hidden and cell [n, size] to next scores, hidden, cell."""


@dataclass(frozen=True)
class Start:
    """The decoder's state after the image, for a batch.

    Attributes:
        first: scores of the first token, float32 [n, tokens].
        image_scores: the image's part of the scores at every step, float32 [n, tokens].
        hidden, cell: state of the LSTM, float32 [n, size].
    """

    first: Array
    image_scores: Array
    hidden: Array
    cell: Array

    def take(self, rows: Numbers) -> Start:
        """Select images by row; a row may come several times."""
        parts = (self.first, self.image_scores, self.hidden, self.cell)
        return Start(*(part[rows] for part in parts))


@dataclass(frozen=True)
class GreatCategoryStates:
    """The decoder's scores, hidden and cell after each great category, float32 [n, greats, …]."""

    scores: Array
    hidden: Array
    cell: Array

    def take(self, rows: Numbers) -> GreatCategoryStates:
        """Select images by row; a row may come several times."""
        return GreatCategoryStates(self.scores[rows], self.hidden[rows], self.cell[rows])


@dataclass
class Hypothesis:
    """A partial sequence.

    Attributes:
        leaf: number of the leaf category; one past the last where the network does not know it.
        log_p_leaf: natural logarithm of the leaf's probability.
        log_p: natural logarithm of the probability of the attributes so far.
        tokens: the attributes so far, in order.
        probabilities: calibrated, within each predicted group, by head: float32 [terms].
        ended: whether the end token has come.
    """

    leaf: int
    log_p_leaf: float
    log_p: float = 0.0
    tokens: list[int] = field(default_factory=list)
    probabilities: dict[str, Array] = field(default_factory=dict)
    ended: bool = False

    @property
    def total(self) -> float:
        """Return the natural logarithm of the whole sequence's probability."""
        return self.log_p_leaf + self.log_p


def softmax(scores: Array, temperature: float = 1.0) -> Array:
    """Compute the softmax along the last axis, after dividing the scores by a temperature."""
    scaled = scores / np.float32(temperature)
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


def step_great_categories(step: Step, start: Start, grammar: Grammar) -> GreatCategoryStates:
    """Feed each great category to the decoder, for each image."""
    n, greats = len(start.first), np.arange(grammar.greats.start, grammar.greats.stop)

    def repeat(array: Array) -> Array:
        return np.repeat(array, len(greats), axis=0)

    tokens = np.tile(greats, n).astype(np.int64)
    states = step(tokens, repeat(start.image_scores), repeat(start.hidden), repeat(start.cell))
    return GreatCategoryStates(*(part.reshape(n, len(greats), -1) for part in states))


def leaf_probabilities(
    start: Start, greats: GreatCategoryStates, grammar: Grammar, temperatures: Temperatures
) -> Array:
    """Compute the calibrated probability of each leaf category.

    P(leaf) = P(its great category) · P(leaf | great category).

    Returns:
        float32 [n, leaves].
    """
    great = softmax(start.first[:, grammar.greats], temperatures[GREAT_CATEGORY])
    scores = greats.scores[:, :, grammar.leaves]
    inside = grammar.great_of[None] == np.arange(great.shape[1])[:, None]
    inside &= grammar.known[grammar.leaves]
    scores = np.where(inside[None], scores, np.float32(-1e9))
    leaf = softmax(scores, temperatures[CATEGORY]) * inside[None]
    joint = np.einsum("ng,ngl->nl", great, leaf)
    return np.asarray(joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-30))


def decode_attributes(
    step: Step,
    start: Start,
    greats: GreatCategoryStates,
    grammar: Grammar,
    leaves: list[list[Hypothesis]],
    great_of: list[list[int]],
    temperatures: Temperatures,
    generator: np.random.Generator | None = None,
) -> list[Hypothesis]:
    """Decode the attributes that follow a category.

    Args:
        leaves: for each image, the leaf categories to start from. One is greedy decoding, several
            are a beam of that width.
        great_of: the great category's number for each leaf; -1 where the network has none.
        generator: samples every token instead of taking the most probable; one leaf an image.

    Returns:
        The most probable sequence of each image.
    """
    width = len(leaves[0])
    beams = [hypothesis for beam in leaves for hypothesis in beam]
    image = np.repeat(np.arange(len(leaves)), width)
    great = np.array([number for beam in great_of for number in beam])
    leaf = np.array([hypothesis.leaf for hypothesis in beams])
    known_great = great >= 0
    scores = np.where(known_great[:, None], greats.scores[image, great], start.first[image])
    hidden = np.where(known_great[:, None], greats.hidden[image, great], start.hidden[image])
    cell = np.where(known_great[:, None], greats.cell[image, great], start.cell[image])
    known_leaf = leaf < len(grammar.great_of)
    state: State = (scores, hidden, cell)
    tokens = np.where(known_leaf, leaf + grammar.leaves.start, grammar.end)
    state = _feed(step, tokens, known_leaf, start.image_scores[image], state)
    last = np.ones(len(beams), dtype=np.int64)
    for _ in range(len(grammar.heads) - 2):
        allowed = grammar.allowed_attributes(last, grammar.groups_of[leaf])
        log_p = np.log(softmax(np.where(allowed, state[0], np.float32(-1e9))) + 1e-30)
        parents, tokens = _choose(beams, log_p, grammar, width, generator)
        before = (state[0][parents], state[1][parents], state[2][parents])
        beams = [
            _extend(beams[p], int(t), log_p[p], before[0][i], grammar, temperatures)
            for i, (p, t) in enumerate(zip(parents, tokens, strict=True))
        ]
        leaf, last = leaf[parents], np.maximum(last[parents], grammar.head_of[tokens])
        if all(hypothesis.ended for hypothesis in beams):
            break
        fed = tokens != grammar.end
        state = _feed(step, tokens, fed, start.image_scores[image], before)
    return [
        max(beams[i : i + width], key=lambda hypothesis: hypothesis.total)
        for i in range(0, len(beams), width)
    ]


def _feed(
    step: Step, tokens: Numbers, fed: NDArray[np.bool_], images: Array, state: State
) -> State:
    """Feed one token to the decoder; the state stays where ``fed``, bool [n], is false."""
    scores, hidden, cell = step(tokens, images, state[1], state[2])
    where = fed[:, None]
    return (
        np.where(where, scores, state[0]),
        np.where(where, hidden, state[1]),
        np.where(where, cell, state[2]),
    )


def _choose(
    beams: list[Hypothesis],
    log_p: Array,
    grammar: Grammar,
    width: int,
    generator: np.random.Generator | None,
) -> tuple[Numbers, Numbers]:
    """Choose the hypotheses to extend, and by which tokens: parents and tokens, int64 [n]."""
    if generator is not None:
        sampled = [generator.choice(grammar.tokens, p=_normalise(row)) for row in log_p]
        return np.arange(len(beams)), np.array(sampled)
    ended = np.array([hypothesis.ended for hypothesis in beams])
    log_p = np.where(ended[:, None], np.float32(-1e9), log_p)
    log_p[ended, grammar.end] = 0.0
    if width == 1:
        return np.arange(len(beams)), log_p.argmax(axis=1)
    so_far = np.array([hypothesis.total for hypothesis in beams])
    totals = (log_p + so_far[:, None]).reshape(len(beams) // width, -1)
    best = np.argsort(-totals, axis=1, kind="stable")[:, :width]
    parents = best // grammar.tokens + np.arange(len(best))[:, None] * width
    return parents.ravel(), (best % grammar.tokens).ravel()


def _normalise(log_p: Array) -> NDArray[np.float64]:
    """Turn log probabilities into probabilities that sum to 1 in double precision."""
    p = np.exp(log_p.astype(np.float64))
    return np.asarray(p / p.sum())


def _extend(
    parent: Hypothesis,
    token: int,
    log_p: Array,
    scores: Array,
    grammar: Grammar,
    temperatures: Temperatures,
) -> Hypothesis:
    """Extend a hypothesis by one token; an ended one stays as it is."""
    if parent.ended:
        return parent
    total = parent.log_p + float(log_p[token])
    if token == grammar.end:
        return replace(parent, log_p=total, ended=True)
    name = list(grammar.heads)[grammar.head_of[token]]
    where = grammar.slices[name]
    inside = np.where(grammar.known[where], scores[where], np.float32(-1e9))
    probabilities = {**parent.probabilities, name: softmax(inside, temperatures[name])}
    return replace(parent, log_p=total, tokens=[*parent.tokens, token], probabilities=probabilities)
