"""Neighbours have a say in the colour, and in nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mappings.features import WHOLE_IMAGE, Features, RecognisedTerm
from plugin.feedback import SHARE, SHARPNESS, believed

FEATURES = Features(
    categories=(RecognisedTerm("shirt", 0.9),),
    category_source="auto",
    attributes=(
        RecognisedTerm("gender:men", 0.8),
        RecognisedTerm("colour:blue", 0.5),
        RecognisedTerm("colour:navy-blue", 0.4),
        RecognisedTerm("sleeve:long", 0.7),
    ),
    box=WHOLE_IMAGE,
    box_source="whole",
    code=np.zeros(8, np.uint8),
    colour=np.zeros(8, np.uint8),
    model="m-1",
)


def colours(features: Features) -> dict[str, float]:
    return {t.term: t.confidence for t in features.attributes if t.term.startswith("colour:")}


def test_near_products_tip_the_scales() -> None:
    near = [("colour:navy-blue", "sleeve:short")] * 3
    found = believed(FEATURES, np.array([0.1, 0.1, 0.11]), near)
    assert found.best_attributes()[1].term == "colour:navy-blue"
    assert colours(found)["colour:navy-blue"] == pytest.approx((1 - SHARE) * 0.4 + SHARE * 0.9)
    assert sum(colours(found).values()) == pytest.approx(0.9), "as sure of some colour as before"
    order = [t.term.partition(":")[0] for t in found.attributes]
    assert order == ["gender", "colour", "colour", "sleeve"]
    assert replace(found, attributes=FEATURES.attributes) == FEATURES


def test_the_farther_the_less_of_a_vote() -> None:
    distances = np.array([0.1, 0.1 + SHARPNESS])
    votes = colours(believed(FEATURES, distances, [("colour:red",), ("colour:green",)]))
    assert votes["colour:red"] / votes["colour:green"] == pytest.approx(np.e)


def test_a_colour_nobody_recognised_can_be_named_by_the_shop() -> None:
    found = believed(FEATURES, np.array([0.1]), [("colour:teal",)])
    assert found.best_attributes()[1].term == "colour:teal"


@pytest.mark.parametrize("attributes", [[], [("sleeve:short",)]])
def test_no_votes_change_nothing(attributes: list[tuple[str, ...]]) -> None:
    assert believed(FEATURES, np.full(len(attributes), 0.2), attributes) is FEATURES


def test_where_no_colour_was_recognised_none_is_made_up() -> None:
    plain = replace(FEATURES, attributes=FEATURES.attributes[:1])
    assert believed(plain, np.array([0.1]), [("colour:red",)]) is plain
