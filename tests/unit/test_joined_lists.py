"""Searches in words: each product comes once, pinned or in a group, whatever changes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.read_products import ShownProduct
from houndstooth.mappings.search import Hit, SearchRequest, Sort
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines.sqlite import SQLiteEngine
from houndstooth.plugin.merchandising.reading import read_rules
from houndstooth.plugin.text_search import TextSearch
from tests.catalogue import document
from tests.naive_pages import TAXONOMY, search_of

COLOURS, PER_COLOUR = ("red", "blue"), 6


class PricedEngine(SQLiteEngine):
    """Writes new prices, once, before hits are first read."""

    priced: Sequence[str] = ()
    most_shown = 0

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        self.most_shown = max(self.most_shown, len(product_ids))
        priced, self.priced = self.priced, ()
        self.write([IndexDocument(one, {"price": 70.0}) for one in priced])
        return super().show(product_ids)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PricedEngine]:
    """T-shirts of two brands and two colours; each colour is two groups of three variants."""
    opened = PricedEngine(tmp_path / "catalogue.db")
    opened.prepare()
    documents = [
        document(
            f"{colour}-{n}",
            {
                "title": f"{colour.title()} t-shirt {n}",
                "brand": "Acme" if colour == "red" else "Loom",
                "style": f"{colour} {n % 2}",
                "price": 10.0 + n,
            },
            attributes=[f"colour:{colour}"],
            seed=n,
        )
        for colour in COLOURS
        for n in range(PER_COLOUR)
    ]
    assert all(outcome.error is None for outcome in opened.write(documents))
    yield opened
    opened.close()


def found(engine: PricedEngine, request: SearchRequest, *pins: str) -> list[Hit]:
    """All hits of all pages."""
    search = search_of(engine)
    rule: dict[str, Any] = {"name": "pins", "action": "pin", "match": {"ids": list(pins)}}
    rules = read_rules({"rules": [rule] if pins else []}, TAXONOMY)
    search.rules = type("Fixed", (), {"applying": lambda *_: rules})()
    hits: list[Hit] = []
    cursor = None
    while True:
        answer = TextSearch(search).search(replace(request, cursor=cursor))
        hits += answer.hits
        if not (cursor := answer.next):
            return hits


def groups(hits: Sequence[Hit]) -> list[list[str]]:
    return [sorted([hit.product_id, *hit.variants]) for hit in hits]


@pytest.mark.parametrize("collapse", [True, False])
@pytest.mark.parametrize(
    ("text", "pin", "found_by"),
    [
        ("red t-shirt", "red-3", ("terms", "words")),
        ("acme", "red-3", ("words",)),
        ("acme", "blue-2", ()),
    ],
)
def test_a_pinned_product_comes_once(
    engine: PricedEngine, text: str, pin: str, found_by: tuple[str, ...], collapse: bool
) -> None:
    for top in (2, 20):
        request = SearchRequest(text=text, top=top, collapse=collapse)
        plain = groups(found(engine, request))
        engine.priced = ["red-0", "red-1"]
        hits = found(engine, request, pin)
        assert (hits[0].product_id, hits[0].found_by) == (pin, found_by)
        first = sorted([pin, *hits[0].variants])
        assert sorted(groups(hits)) == sorted([first, *(one for one in plain if one != first)])
        members = [one for group in groups(hits) for one in group]
        assert len(members) == len(set(members))


@pytest.mark.parametrize("text", ["acme", "red t-shirt"])
def test_variants_stay_one_hit_while_one_of_them_changes(engine: PricedEngine, text: str) -> None:
    request = SearchRequest(text=text, top=3)
    expected = found(engine, request)
    assert all(len(hit.variants) == 2 for hit in expected)
    engine.priced = [expected[0].product_id, *expected[1].variants]
    after = found(engine, request)
    assert after[0].product["price"] == 70.0
    assert groups(after) == groups(expected)
    assert [hit.found_by for hit in after] == [hit.found_by for hit in expected]


@pytest.mark.parametrize("text", ["acme", "red t-shirt"])
def test_a_pin_that_changes_meanwhile_stays_pinned(engine: PricedEngine, text: str) -> None:
    engine.priced = ["red-3"]
    first, *rest = found(engine, SearchRequest(text=text), "red-3")
    assert (first.product_id, first.product["price"]) == ("red-3", 70.0)
    assert [why.action for why in first.why] == ["pin"] and not any(hit.why for hit in rest)


def test_a_pinned_hit_has_the_score_of_its_lists(engine: PricedEngine) -> None:
    request = SearchRequest(text="acme", collapse=False)
    plain = {hit.product_id: hit.score for hit in found(engine, request)}
    pinned = found(engine, request, "blue-2", "red-3")
    assert pinned[0].score == 0 and pinned[1].score == plain["red-3"] > 0
    assert {hit.product_id: hit.score for hit in pinned[1:]} == plain


def test_only_the_page_is_read_whole(engine: PricedEngine) -> None:
    for request in (SearchRequest(top=2), SearchRequest(top=2, sort=Sort("price"))):
        found(engine, replace(request, text="acme", collapse=False), "red-3")
        assert engine.most_shown == 2
