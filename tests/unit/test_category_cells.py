"""The seller's category: the deepest path of a cell."""

from __future__ import annotations

import pytest

from houndstooth.ingest.cells.categories import read_category


@pytest.mark.parametrize(
    ("cell", "lists", "levels", "category"),
    [
        ("Apparel & Accessories > Clothing", "", ">", "Apparel & Accessories > Clothing"),
        ("Handbags, Wallets &amp; Cases>Bags", "", ">", "Handbags, Wallets & Cases > Bags"),
        ("Clothing, Clothing > Tees", ",", ">", "Clothing > Tees"),
        ("Hats\\, caps, Sale", ",", ">", "Hats, caps\nSale"),
        ("Default Category/Tops,Default Category/Tops/Tees", ",", "/", "Tops > Tees"),
        ("Clothing/Tees;Sale", ";", "/", "Clothing > Tees"),
        ("Home,Tees", ",", "/", "Tees"),
        ("Home", ",", "/", ""),
        ("T-Shirts", "", ">", "T-Shirts"),
        ("212", "", ">", "212"),
        (" ", "", ">", ""),
    ],
)
def test_the_deepest_path_is_read(cell: str, lists: str, levels: str, category: str) -> None:
    assert read_category(cell, lists, levels) == category


def test_numbers_are_no_category_where_a_platform_has_its_own() -> None:
    assert read_category("12;15", ";", "/", numbers=False) == ""
