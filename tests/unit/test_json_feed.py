"""JSON feeds: lines, an array, and an object around one; a broken object costs itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.feeds import Row, open_feed
from houndstooth.ingest.formats.json_feed import read_array
from houndstooth.mappings.errors import InvalidFeed

PRODUCTS = [
    {"id": 1, "title": "Tee", "image": {"src": "a.jpg"}, "variants": [{"id": 7, "sku": "s"}]},
    {"id": 2, "title": "Skirt, [red] {x}", "price": 3.5, "sale": None, "tags": ["a", "b"]},
]


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "feed"


def read(path: Path, text: str) -> tuple[str, list[Row]]:
    path.write_text(text)
    with open_feed(path) as feed:
        rows = list(feed.rows)
        return feed.description, rows


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda products: products,
        lambda products: {"products": products},
        lambda products: {"total": 2, "page": {"number": 1}, "data": {"items": products}, "z": []},
        lambda products: {"data": {"products": {"edges": [{"node": one} for one in products]}}},
    ],
)
def test_arrays(feed_file: Path, wrap: Any, indent: int | None) -> None:
    description, rows = read(feed_file, json.dumps(wrap(PRODUCTS), indent=indent))
    assert description == "JSON, UTF-8"
    assert [row.cell_values for row in rows] == PRODUCTS


@pytest.mark.parametrize("products", [PRODUCTS, PRODUCTS[:1]])
def test_lines_of_products_with_lists_of_their_own(feed_file: Path, products: Any) -> None:
    description, rows = read(feed_file, "\n".join(map(json.dumps, products)))
    assert description == "JSON Lines, UTF-8"
    assert [row.cell_values for row in rows] == products


def test_lines_may_end_in_commas(feed_file: Path) -> None:
    _, rows = read(feed_file, '{"id": 1},\n{"id": 2},\n{"id": 3}')
    assert [row.cell_values["id"] for row in rows] == [1, 2, 3]


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": 2, "title": "Tee" "image": "a.jpg"}',
        '{"id": 2, "sizes": [1, 2, }',
        '{"id": 2, "title": "Tee}',
        '{"id": NaN}',
        '{"id": "\\ud800"}',
        "7",
        '"text"',
        "[1, [2]]",
        "{]}",
    ],
)
def test_a_broken_object_of_an_array_costs_itself(feed_file: Path, broken: str) -> None:
    _, rows = read(feed_file, f'[\n{{"id": 1}},\n{broken},\n{{"id": 3}}\n]')
    assert [row.cell_values.get("id") for row in rows] == [1, None, 3]
    assert [row.number for row in rows] == [2, 3, 4]
    assert "expected" in str(rows[1].error)


def test_an_array_that_is_cut_off(feed_file: Path) -> None:
    for text in ('[{"id": 1}', '[{"id": 1}, {"id": 2, "ti'):
        _, rows = read(feed_file, text)
        assert rows[0] == Row(1, {"id": 1})
        assert "the feed is cut" in str(rows[-1].error)


def test_an_array_without_products(feed_file: Path) -> None:
    for text in ("[]", " [\n ] "):
        with pytest.raises(InvalidFeed, match="expected products in the JSON array"):
            read(feed_file, text)


value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), value), min_size=1, max_size=5),
    st.integers(1, 20),
    st.sampled_from([None, 1]),
)
def test_arrays_may_be_cut_anywhere(products: list[Any], size: int, indent: int | None) -> None:
    text = json.dumps(products, ensure_ascii=False, indent=indent)
    blocks = (text[at : at + size] for at in range(0, len(text), size))
    assert [row.cell_values for row in read_array(blocks, 1)] == products
