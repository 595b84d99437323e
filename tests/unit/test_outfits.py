"""What goes with a product, by sessions and by pictures; and what of it is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from houndstooth.mappings.document import VisualDocument, VisualSummary
from houndstooth.mappings.features import Box
from houndstooth.mappings.worn_item import WornItem
from houndstooth.plugin.outfits import Outfit, _in_pictures
from houndstooth.plugin.together import MAX_PRODUCTS, Together
from tests.catalogue import visual


def worn(category: str, *attributes: str, code: bytes = b"12") -> WornItem:
    return WornItem(category, attributes, 1, Box(0.1, 0.2, 0.3, 0.4), code, b"345")


def test_what_a_product_is_worn_with_comes_back_as_it_was_written() -> None:
    made = replace(visual("1"), worn=(worn("jeans", "colour:blue"), worn("boots")))
    for kind in (VisualDocument, VisualSummary):
        assert kind.from_json(made.to_json()).worn == made.worn
    assert visual("1").to_json()["worn"] == [], "else a partial update would leave older ones"


@pytest.mark.parametrize(
    "stored",
    [
        *(None, 3, ["?"], [7], ["{}"], ["[]"], ["null"], [json.dumps({"category": 1})]),
        [json.dumps({**json.loads(worn("jeans").to_text()), "box": [0, 0, 2]})],
        [json.dumps({**json.loads(worn("jeans").to_text()), "code": "é"})],
    ],
)
def test_damaged_ones_cost_nothing_else(stored: Any) -> None:
    read = VisualDocument.from_json(visual("1").to_json() | {"worn": stored})
    assert (read.worn, read.category) == ((), "t-shirt")


def test_sessions_are_counted_by_what_was_done() -> None:
    together = Together(
        [
            *((f"s{n}", "purchase", one) for n in range(3) for one in ("tee", "jeans")),
            *((f"s{n}", "click", one) for n in range(2) for one in ("tee", "boots", "jeans")),
            ("s9", "impression", "tee"),
            ("s9", "impression", "hat"),
            ("alone", "click", "tee"),
        ]
    )
    assert together.with_product("tee", "bought") == ([("jeans", 3)], 3)
    assert together.with_product("tee", "viewed") == ([("boots", 2), ("jeans", 2)], 2)
    assert together.with_product("hat", "viewed") == ([], 0)


def test_a_robot_s_session_counts_for_nothing() -> None:
    robot = [("robot", "click", str(n)) for n in range(MAX_PRODUCTS + 1)]
    assert Together(robot).with_product("1", "viewed") == ([], 0)


def seen(outfits: list[Outfit]) -> list[tuple[str, str, int, int]]:
    return [
        (features.category.term, evidence.product_id, evidence.count, evidence.total)
        for features, evidence in _in_pictures(outfits, visual("0"))
    ]


def test_what_enough_pictures_show_goes_with_it_in_the_colour_shown_most() -> None:
    black, blue = worn("jeans", "colour:black"), worn("jeans", "colour:blue")
    outfits: list[Outfit] = [
        ("1", {}, [black, worn("boots")]),
        ("2", {}, [blue, worn("boots")]),
        ("3", {}, [blue, blue]),
        ("4", {}, [worn("boots")]),
        ("5", {}, [blue]),
    ]
    assert seen(outfits) == [("jeans", "2", 4, 5), ("boots", "1", 3, 5)]
    assert seen(outfits[:2]) == [], "two pictures are too few to tell"


def test_a_kind_that_few_of_many_pictures_show_does_not() -> None:
    others: list[Outfit] = [(str(n), {}, [worn("boots")]) for n in range(40)]
    rare: list[Outfit] = [(f"r{n}", {}, [worn("jeans")]) for n in range(3)]
    assert seen(others + rare) == [("boots", "0", 40, 43)]
