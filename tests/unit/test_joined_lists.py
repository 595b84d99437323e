"""Searches in words: each product comes once, pinned or in a group, whatever changes meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import ScoredTerm
from houndstooth.mappings.read_products import ShownProduct
from houndstooth.mappings.rows import FeatureRows, Lengths
from houndstooth.mappings.search import Hit, SearchRequest, Sort
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines.sqlite import SQLiteEngine
from houndstooth.plugin.merchandising.reading import read_rules
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.text_search import TextSearch
from houndstooth.plugin.window_source import WindowSource
from tests.catalogue import document
from tests.naive_pages import TAXONOMY, random_features, search_of

COLOURS, PER_COLOUR = ("red", "blue"), 6
TEE = ScoredTerm("t-shirt", 1.0)


class PricedEngine(SQLiteEngine):
    """Writes new prices, and does anything else, once, before hits are first read."""

    priced: Sequence[str] = ()
    meanwhile: Callable[[], object] | None = None
    most_shown = 0

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        self.most_shown = max(self.most_shown, len(product_ids))
        priced, self.priced = self.priced, ()
        self.write([IndexDocument(one, {"price": 70.0}) for one in priced])
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return super().show(product_ids)

    def window(
        self, query: CandidateQuery, limit: int, lengths: Lengths, appearance: Any
    ) -> FeatureRows:
        """As an engine that ranks by itself."""
        matching = self.match(query, limit)
        return self.features(matching, query.model, lengths, query.variant_field)


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
    search = ruled(engine, *pins)
    hits: list[Hit] = []
    cursor = None
    while True:
        answer = TextSearch(search).search(replace(request, cursor=cursor))
        hits += answer.hits
        if not (cursor := answer.next):
            return hits


def ruled(engine: PricedEngine, *pins: str) -> VisualSearch:
    search = search_of(engine)
    rule: dict[str, Any] = {"name": "pins", "action": "pin", "match": {"ids": list(pins)}}
    rules = read_rules({"rules": [rule] if pins else []}, TAXONOMY)
    search.rules = type("Fixed", (), {"applying": lambda *_: rules})()
    return search


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


@pytest.mark.parametrize("ranks_alone", [False, True])
@pytest.mark.parametrize("text", ["", "acme", "red t-shirt"])
@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("pins", [("red-0",), ("red-0", "red-2")])
def test_the_group_of_a_pin_that_goes_meanwhile_stays(
    engine: PricedEngine, pins: tuple[str, ...], is_deleted: bool, text: str, ranks_alone: bool
) -> None:
    search = ruled(engine, *pins)
    if ranks_alone:
        sources = {"source": lambda _, model, lengths, clock: WindowSource(engine, 99, clock)}
        search.sources = type("Alone", (), sources)()
    sold_out = IndexDocument("red-0", {"availability": "out of stock"})
    delete, write = partial(engine.delete, ["red-0"]), partial(engine.write, [sold_out])
    engine.meanwhile = delete if is_deleted else write
    request = SearchRequest(text=text, top=20, required=("colour:red",))
    if text:
        answer = TextSearch(search).search(request)
    else:
        features = replace(random_features(random.Random(1)), categories=(TEE,))
        answer = search.search_features(features, request)
    assert engine.meanwhile is None
    left = {f"red-{n}" for n in range(is_deleted, PER_COLOUR)}
    members = [one for group in groups(answer.hits) for one in group]
    assert sorted(members) == sorted(left)
    pinned = [hit.product_id for hit in answer.hits if hit.why]
    assert pinned == list(pins[1:])
    assert not pinned or answer.hits[0].product_id == pinned[0]


@pytest.mark.parametrize("top", [2, 4, 6, 20])
def test_a_pin_of_the_kind_comes_first_on_pages_of_any_size(engine: PricedEngine, top: int) -> None:
    request = SearchRequest(text="red t-shirt", top=top, collapse=False)
    first, *rest = found(engine, request, "blue-3")
    assert first.product_id == "blue-3" and first.why
    assert {hit.product_id for hit in rest[:PER_COLOUR]} == {f"red-{n}" for n in range(PER_COLOUR)}
    assert len({hit.product_id for hit in rest}) == len(rest) == 2 * PER_COLOUR - 1
