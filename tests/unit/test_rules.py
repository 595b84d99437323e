"""Merchandising rules as they are read, whom they move, and when they apply."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from houndstooth.mappings.errors import InvalidConfig, InvalidInput
from houndstooth.mappings.read_products import ProductFacts
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.columns.query import RankedRow
from houndstooth.plugin.engines.fields import leading_to
from houndstooth.plugin.found import Found
from houndstooth.plugin.merchandising.reading import read_rules
from houndstooth.plugin.merchandising.rule import Rule
from houndstooth.plugin.merchandising.ruled_page import NOT_PINNED, RuledOrder
from houndstooth.plugin.merchandising.rules_file import RulesFile

TAXONOMY = Taxonomy.load()
FACTS = {
    "brand": "Acme", "price": 50.0, "cost_of_goods_sold": 20, "tags": ["new", "7"], "organic": True,
    "offers": [{"shop": "Rome"}], "colour": [None], "availability": "in stock",
}  # fmt: skip


def read(*rules: Any, **more: Any) -> Any:
    named = [{"name": str(n), "action": "boost", **rule} for n, rule in enumerate(rules)]
    return read_rules({"rules": named, **more}, TAXONOMY)


def moving(rules: Any, facts: dict[str, Any]) -> list[Rule]:
    """The rules that move product 1, a red t-shirt."""
    terms = rules.terms & {"t-shirt", "top", "colour:red"}
    named = {name: facts[name] for name in facts if name in leading_to(rules.names)}
    found: list[Rule] = rules.moving({"1": ProductFacts(named, frozenset(terms))})["1"]
    return found


@pytest.mark.parametrize(
    ("match", "moves"),
    [
        ({"ids": ["1", "2"]}, True),
        ({"ids": ["1", "2", "1"]}, True),
        ({"ids": "2"}, False),
        ({"filter": "brand=Acme"}, True),
        ({"filter": "brand=acme"}, False),
        ({"filter": ["brand=Loom", "brand=Acme", "price=..50"]}, True),
        ({"filter": ["brand=Acme", "price=..49.9"]}, False),
        ({"filter": "price=50"}, True),
        ({"filter": "tags=7"}, True),
        ({"filter": "organic=true"}, True),
        ({"filter": "offers.shop=Rome"}, True),
        ({"filter": "nothing=1"}, False),
        ({"filter": "colour=None"}, False),
        ({"term": ["t-shirt", "colour:red"]}, True),
        ({"term": "top"}, True),
        ({"term": ["t-shirt", "colour:blue"]}, False),
        ({"margin": "0.6.."}, True),
        ({"margin": "0.61.."}, False),
        ({"margin": "..0.6", "filter": "brand=Acme", "term": "top"}, True),
    ],
)
def test_whom_a_rule_moves(match: dict[str, Any], moves: bool) -> None:
    found = [rule.name for rule in moving(read({"match": match}), FACTS)]
    assert found == ["0"] * moves


def test_a_margin_needs_a_price_and_a_cost() -> None:
    rules = read({"match": {"margin": "-9.."}}, cost_field="cost")
    for facts, moved in [
        ({"price": 10, "cost": 4}, 1), ({"price": 10, "cost": 0}, 1), ({"price": 0, "cost": 4}, 0),
        ({"price": 10}, 0), ({"price": "10", "cost": 4}, 0), (FACTS, 0),
    ]:  # fmt: skip
        assert len(moving(rules, facts)) == moved, facts


def test_nothing_brings_a_sold_out_product_forward() -> None:
    rules = read(
        *({"action": action, "match": {"ids": "1"}} for action in ("pin", "boost", "bury"))
    )
    sold_out = {**FACTS, "availability": "out of stock"}
    assert [rule.action for rule in moving(rules, sold_out)] == ["bury"]
    assert len(moving(rules, FACTS)) == 3


@pytest.mark.parametrize(
    ("when", "applies"),
    [
        ({}, True),
        ({"category": ["shirt", "t-shirt"]}, True),
        ({"category": "top"}, True),
        ({"category": "jacket"}, False),
        ({"index": "products"}, True),
        ({"index": ["other"]}, False),
        ({"from": "2026-11-27"}, True),
        ({"from": "2026-11-28T00:00:00Z"}, False),
        ({"until": "2026-11-27"}, True),
        ({"until": "2026-11-26"}, False),
        ({"until": "9999-12-31"}, True),
        ({"from": "2026-11-27", "until": "2026-11-27", "category": "top"}, True),
        ({"until": "2026-11-27T12:00:00+02:00"}, False),
    ],
)
def test_when_a_rule_applies(when: dict[str, Any], applies: bool) -> None:
    rules = read({"match": {"ids": "1"}, "when": when})
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert len(rules.for_query({"t-shirt", "top"}, "products", now).rules) == applies


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"match": {}}, "rules[0].match: expected ids, or one or several of filter"),
        ({"match": {"ids": "1", "term": "top"}}, "rules[0].match: expected ids, or one or several"),
        (
            {"match": {"ids": "\ud800"}},
            "rules[0].match.ids: expected a text, or a list of 1 to 100",
        ),
        ({"match": {"brand": "x"}}, "rules[0].match: expected only ids, filter, term, margin; got"),
        ({"match": {"ids": []}}, "rules[0].match.ids: expected a text, or a list of 1 to 100; got"),
        ({"match": {"ids": "x" * 513}}, "rules[0].match.ids[0]: expected an id of at most 512 byt"),
        ({"match": {"filter": "x"}}, "rules[0].match.filter[0]: expected a filter as field=value"),
        ({"match": {"term": "tshirt"}}, "rules[0].match.term[0]: expected a term of the taxonomy"),
        ({"match": {"margin": 0.4}}, "rules[0].match.margin: expected a range of shares"),
        ({"match": {"margin": "0.4"}}, "rules[0].match.margin: expected a range of shares"),
        ({"action": "hide"}, "rules[0].action: expected one of pin, boost, bury; got 'hide'"),
        ({"action": "pin", "by": 0.1}, "rules[0].by: expected no by, as it is a pin; got '0.1'"),
        ({"by": 2}, "rules[0].by: expected a number over 0, at most 1; got '2'"),
        ({"by": True}, "rules[0].by: expected a number over 0"),
        ({"name": ""}, "rules[0].name: expected a text of 1 to 100 characters; got 'nothing'"),
        ({"note": ""}, "rules[0]: expected only name, action, by, match, when; got 'note'"),
        ({"when": {"category": "hat?"}}, "rules[0].when.category[0]: expected a term"),
        ({"when": {"from": "soon"}}, "rules[0].when.from: expected a date or time"),
        (
            {"when": {"from": "2026-02-02", "until": "2026-02-01"}},
            "rules[0].when.until: exp",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read({"match": {"ids": "1"}, **rule})
    assert str(caught.value).startswith(message) and "; got " in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [[], {}, {"rules": {}}, {"rules": [1]}, {"rules": [{"name": "x"}]}, {"rules": [], "cost": "x"}],
)
def test_other_documents_are_refused(document: Any) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        read_rules(document, TAXONOMY)
    with pytest.raises(InvalidInput, match=r"rules\[1\].name: expected a name that no other"):
        read(*[{"name": "twice", "match": {"ids": "1"}}] * 2)


def test_a_file_is_read_again_when_it_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "made" / "rules.json"
    rules = RulesFile(path, TAXONOMY)
    assert rules.current().rules == () and rules.document() == {"rules": []}
    one = {"rules": [{"name": "one", "action": "bury", "match": {"term": "top"}}]}
    rules.replace(one)
    other = RulesFile(path, TAXONOMY)
    assert [rule.name for rule in other.current().rules] == ["one"] and other.document() == one
    with pytest.raises(InvalidInput, match=r"rules\[0\]: expected an object"):
        rules.replace({"rules": [None]})
    path.write_text('{"rules": [')
    assert [rule.name for rule in other.current().rules] == ["one"]
    assert "expected a file of rules in JSON" in caplog.text and "stay as they were" in caplog.text
    with pytest.raises(InvalidConfig, match=r"HOUNDSTOOTH_RULES: .*: expected a file of"):
        RulesFile(path, TAXONOMY)
    path.write_text(json.dumps({"rules": []}))
    os.utime(path, ns=(1, 1))
    assert other.current().rules == rules.current().rules == ()
    path.unlink()
    assert other.current().rules == ()
    with pytest.raises(InvalidInput, match="expected a service with a file of rules"):
        RulesFile(None, TAXONOMY).replace(one)


def test_pins_come_in_the_order_of_rules_and_ids() -> None:
    rules = read(
        {"action": "pin", "match": {"filter": "brand=Acme"}},
        {"action": "pin", "match": {"ids": ["2", "1"]}},
    )
    order = RuledOrder(rules)
    taken, found = {"2": found_as("2"), "1": found_as("1")}, found_as("3")

    def keyed(*some: Found, taken: dict[str, Found], of_kind: bool = True) -> dict[Any, Found]:
        facts = {one.product_id: {} if one.product_id in taken else FACTS for one in some}
        known = {key: ProductFacts(named, frozenset()) for key, named in facts.items()}
        filler = SimpleNamespace(taken=taken, moving=lambda _, rules: rules.moving(known))
        return order.keyed(cast(Any, filler), some, lambda step: of_kind)

    by_key = keyed(*taken.values(), found, taken=taken)
    assert [one.product_id for _, one in sorted(by_key.items())] == ["3", "2", "1"]
    [(key, one)] = keyed(found, taken={}, of_kind=False).items()
    assert key[0] == NOT_PINNED and one.why == ()


def found_as(product_id: str) -> Found:
    return Found(0, RankedRow(product_id, 1, 0, 0.5, 0.0, 0.0))
