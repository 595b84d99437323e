"""Image references in cells: one or several, complete or to be completed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.cells.images import complete, read_images

A, B = "https://i.example/a.jpg", "https://i.example/b.jpg?w=1&h=2"


@pytest.mark.parametrize(
    ("cell", "images"),
    [
        (f"{A},{B}", (A, B)),
        (f"{A}, {B}", (A, B)),
        (f"{A}|{B}", (A, B)),
        (f"{A};{B}", (A, B)),
        (f"{A} {B}", (A, B)),
        (f"{A}\n{B}\n", (A, B)),
        (f"{A},{A}", (A,)),
        (f'["{A}", "{B}"]', (A, B)),
        ([A, B], (A, B)),
        ({"src": A}, (A,)),
        ({"preview": {"image": {"url": A}}}, (A,)),
        ({"edges": [{"node": {"url": A}}, {"node": {"url": B}}]}, (A, B)),
        ([{"src": A}, {"src": B}], (A, B)),
        ("img/a.jpg,img/b.png", ("img/a.jpg", "img/b.png")),
        ("img/a.jpg|img/b.png", ("img/a.jpg", "img/b.png")),
        ("img/red, large.jpg", ("img/red, large.jpg",)),
        ("img/my photo.jpg", ("img/my photo.jpg",)),
        ("https://c.example/w_200,h_300/a.jpg", ("https://c.example/w_200,h_300/a.jpg",)),
        ("https://c.example/a.jpg,b.jpg", ("https://c.example/a.jpg,b.jpg",)),
        ("https://c.example/my photo.jpg", ("https://c.example/my photo.jpg",)),
        (f"{A}?v=1,{A}?v=2", (f"{A}?v=1",)),
        ("https://i.example/a?x=1&amp;y=2", ("https://i.example/a?x=1&y=2",)),
        ("//i.example/a.jpg?v=1", ("https://i.example/a.jpg?v=1",)),
        ("i.cdn.example/a.jpg", ("https://i.cdn.example/a.jpg",)),
        ("shop.v1/a.jpg", ("shop.v1/a.jpg",)),
        ("gs://bucket/a b.jpg", ("https://storage.googleapis.com/bucket/a b.jpg",)),
        ("no_selection", ()),
        ("", ()),
        (None, ()),
        (17, ()),
        ("[not json]", ("[not json]",)),
    ],
)
def test_references_in_a_cell(cell: Any, images: tuple[str, ...]) -> None:
    assert read_images([cell], "") == images


def test_images_of_several_cells_stand_in_order_each_once() -> None:
    assert read_images([B, None, f"{A},{B}"], "") == (B, A)


@pytest.mark.parametrize(
    ("base", "image"),
    [
        ("https://s.example/media/", "https://s.example/media/a/b.jpg"),
        ("https://s.example", "https://s.example/a/b.jpg"),
        ("files", "files/a/b.jpg"),
        (".", "a/b.jpg"),
    ],
)
def test_a_leading_slash_is_completed(base: str, image: str) -> None:
    assert complete("/a/b.jpg", base) == image


def test_a_base_stands_before_every_path_and_no_url() -> None:
    assert read_images(["a.jpg", "/b.jpg", A], "https://s.example/m") == (
        "https://s.example/m/a.jpg",
        "https://s.example/m/b.jpg",
        A,
    )
    assert read_images(["/a.jpg"], "") == ("a.jpg",)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(read_images([text], "https://s.example"))
