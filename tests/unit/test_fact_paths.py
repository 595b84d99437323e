"""Facts are found by name, in objects too."""

from __future__ import annotations

from typing import Any

import pytest

from houndstooth.plugin.fact_paths import fact_values, names_path, select_facts

FACTS: dict[str, Any] = {
    "title": "Tee",
    "images": ["a.jpg", "b.jpg"],
    "maker": {"country": "it", "name": {"short": "A", "long": "B"}},
    "offers": [{"size": "S", "price": 9.0}, {"size": "M", "price": [12.0, 8.0]}, "none"],
    "a.b": 7,
    "a": {"b": 8, "c": None},
}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["title", "images"], {"title": "Tee", "images": ["a.jpg", "b.jpg"]}),
        (["maker"], {"maker": FACTS["maker"]}),
        (["maker.name.short"], {"maker": {"name": {"short": "A"}}}),
        (["offers.size"], {"offers": [{"size": "S"}, {"size": "M"}]}),
        (["offers", "offers.size"], {"offers": FACTS["offers"]}),
        (["a.b"], {"a.b": 7, "a": {"b": 8}}),
        (["a.c"], {"a": {"c": None}}),
        (["titl", "title.x", "maker.x", "offers.x", "images.x"], {}),
        ([], {}),
    ],
)
def test_facts_are_selected(names: list[str], kept: dict[str, Any]) -> None:
    assert select_facts(FACTS, names) == kept


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("title", ["Tee"]),
        ("images", ["a.jpg", "b.jpg"]),
        ("maker.name.long", ["B"]),
        ("offers.price", [9.0, 12.0, 8.0]),
        ("a.b", [7, 8]),
        ("a.c", [None]),
        *((name, []) for name in ("maker", "offers.x", "x", "title.x")),
    ],
)
def test_values_are_found(name: str, values: list[Any]) -> None:
    assert list(fact_values(FACTS, name)) == values


def test_a_name_stands_for_all_that_lies_in_it() -> None:
    names = {"title", "offers.price", "maker"}
    allowed = ("title", "offers.price", "offers.price.net", "maker.style")
    assert [one for one in allowed if not names_path(names, one)] == []
    assert not any(names_path(names, one) for one in ("offers", "offers.cost", "titles", "make"))
    facts = {"offers": [{"price": 1, "cost": 0.4}], "maker": {"style": "x"}, "maker.style": "y"}
    assert select_facts(facts, names) == {
        "offers": [{"price": 1}],
        "maker": {"style": "x"},
        "maker.style": "y",
    }
