"""Decodes categories and then the attributes that follow them (SK Planet paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition import decoding
from houndstooth.models.recognition.decoding import (
    GreatCategoryStates,
    Hypothesis,
    Numbers,
    Start,
    Step,
    Temperatures,
)
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.prediction import Choice, Prediction, restrict, weighed

TOP_LEAVES = 4
"""Where no category is given, attributes are decoded after this many of the likeliest."""


@dataclass(frozen=True)
class Categories:
    """The categories of a batch of n images, and the decoder's states after them.

    Attributes:
        start: the decoder's state after each image.
        greats: its states after each great category.
        probabilities: by leaf category, within the choice, for each image.
        choices: the leaf categories to choose from, for each image; None is all.
    """

    start: Start
    greats: GreatCategoryStates
    probabilities: list[dict[str, float]]
    choices: list[Choice]

    def take(self, rows: Numbers) -> Categories:
        """Select images by row."""
        kept = rows.tolist()
        return Categories(
            self.start.take(rows),
            self.greats.take(rows),
            [self.probabilities[row] for row in kept],
            [self.choices[row] for row in kept],
        )

    @property
    def given(self) -> list[bool]:
        """Tell of each image whether its choice is one category."""
        return [choice is not None and len(choice) == 1 for choice in self.choices]

    def predictions(self) -> list[Prediction]:
        """Make predictions of the likeliest categories, without attributes."""
        first = (
            _first_leaves(*pair, 1) for pair in zip(self.probabilities, self.choices, strict=True)
        )
        return [
            Prediction(probabilities, leaf, given, {})
            for probabilities, given, [(leaf, _)] in zip(
                self.probabilities, self.given, first, strict=True
            )
        ]


def decode_categories(
    step: Step,
    start: Start,
    choices: Sequence[Choice],
    grammar: Grammar,
    temperatures: Temperatures,
    category_weights: Mapping[str, float] | None = None,
) -> Categories:
    """Decode the categories of a batch.

    Args:
        start: the decoder's state after each image.
        choices: for each image the leaf categories to choose from; None is all.
        category_weights: see Card.
    """
    greats = decoding.step_great_categories(step, start, grammar)
    leaves = decoding.leaf_probabilities(start, greats, grammar, temperatures)
    names = grammar.heads[CATEGORY]
    likely = [{name: p for name, p in zip(names, r, strict=True) if p > 0} for r in leaves.tolist()]
    if category_weights:
        likely = [
            row if choice is not None and len(choice) == 1 else weighed(row, category_weights)
            for row, choice in zip(likely, choices, strict=True)
        ]
    found = [restrict(row, choice) for row, choice in zip(likely, choices, strict=True)]
    return Categories(start, greats, found, list(choices))


def decode_attributes(
    step: Step,
    categories: Categories,
    grammar: Grammar,
    taxonomy: Taxonomy,
    temperatures: Temperatures,
    width: int = 1,
    generator: np.random.Generator | None = None,
) -> list[Prediction]:
    """Decode the attributes of a batch, guided where a choice is given.

    Greedy decoding starts from the TOP_LEAVES likeliest categories, and averages what comes after
    each by the category's probability. So where two categories are equally likely, neither alone
    decides the colour. A single choice is fed to the decoder, and all attributes are conditioned
    on it.

    Args:
        width: of the beam; 1 is greedy decoding.
        generator: samples sequences by their probability instead.
    """
    given, start, greats = categories.given, categories.start, categories.greats
    greedy = width == 1 and generator is None
    starts = 1 if generator or (greedy and all(given)) else TOP_LEAVES if greedy else width
    first = [
        _first_leaves(probabilities, choice, starts, generator)
        for probabilities, choice in zip(categories.probabilities, categories.choices, strict=True)
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
            categories.probabilities[at],
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
    generator: np.random.Generator | None = None,
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
