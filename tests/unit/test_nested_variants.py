"""Products whose variants are listed in them, as JSON from shops has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.outcome import DUPLICATE
from tests.unit.test_platforms import OFFER, Read

TEE: dict[str, Any] = {
    "id": 1,
    "title": "Plain tee",
    "handle": "tee",
    "body_html": "<p>Soft</p>",
    "vendor": "Acme",
    "product_type": "Tees",
    "tags": "summer, soft",
    "status": "active",
    "options": [
        {"name": "Color", "position": 1, "values": ["Red", "Blue"]},
        {"name": "Size", "position": 2, "values": ["S"]},
    ],
    "images": [{"id": 7, "src": "red.jpg"}, {"id": 8, "src": "blue.jpg"}],
    "variants": [
        {
            **{"id": 11, "sku": "T-R", "title": "Red / S", "price": "19.00", "image_id": None},
            **{"compare_at_price": "25.00", "option1": "Red", "option2": "S", "option3": None},
            **{"inventory_quantity": 3, "inventory_policy": "deny", "featured_image": None},
        },
        {
            **{"id": 12, "sku": "", "title": "Blue / S", "price": "21.00", "image_id": 8},
            **{"compare_at_price": None, "option1": "Blue", "option2": "S", "option3": None},
            **{"inventory_quantity": 0, "inventory_policy": "deny"},
        },
    ],
}
CAP = {
    **{"id": 2, "title": "Cap", "handle": "cap", "status": "active", "image": {"src": "cap.jpg"}},
    "options": [{"name": "Title", "values": ["Default Title"]}],
    "variants": [{"id": 21, "title": "Default Title", "option1": "Default Title", "price": "9"}],
}
OLD = {**CAP, "id": 3, "handle": "old", "status": "draft"}
BELT = {"id": 4, "title": "Belt", "handle": "belt", "images": [{"src": "b.jpg"}], "variants": []}


def read(path: Path, products: list[dict[str, Any]], **options: Any) -> Read:
    return Read(path / "products.json", json.dumps({"products": products}), **options)


def test_shopify_product_json(tmp_path: Path) -> None:
    found = read(tmp_path, [TEE, CAP, OLD, BELT])
    assert found.reading.platform.name == "Shopify product JSON"
    assert found.facts("group", "brand", "color", "size", *OFFER) == {
        "T-R": ("tee", "Acme", "Red", "S", 19.0, 25.0, None, "in stock", 3),
        "12": ("tee", "Acme", "Blue", "S", 21.0, None, None, "out of stock", 0),
        "21": ("cap", None, None, None, 9.0, None, None, None, None),
        "4": ("belt", None, None, None, None, None, None, None, None),
    }
    assert found.images() == {
        "T-R": ("red.jpg", "blue.jpg"),
        "12": ("blue.jpg", "red.jpg"),
        "21": ("cap.jpg",),
        "4": ("b.jpg",),
    }
    assert found.left_out() == ["21"]
    red = found.products["T-R"]
    assert (red.title, red.category_text) == ("Plain tee", "Tees")
    assert red.attributes == {"colour": "Red"}
    assert not any(product.notes for product in found.products.values())
    assert found.reading.counts.inherited["image"] == 2


@pytest.mark.parametrize("form", ["edges", "nodes"])
def test_shopify_graphql_answers(tmp_path: Path, form: str) -> None:
    def connection(*nodes: dict[str, Any]) -> dict[str, Any]:
        return {form: [{"node": node} if form == "edges" else node for node in nodes]}

    size = {"name": "Size", "value": "S"}
    variants = connection(
        {
            **{"id": "gid://shopify/ProductVariant/11", "sku": "T-S", "title": "S"},
            **{"price": {"amount": "19.0", "currencyCode": "EUR"}, "selectedOptions": [size]},
            **{"availableForSale": True, "image": {"url": "s.jpg"}},
        },
        {"id": "gid://shopify/ProductVariant/12", "title": "M", "price": "9", "image": None},
    )
    tee = {
        **{"id": "gid://shopify/Product/1", "title": "Tee", "handle": "tee", "vendor": "Acme"},
        **{"options": [{"name": "Size", "values": ["S", "M"]}], "variants": variants},
        "images": connection({"url": "a.jpg"}),
    }
    cap = {"id": "gid://shopify/Product/2", "title": "Cap", "handle": "cap", "variants": {form: []}}
    answer = {"data": {"products": connection(tee, {**cap, "images": connection({"url": "c"})})}}
    found = Read(tmp_path / "answer.json", json.dumps(answer))
    assert found.facts("group", "title", "size", "price", "currency", "availability") == {
        "T-S": ("tee", "Tee", "S", 19.0, "EUR", "in stock"),
        "gid://shopify/ProductVariant/12": ("tee", "Tee", None, 9.0, None, None),
        "gid://shopify/Product/2": ("cap", "Cap", None, None, None, None),
    }
    assert found.images()["T-S"] == ("s.jpg", "a.jpg")
    assert not any(product.notes for product in found.products.values())


def test_variants_of_plain_json(tmp_path: Path) -> None:
    tee = {
        **{"product_id": "T", "name": "Tee", "image_url": "tee.jpg", "brand": "Acme", "price": 5},
        "variants": [
            {"sku": "T-S", "size": "S", "color": "Red", "stock": 0},
            {"sku": "T-M", "size": "M", "price": 6, "image": "m.jpg", "name": "Tee in M"},
        ],
    }
    cap = {"product_id": "C", "name": "Cap", "image_url": "cap.jpg", "price": 7}
    found = read(tmp_path, [tee, cap, {**cap, "product_id": "D", "variants": []}])
    assert found.reading.platform.name == "table with plain column names"
    assert found.facts("group", "brand", "title", "size", *OFFER) == {
        "T-S": ("T", "Acme", "Tee", "S", 5.0, None, None, "out of stock", 0),
        "T-M": ("T", "Acme", "Tee", "M", 6.0, None, None, None, None),
        "C": (None, None, "Cap", None, 7.0, None, None, None, None),
        "D": (None, None, "Cap", None, 7.0, None, None, None, None),
    }
    assert found.images()["T-M"] == ("m.jpg", "tee.jpg")
    assert found.images()["T-S"] == ("tee.jpg",)
    assert found.products["T-S"].attributes == {"colour": "Red"}


@pytest.mark.parametrize(
    ("options", "variants"),
    [
        (["Size"], [{"options": ["S"]}, {"options": ["M"]}]),
        ([{"name": "Size"}], [{"option1": "S"}, {"option1": "M"}]),
        (None, [{"options": {"Size": "S"}}, {"options": {"Size": "M"}}]),
        (None, [{"attributes": [{"name": "Size", "option": one}]} for one in "SM"]),
        (None, [{"size": "S"}, {"size": "M"}]),
        (None, [{"title": "S"}, {"title": "M"}]),
    ],
)
def test_a_variant_without_an_id_is_called_by_its_options(
    tmp_path: Path, options: Any, variants: list[dict[str, Any]]
) -> None:
    tee = {"id": "T", "title": "Tee", "image": "a.jpg", "options": options, "variants": variants}
    found = read(tmp_path, [tee])
    assert [*found.products] == ["T/S", "T/M"]
    assert {product.title for product in found.products.values()} == {"Tee"}


def test_of_variants_that_cannot_be_told_apart_the_first_is_used(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [{"id": "T", "title": "Tee", "image": "a.jpg", "variants": [{"price": 1}, {"price": 2}]}],
    )
    assert found.facts("price") == {"T": (1.0,)}
    assert [outcome.failure_type for outcome in found.outcomes] == [DUPLICATE]


def test_what_only_variants_have_is_found(tmp_path: Path) -> None:
    variants = [{"sku": "A", "image": "a.jpg", "price": "1.299"}, {"sku": "B", "image": "b.jpg"}]
    other = {"name": "Cap", "variants": [{"sku": "C", "image": "c.jpg", "price": "12,50"}]}
    found = read(tmp_path, [{"name": "Tee", "variants": variants}, other])
    assert found.images() == {"A": ("a.jpg",), "B": ("b.jpg",), "C": ("c.jpg",)}
    assert found.facts("price")["A"] == (1299.0,)  # as the other prices are written


def test_text_about_variants_is_a_fact(tmp_path: Path) -> None:
    found = Read(tmp_path / "feed.csv", "id,title,image,variants\n1,Tee,a.jpg,S and M\n")
    assert found.facts("variants") == {"1": ("S and M",)}


def test_variants_listed_in_xml(tmp_path: Path) -> None:
    text = """\
<products>
<product><id>1</id><name>Tee</name><image>a.jpg</image><variants>
<variant><sku>A</sku><size>S</size><price>5</price></variant>
<variant><sku>B</sku><size>M</size><price>6</price></variant></variants></product>
<product><id>2</id><name>Cap</name><image>b.jpg</image><variants>
<variant><sku>C</sku><price>7</price></variant></variants></product>
<product><id>3</id><name>Bag</name><image>c.jpg</image><price>8</price><variants/></product>
</products>
"""
    found = Read(tmp_path / "feed.xml", text)
    assert found.facts("group", "title", "size", "price") == {
        "A": ("1", "Tee", "S", 5.0),
        "B": ("1", "Tee", "M", 6.0),
        "C": ("2", "Cap", None, 7.0),
        "3": (None, "Bag", None, 8.0),
    }
