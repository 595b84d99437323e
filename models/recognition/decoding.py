"""Decoding of attribute sequences: greedy, beam and sampled; numpy alone.

The network is asked through one function, its step, so the same decoding serves onnxruntime and, in
tests, torch.
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
# tokens [n], image scores [n, tokens], hidden and cell [n, size] to next scores, hidden and cell.
Step = Callable[[Numbers, Array, Array, Array], tuple[Array, Array, Array]]


@dataclass(frozen=True)
class Start:
    """What the encoder gives for a batch.

    Attributes:
        first: scores of the first token, [n, tokens].
        image_scores: the image's part of all scores, [n, tokens].
        hidden, cell: state of the LSTM after the image, [n, size].
    """

    first: Array
    image_scores: Array
    hidden: Array
    cell: Array

    def take(self, rows: Numbers) -> Start:
        """That of some images, in another order or several times."""
        parts = (self.first, self.image_scores, self.hidden, self.cell)
        return Start(*(part[rows] for part in parts))


@dataclass(frozen=True)
class Greats:
    """The decoder after each great category: scores, hidden and cell, [n, greats, …]."""

    scores: Array
    hidden: Array
    cell: Array

    def take(self, rows: Numbers) -> Greats:
        """That of some images, in another order or several times."""
        return Greats(self.scores[rows], self.hidden[rows], self.cell[rows])


@dataclass
class Hypothesis:
    """One sequence so far.

    Attributes:
        leaf: number of the leaf category; their count is a leaf that the network does not know.
        log_p_leaf: natural logarithm of the leaf's probability.
        log_p: that of the attributes so far.
        tokens: of the attributes, in order.
        likely: calibrated probabilities within each group that spoke, by head.
        ended: nothing more comes.
    """

    leaf: int
    log_p_leaf: float
    log_p: float = 0.0
    tokens: list[int] = field(default_factory=list)
    likely: dict[str, Array] = field(default_factory=dict)
    ended: bool = False

    @property
    def total(self) -> float:
        """Natural logarithm of the whole sequence's probability."""
        return self.log_p_leaf + self.log_p


def softmax(scores: Array, temperature: float = 1.0) -> Array:
    """Along the last axis; -inf is never."""
    scaled = scores / np.float32(temperature)
    likely = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=-1, keepdims=True), dtype=np.float32)


def after_greats(step: Step, start: Start, grammar: Grammar) -> Greats:
    """Say each great category in turn to each image."""
    n, greats = len(start.first), np.arange(grammar.greats.start, grammar.greats.stop)

    def repeat(array: Array) -> Array:
        return np.repeat(array, len(greats), axis=0)

    said = np.tile(greats, n).astype(np.int64)
    found = step(said, repeat(start.image_scores), repeat(start.hidden), repeat(start.cell))
    return Greats(*(part.reshape(n, len(greats), -1) for part in found))


def leaf_likelihoods(
    start: Start, greats: Greats, grammar: Grammar, temperatures: Temperatures
) -> Array:
    """Probability of each leaf category, over all great categories: float32 [n, leaves].

    P(leaf) = P(its great category) · P(leaf | great category), calibrated.
    """
    great = softmax(start.first[:, grammar.greats], temperatures[GREAT_CATEGORY])
    scores = greats.scores[:, :, grammar.leaves]
    inside = grammar.great_of[None] == np.arange(great.shape[1])[:, None]
    inside &= grammar.known[grammar.leaves]
    scores = np.where(inside[None], scores, np.float32(-1e9))
    leaf = softmax(scores, temperatures[CATEGORY]) * inside[None]
    likely = np.einsum("ng,ngl->nl", great, leaf)
    return np.asarray(likely / np.maximum(likely.sum(axis=1, keepdims=True), 1e-30))


def attributes(
    step: Step,
    start: Start,
    greats: Greats,
    grammar: Grammar,
    given: list[list[Hypothesis]],
    great_of: list[list[int]],
    temperatures: Temperatures,
    generator: np.random.Generator | None = None,
) -> list[Hypothesis]:
    """The attributes that follow a category.

    Args:
        given: for each image, the categories to go on from: one alone is greedy decoding, several
            are a beam of that width.
        great_of: the great category's number for each of them; -1 where the network has none.
        generator: draws every token instead of taking the likeliest; one hypothesis an image.

    Returns:
        The most probable sequence of each image.
    """
    width = len(given[0])
    beams = [hypothesis for beam in given for hypothesis in beam]
    image = np.repeat(np.arange(len(given)), width)
    great = np.array([number for beam in great_of for number in beam])
    leaf = np.array([hypothesis.leaf for hypothesis in beams])
    known_great = great >= 0
    scores = np.where(known_great[:, None], greats.scores[image, great], start.first[image])
    hidden = np.where(known_great[:, None], greats.hidden[image, great], start.hidden[image])
    cell = np.where(known_great[:, None], greats.cell[image, great], start.cell[image])
    known_leaf = leaf < len(grammar.great_of)
    state: State = (scores, hidden, cell)
    said = np.where(known_leaf, leaf + grammar.leaves.start, grammar.end)
    state = _say(step, said, known_leaf, start.image_scores[image], state)
    last = np.ones(len(beams), dtype=np.int64)
    for _ in range(len(grammar.heads) - 2):
        allowed = grammar.attributes(last, grammar.groups_of[leaf])
        log_p = np.log(softmax(np.where(allowed, state[0], np.float32(-1e9))) + 1e-30)
        parents, said = _choose(beams, log_p, grammar, width, generator)
        before = (state[0][parents], state[1][parents], state[2][parents])
        beams = [
            _grown(beams[p], int(t), log_p[p], before[0][i], grammar, temperatures)
            for i, (p, t) in enumerate(zip(parents, said, strict=True))
        ]
        leaf, last = leaf[parents], np.maximum(last[parents], grammar.head_of[said])
        if all(hypothesis.ended for hypothesis in beams):
            break
        spoke = said != grammar.end
        state = _say(step, said, spoke, start.image_scores[image], before)
    return [
        max(beams[i : i + width], key=lambda hypothesis: hypothesis.total)
        for i in range(0, len(beams), width)
    ]


def _say(
    step: Step, tokens: Numbers, spoke: NDArray[np.bool_], images: Array, state: State
) -> State:
    """The state after a token, where there was one."""
    scores, hidden, cell = step(tokens, images, state[1], state[2])
    there = spoke[:, None]
    return (
        np.where(there, scores, state[0]),
        np.where(there, hidden, state[1]),
        np.where(there, cell, state[2]),
    )


def _choose(
    beams: list[Hypothesis],
    log_p: Array,
    grammar: Grammar,
    width: int,
    generator: np.random.Generator | None,
) -> tuple[Numbers, Numbers]:
    """Which hypotheses grow by which tokens: parents and tokens, int64 [n]."""
    if generator is not None:
        drawn = [generator.choice(grammar.tokens, p=_normal(row)) for row in log_p]
        return np.arange(len(beams)), np.array(drawn)
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


def _normal(log_p: Array) -> NDArray[np.float64]:
    likely = np.exp(log_p.astype(np.float64))
    return np.asarray(likely / likely.sum())


def _grown(
    parent: Hypothesis,
    token: int,
    log_p: Array,
    scores: Array,
    grammar: Grammar,
    temperatures: Temperatures,
) -> Hypothesis:
    """A hypothesis and one more token."""
    if parent.ended:
        return parent
    total = parent.log_p + float(log_p[token])
    if token == grammar.end:
        return replace(parent, log_p=total, ended=True)
    name = list(grammar.heads)[grammar.head_of[token]]
    where = grammar.slices[name]
    inside = np.where(grammar.known[where], scores[where], np.float32(-1e9))
    likely = {**parent.likely, name: softmax(inside, temperatures[name])}
    return replace(parent, log_p=total, tokens=[*parent.tokens, token], likely=likely)
