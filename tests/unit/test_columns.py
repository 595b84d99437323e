"""Columns by their names, cells as values, rows as products."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.columns import Reading, fact_name, parse_columns, read_as
from houndstooth.ingest.feeds import Row
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.product_reader import ProductReader
from houndstooth.ingest.products import FeedProduct, read_products
from houndstooth.mappings.errors import InvalidBox, InvalidFeed, InvalidInput, InvalidProduct
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Product


def header(line: str) -> list[str]:
    return line.split(",")


GOOGLE = header(
    "id,title,description,link,image_link,additional_image_link,availability,price,brand,"
    "google_product_category,product_type,item_group_id,condition"
)
STUDIO = header("id,title,category,price,currency,brand,stock,gender,image,group")
DATA_SET = header(
    "file,id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,"
    "productDisplayName,group,source,width,height"
)


def read(cells: dict[str, Any], columns: list[str] | None = None) -> Product:
    (found,) = ProductReader(read_as(columns or list(cells))).products([cells], {})
    if isinstance(found, InvalidInput):
        raise found
    return found


def product(columns: list[str], **cells: Any) -> Product:
    return read(dict.fromkeys(columns, "") | cells)


def test_google_merchant() -> None:
    found = product(
        GOOGLE,
        id="7",
        title="Blue shirt",
        image_link="a.jpg",
        price="1,299.50 EUR",
        brand="Puma",
        google_product_category="212",
        product_type="Clothing > Shirts",
        item_group_id="g1",
        availability="in_stock",
        link="https://shop.example/7",
    )
    assert (found.product_id, found.title, found.image) == ("7", "Blue shirt", "a.jpg")
    assert found.category_text == "Clothing > Shirts\n212"
    assert found.facts == {
        "title": "Blue shirt",
        "brand": "Puma",
        "price": 1299.5,
        "currency": "EUR",
        "group": "g1",
        "url": "https://shop.example/7",
        "image": "a.jpg",
        "images": None,
        "availability": "in stock",
        "google_product_category": "212",
        "product_type": "Clothing > Shirts",
        "description": None,
        "condition": None,
    }


def test_google_names_with_a_prefix_and_the_second_category() -> None:
    cells = {"g:id": "7", "g:title": "T", "g:image_link": "a.jpg", "g:google_product_category": "X"}
    assert read(cells).category_text == "X"


def test_synthetic_feed_with_box() -> None:
    found = product([*STUDIO, "box"], id="1", image="1.jpg", stock="3.0", box="0.1,0.2,0.5,0.5")
    assert found.facts["stock"] == 3
    assert found.box == Box(0.1, 0.2, 0.5, 0.5)
    assert found.facts["price"] is None


def test_data_set_truth_is_fact_and_never_category() -> None:
    truth = {"articleType": "Shirts", "masterCategory": "Apparel", "subCategory": "Topwear"}
    found = product(DATA_SET, id="1", file="images/1.jpg", productDisplayName="Blue", **truth)
    assert (found.title, found.image, found.category_text) == ("Blue", "images/1.jpg", "")
    assert truth.items() <= found.facts.items()
    assert "file" not in found.facts


def test_json_values() -> None:
    cells = {"id": 17, "title": "T", "image": "a.jpg", "price": 12.5, "stock": 3, "new": True}
    cells |= {"box": [0, 0, 0.5, 0.5], "tags": ["a", "b"], "score": 1.5, "note": None}
    found = read(cells)
    assert found.product_id == "17"
    assert found.box == Box(0, 0, 0.5, 0.5)
    facts = {"title": "T", "image": "a.jpg", "price": 12.5, "stock": 3}
    facts |= {"availability": "in stock", "tags": ["a", "b"]}
    assert found.facts == facts | {"new": True, "score": 1.5, "note": None}


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ({"id": ""}, InvalidProduct),
        ({"id": "x" * 513}, InvalidProduct),
        ({"id": "1.23457E+12"}, InvalidProduct),
        ({"image": ""}, InvalidProduct),
        ({"box": "0,0,2,2"}, InvalidBox),
        ({"box": "a box"}, InvalidBox),
    ],
)
def test_unusable_cells(cells: dict[str, Any], error: type[InvalidInput]) -> None:
    with pytest.raises(error):
        product([*STUDIO, "box"], **({"id": "1", "title": "T", "image": "a.jpg"} | cells))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"price": "free"}, "price left empty"),
        ({"price": "9" * 400}, "price left empty"),
        ({"stock": "many"}, "stock left empty"),
        ({"year": 10**30}, "field left out"),
        ({"year": {"from": 2020}}, "field left out"),
    ],
)
def test_a_cell_that_is_not_needed_costs_no_product(cells: dict[str, Any], kind: str) -> None:
    found = product([*STUDIO, "year"], **({"id": "1", "title": "T", "image": "a.jpg"} | cells))
    assert [note.kind for note in found.notes] == [kind]
    assert found.facts is not None and found.facts[next(iter(cells))] is None


def test_a_missing_column_is_explained() -> None:
    with pytest.raises(InvalidFeed) as caught:
        read_as(["sku", "label", "picture"])
    assert "no column is known as the title" in str(caught.value)
    assert "columns found: sku, label, picture" in str(caught.value)
    assert "--columns id=sku,title=COLUMN,image=COLUMN" in str(caught.value)


@pytest.mark.parametrize(
    "columns",
    [["sku", "handle", "title", "image"], ["id", "Title", "title", "image"]],
)
def test_ambiguous_columns_are_refused(columns: list[str]) -> None:
    with pytest.raises(InvalidFeed, match="more than one column may be the"):
        read_as(columns)


def test_chosen_columns() -> None:
    chosen = parse_columns("id=sku,title=label,image=picture,category=")
    columns = read_as(["sku", "label", "picture", "category", "title"], chosen=chosen)
    cells = {"sku": "1", "label": "L", "picture": "p", "category": "Shoes", "title": "other"}
    (found,) = ProductReader(columns).products([cells], {})
    assert isinstance(found, Product)
    assert (found.product_id, found.title, found.image) == ("1", "L", "p")
    assert found.category_text == ""
    assert found.facts == {"title": "L", "image": "p", "category": "Shoes", "title_": "other"}


@pytest.mark.parametrize("flag", ["", "id", "=a", "id=a,,title=b"])
def test_malformed_flag(flag: str) -> None:
    with pytest.raises(InvalidFeed, match="expected columns as"):
        parse_columns(flag)


@pytest.mark.parametrize("chosen", [{"shade": "id"}, {"id": "sku"}, {"id": ""}])
def test_chosen_columns_that_are_not_there(chosen: dict[str, str]) -> None:
    with pytest.raises(InvalidFeed):
        read_as(STUDIO, chosen=chosen)


@given(st.text(min_size=1))
def test_fact_names_are_fields(column: str) -> None:
    name = fact_name(column)
    assert name
    assert not name.startswith("_")
    assert not set(name) & set(". :=")
    assert name not in {"visual", "product_id", "title"}


# --- rows as products -------------------------------------------------------------------------

PLAIN: Reading = read_as(["id", "title", "image", "price"])


def rows(*cells: tuple[str, str, str]) -> list[Row]:
    names = ("id", "title", "image")
    return [Row(i, dict(zip(names, c, strict=True))) for i, c in enumerate(cells, start=2)]


def test_a_repeated_id_is_reported_and_the_first_stays() -> None:
    found = list(read_products(rows(("a", "A", "1"), ("b", "B", "2"), ("a", "A2", "3")), PLAIN))
    first, second, third = found
    assert isinstance(first, FeedProduct)
    assert isinstance(second, FeedProduct)
    assert first.product.title == "A"
    assert isinstance(third, Outcome)
    assert (third.product_id, third.status, third.failure_type, third.row) == (
        "a",
        "failed",
        "duplicate id",
        4,
    )
    assert "line 2" in str(third.reason)


def test_further_pictures_of_a_shopify_product_are_no_products() -> None:
    found = list(read_products(rows(("a", "A", "1"), ("a", "", "2"), ("b", "", "3")), PLAIN))
    assert [entry.row for entry in found] == [2, 4]


def test_unusable_rows_pass_as_outcomes() -> None:
    bad = [Row(9, error=InvalidProduct("no row")), Row(10, {"id": "a", "image": ""})]
    found = list(read_products([*bad, *rows(("a", "A", "1"))], PLAIN))
    assert [type(entry) for entry in found] == [Outcome, Outcome, FeedProduct]
    assert [getattr(entry, "product_id", None) for entry in found] == ["", "a", None]
