"""Facts that are read alone, as merchandising rules and sorting read them."""

from __future__ import annotations

from typing import Any

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.read_products import ProductFacts
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from tests.catalogue import LENGTHS, MODEL, document
from tests.integration.engines.helpers import fill

FACTS: dict[str, Any] = {
    "title": "Red tee",
    "price": 9.5,
    "größe": "XL",
    "new": True,
    "tags": ["a", "b"],
    "note": None,
}
TERMS = ["t-shirt", "top", "colour:red", "colour:blue", "sleeve:long", "jeans", "no such term"]


def test_reads_what_is_named_and_nothing_else(engine: Engine) -> None:
    red = document("1", FACTS, category="t-shirt", attributes=["colour:red", "sleeve:long"])
    fill(engine, red, document("2", {"price": 7}, category="jeans", attributes=[]))
    names = ["price", "größe", "new", "tags", "note", "nothing"]
    assert engine.facts(["2", "nobody", "1"], names, TERMS) == {
        "1": ProductFacts(
            {"price": 9.5, "größe": "XL", "new": True, "tags": ["a", "b"]},
            frozenset({"t-shirt", "top", "colour:red", "sleeve:long"}),
        ),
        "2": ProductFacts({"price": 7}, frozenset({"jeans"})),
    }
    assert engine.facts(["1"], ["title"]) == {"1": ProductFacts({"title": "Red tee"}, frozenset())}
    assert engine.facts(["1"], []) == {"1": ProductFacts({}, frozenset())}
    assert engine.facts([], names, TERMS) == {}
    many = [*names, *(f"no.such {n}" for n in range(200))]
    assert engine.facts(["2", "nobody", "1"], many, TERMS) == engine.facts(["1", "2"], names, TERMS)
    engine.write([IndexDocument("1", {"price": 8})])
    engine.refresh()
    assert engine.facts(["1"], ["price"])["1"].facts == {"price": 8}


def test_a_variant_field_may_have_any_name(engine: Engine) -> None:
    fill(engine, document("1", FACTS), document("2", {"größe": 7}), document("3"))
    [batch] = engine.changes(MODEL, LENGTHS, "größe")
    for rows in (batch.rows, engine.features(["1", "2", "3"], MODEL, LENGTHS, "größe")):
        groups = dict(zip(rows.product_ids, rows.variant_groups, strict=True))
        assert groups == {"1": "XL", "2": "7", "3": None}


def test_a_dotted_name_leads_into_objects(own: Engine) -> None:
    fill(own, document("1"), document("2"))
    country = {"maker": {"country": "it"}}
    assert own.facts(["1"], ["maker.country", "price"])["1"].facts == {**country, "price": 10}
    assert FieldAllowlist(own, ["maker"]).facts(["1"], ["maker.country", "price"]) == {
        "1": ProductFacts(country, frozenset())
    }
