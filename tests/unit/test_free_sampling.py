"""Sampling without the grammar, as the first paper does; random weights."""

from __future__ import annotations

import numpy as np

from houndstooth.models.recognition.decoding import Array, Numbers, Start
from houndstooth.models.recognition.free_sampling import sample_freely
from houndstooth.models.recognition.prediction import Choice, Prediction
from tests.unit.sequence_networks import GRAMMAR, LEAVES, TAXONOMY, asked, random_decoder


def sample(choices: list[Choice], seed: int = 1) -> list[Prediction]:
    step, start = asked(random_decoder(seed), len(choices))
    return sample_freely(step, start, choices, GRAMMAR, TAXONOMY, np.random.default_rng(seed))


def scripted(tokens: list[str]) -> Prediction:
    """What comes of a decoder that says these terms whatever it is fed, then the end."""
    numbers = [GRAMMAR.terms.index(token) for token in tokens] + [GRAMMAR.end]
    said = np.full((len(numbers), 1, GRAMMAR.tokens), -1e9, np.float32)
    for place, number in enumerate(numbers):
        said[place, 0, number] = 0.0
    place = iter(said[1:])

    def step(fed: Numbers, _: Array, hidden: Array, cell: Array) -> tuple[Array, Array, Array]:
        return next(place), hidden, cell

    state = np.zeros((1, 1), np.float32)
    start = Start(said[0], said[0], state, state)
    rng = np.random.default_rng(0)
    return sample_freely(step, start, [None], GRAMMAR, TAXONOMY, rng)[0]


def test_the_terms_come_as_they_were_sampled_twice_in_a_group_or_where_none_belongs() -> None:
    got = scripted(["shoes", "jeans", "colour:red", "colour:blue", "heel:flat"])
    assert got.category == "jeans" and not got.given
    assert got.groups == {
        "colour": {"colour:red": 1.0, "colour:blue": 1.0},
        "heel": {"heel:flat": 1.0},
    }
    assert "heel" not in TAXONOMY.groups_of("jeans")


def test_a_given_category_is_fed_and_not_sampled() -> None:
    for category in LEAVES:
        for seen in sample([{category}] * 5):
            assert seen.category == category and seen.given


def test_of_several_categories_the_likeliest_is_fed() -> None:
    assert {seen.category for seen in sample([set(LEAVES[:2])] * 20)} <= set(LEAVES[:2])


def test_there_is_a_category_even_where_none_was_sampled() -> None:
    assert scripted(["colour:red"]).category in LEAVES


def test_one_seed_samples_one_answer() -> None:
    assert sample([None] * 10) == sample([None] * 10)
    assert sample([None] * 10) != sample([None] * 10, seed=2)
