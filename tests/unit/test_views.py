"""Views of a product in its stored object: written whole, read leniently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from houndstooth.mappings.document import View, VisualDocument, VisualSummary
from houndstooth.mappings.features import Box
from houndstooth.plugin.engines.documents import with_views
from tests.catalogue import visual

FIELDS = ("views", "view_boxes", "view_codes", "view_colours")


def test_views_come_back_as_they_were_written() -> None:
    made = visual("1", views=3)
    read = VisualDocument.from_json(made.to_json())
    assert read.to_json() == made.to_json()
    assert read.views == VisualSummary.from_json(made.to_json()).views
    assert [view.place for view in read.views] == [1, 2, 4]
    assert [code.tobytes() for code in read.further_codes] == [
        code.tobytes() for code in made.further_codes
    ]


def test_an_older_document_has_one_view() -> None:
    stored = {name: value for name, value in visual("1").to_json().items() if name not in FIELDS}
    assert VisualDocument.from_json(stored).to_json() == visual("1").to_json()
    assert VisualSummary.from_json(stored).views == (View(1, Box(0.1, 0.2, 0.5, 0.25)),)


def test_fields_without_views_are_written_too() -> None:
    """Else a partial update would leave the views of an older picture."""
    assert [visual("1").to_json()[name] for name in FIELDS] == [[1], [], None, None]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("views", None),
        ("views", []),
        ("views", 3),
        ("views", ["first"]),
        ("views", [1, 2]),
        ("view_boxes", [0, 0, 1]),
        ("view_boxes", [0, 0, 1, 1]),
        ("view_boxes", [0, 0, 1, 1, 2, 0, 1, 1]),
        ("view_boxes", ["a"] * 8),
        ("view_codes", None),
        ("view_codes", "?"),
        ("view_codes", 7),
        ("view_codes", "AAAA"),
        ("view_colours", "AAAA"),
    ],
)
def test_damaged_views_cost_the_views_and_not_the_product(name: str, value: Any) -> None:
    made = visual("1", views=3)
    read = VisualDocument.from_json(made.to_json() | {name: value})
    assert (read.further, read.further_codes, read.further_colours) == ((), (), ())
    assert read.binary_code.tobytes() == made.binary_code.tobytes()
    shown = VisualSummary.from_json(made.to_json() | {name: value})
    assert shown.views[0].box == made.box


def test_views_follow_the_first_view_of_their_document() -> None:
    codes, colours = np.array([[1, 1], [2, 2], [3, 3]]), np.array([[1], [2], [3]])
    further = [(b"", b""), (bytes([20, 20, 21, 21]), bytes([20, 21])), (b"", b"")]
    codes, colours, counts = with_views(codes.astype(np.uint8), colours.astype(np.uint8), further)
    assert codes[:, 0].tolist() == colours[:, 0].tolist() == [1, 2, 20, 21, 3]
    assert counts is not None and counts.tolist() == [1, 3, 1]


@pytest.mark.parametrize(
    "pair",
    [(b"1", b"1"), (b"12", b""), (b"", b"1"), (b"1234", b"1"), (b"12", b"12"), (b"123", b"")],
)
def test_bytes_that_are_no_views_cost_nothing_else(pair: tuple[bytes, bytes]) -> None:
    codes, colours = np.ones((2, 2), dtype=np.uint8), np.ones((2, 1), dtype=np.uint8)
    assert with_views(codes, colours, [pair, (b"", b"")])[2] is None
    kept_codes, _, counts = with_views(codes, colours, [pair, (b"12", b"1")])
    assert counts is not None and counts.tolist() == [1, 2]
    assert kept_codes.shape == (3, 2)


def test_nothing_is_stacked_where_there_is_nothing() -> None:
    nothing = np.zeros((0, 0), dtype=np.uint8)
    assert with_views(nothing, nothing, [])[2] is None
