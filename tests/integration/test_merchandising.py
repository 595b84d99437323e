"""Hits in the order of rules: page by page, on each engine, and never against a filter."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.engine import Engine, RangeFilter, TermFilter
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.search import Hit, SearchRequest, Sort
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin import sorting
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from houndstooth.plugin.merchandising.reading import read_rules
from houndstooth.plugin.merchandising.rule import RuleSet
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.source_choice import SourceChoice
from tests.integration.engines.helpers import client, fill
from tests.naive_pages import (
    TAXONOMY,
    Naive,
    documents_of,
    random_document,
    random_features,
    random_request,
    search_of,
)

DOCUMENTS = documents_of(seed=5, count=160)
BY_ID = {one.product_id: one for one in DOCUMENTS}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    opened.prepare()
    fill(opened, *DOCUMENTS)
    yield opened
    opened.close()


class Fixed:
    """Rules that are in no file."""

    def __init__(self, *rules: dict[str, Any], **more: Any) -> None:
        named = [{"name": f"rule {n}", **rule} for n, rule in enumerate(rules)]
        self.rules = read_rules({"rules": named, **more}, TAXONOMY)

    def applying(self, category: str, index: str) -> RuleSet:
        return self.rules


def ruled(engine: Engine, *rules: dict[str, Any], **more: Any) -> VisualSearch:
    search = search_of(engine)
    search.rules = Fixed(*rules, **more)  # type: ignore[assignment]
    return search


def pages(
    search: VisualSearch,
    features: Any,
    request: SearchRequest,
    between: Callable[[], None] = lambda: None,
) -> list[list[Hit]]:
    found = [search.search_features(features, request)]
    while found[-1].next:
        between()
        following = replace(request, cursor=found[-1].next)
        found.append(search.search_features(features, following))
    return [list(answer.hits) for answer in found]


def naively(naive: Naive, most: int, pins: list[str]) -> list[str]:
    """Ids in order: pins, then by rules the most alike, then by looks."""
    kind = next(query for _, query in reversed(naive.steps) if query.category)
    pinned = []
    for one in (BY_ID[pin] for pin in pins):
        row = naive.row(one)
        step = naive.step(one, 0)
        of_kind = step is not None and naive.steps[step][1].category == kind.category
        if row and of_kind and one.facts.get("availability") != "out of stock":
            pinned.append(one.product_id)
    rest = [one for one in DOCUMENTS if one.product_id not in pinned]
    others = replace(naive, request=replace(naive.request, top=naive.request.top - len(pinned)))
    first = others.first_step(rest)
    chain = naive.chain(rest, first)
    if len(chain) >= others.request.top:
        place = naive.place(chain[others.request.top - 1][0], first)
        assert place
        window = naive.chain(rest, first, place[0])[:most]
    else:
        window = chain[:most]

    def key(one: IndexDocument) -> tuple[Any, ...]:
        place, available = naive.place(one, first), one.facts.get("availability")
        assert place
        step, last, negative, product_id = place
        for_sale = available != "out of stock"
        may_pin = for_sale and naive.steps[step][1].category is not None
        by = 0.2 * (one.facts["brand"] == "Nike" and for_sale) - (one.facts["price"] == 3.0)
        return not (one.facts["price"] == 7.0 and may_pin), step, last, negative - by, product_id

    ordered = sorted((one for one, _ in window), key=key)
    behind = [one for one, _ in chain[len(window) :]]
    return pinned + [one.product_id for one in (*ordered, *behind)]


@pytest.mark.parametrize("most", [30, 200])
def test_all_pages_are_in_the_order_of_the_rules(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "SORTED_HITS", most)
    moved: set[str] = set()
    for seed in range(12):
        chance = random.Random(seed)
        features, pins = random_features(chance), chance.sample(list(BY_ID), 3)
        request = random_request(chance, top=chance.choice([8, 24]), collapse=False)
        search = ruled(
            engine,
            {"action": "pin", "match": {"ids": pins}},
            {"action": "pin", "match": {"filter": "price=7"}},
            {"action": "boost", "by": 0.2, "match": {"filter": "brand=Nike"}},
            {"action": "bury", "match": {"filter": "price=3"}},
        )
        hits = [hit for page in pages(search, features, request) for hit in page]
        assert [hit.product_id for hit in hits] == naively(Naive(features, request), most, pins)
        moved |= {why.action for hit in hits for why in hit.why}
    assert moved == {"pin", "boost", "bury"}


@pytest.mark.parametrize("collapse", [True, False])
def test_pages_fit_together_while_the_catalogue_changes(engine: Engine, collapse: bool) -> None:
    """Products that did not change come once, whatever else does; of variants one is shown."""
    chance = random.Random(4)
    features, gone = random_features(chance), set()
    search = ruled(
        engine,
        {"action": "pin", "match": {"ids": list(BY_ID)[::12]}},
        {"action": "boost", "match": {"filter": "brand=Puma"}},
        {"action": "bury", "by": 0.3, "match": {"filter": "price=..4"}},
    )
    request = SearchRequest(top=6, collapse=collapse)
    expected = [hit for page in pages(search, features, request) for hit in page]
    ids = [hit.product_id for hit in expected]
    assert len(ids) == len(set(ids)) > 30
    styles = [hit.product["style"] for hit in expected if hit.product["style"]]
    assert (len(styles) == len(set(styles))) is collapse
    if collapse:
        return
    new = iter(range(1000, 9999))

    def change() -> None:
        fill(engine, *(random_document(chance, f"new-{next(new)}") for _ in range(5)))
        gone.add(ids[-1 - 3 * len(gone)])
        engine.delete(gone)

    found = pages(search, features, request, change)
    hits = [hit.product_id for page in found for hit in page]
    assert len(hits) == len(set(hits))
    kept = [one for one in hits if one in BY_ID and one not in gone]
    assert kept == [one for one in ids if one not in gone]


def test_nothing_that_is_filtered_or_sold_out_comes_back(engine: Engine) -> None:
    features = random_features(random.Random(1))
    rule = {"action": "pin", "match": {"ids": list(BY_ID)[:100]}}
    plain, pinned = search_of(engine), ruled(engine, rule)
    for request in (
        SearchRequest(top=200, filters=(TermFilter("brand", "Nike"),), sold_out="hide"),
        SearchRequest(top=200, excluded=("colour:red",), relax="fewer-attributes"),
    ):
        found = pinned.search_features(features, request).hits
        expected = plain.search_features(features, request).hits
        allowed = {one for hit in expected for one in (hit.product_id, *hit.variants)}
        assert {hit.product_id for hit in found} <= allowed and len(found) == len(expected)
        pins = [hit for hit in found if hit.why]
        assert pins and found[: len(pins)] == tuple(pins)
        assert all(hit.product["availability"] != "out of stock" for hit in pins)


def test_a_cost_that_nobody_sees_decides(engine: Engine) -> None:
    features = random_features(random.Random(2))
    rule = {"action": "boost", "by": 1, "match": {"margin": "-9.."}}
    search = ruled(FieldAllowlist(engine, {"brand"}), rule, cost_field="serial")
    hits = search.search_features(features, SearchRequest(top=50, collapse=False)).hits
    assert {name for hit in hits for name in hit.product} <= {"brand"}
    boosted = [hit.product_id for hit in hits if hit.why]

    def margin(product_id: str) -> float:
        facts: Any = BY_ID[product_id].facts
        return (facts["price"] - facts["serial"]) / facts["price"] if facts["price"] else -99.0

    for_sale = [
        hit.product_id
        for hit in hits
        if BY_ID[hit.product_id].facts["availability"] != "out of stock"
    ]
    assert boosted == [one for one in for_sale if margin(one) >= -9] and boosted


def test_where_no_rule_applies(engine: Engine) -> None:
    features = random_features(random.Random(2))
    rule = {"action": "bury", "match": {"filter": "price=0.."}}
    search, plain = ruled(engine, rule), search_of(engine)
    for request in (SearchRequest(rules=False), SearchRequest(sort=Sort("price"))):
        assert (
            search.search_features(features, request).hits
            == plain.search_features(features, request).hits
        )
    ordered = search.search_features(features, SearchRequest(top=5))
    assert {why.rule for hit in ordered.hits for why in hit.why} == {"rule 0"}
    # The rule is gone when the next page is asked for, and the page goes on all the same.
    following = plain.search_features(features, SearchRequest(top=5, cursor=ordered.next))
    ids = [hit.product_id for hit in (*ordered.hits, *following.hits)]
    assert len(ids) == len(set(ids)) == 10
    by_price = SearchRequest(top=5, sort=Sort("price"), cursor=ordered.next)
    with pytest.raises(InvalidInput, match="expected the cursor of an earlier answer"):
        plain.search_features(features, by_price)


def moved(found: list[list[Hit]]) -> list[list[tuple[str, Any]]]:
    return [[(hit.product_id, hit.why) for hit in page] for page in found]


@pytest.mark.parametrize("kind", ["opensearch", "elasticsearch"])
def test_a_cluster_that_ranks_alone_has_the_same_hits(
    kind: str, engine: Engine, request: pytest.FixtureRequest
) -> None:
    """Pinned products come from beyond the window, and pages are those of SQLite."""
    url = f"{request.getfixturevalue(f'{kind}_url')}/test-{uuid.uuid4().hex}"
    features = random_features(random.Random(3))
    rules: list[dict[str, Any]] = [
        {"action": "pin", "match": {"ids": list(BY_ID)[::20]}},
        {"action": "boost", "by": 0.3, "match": {"filter": "brand=Puma"}},
        {"action": "bury", "match": {"term": "sleeve:long"}},
    ]
    asked = SearchRequest(top=20, filters=(RangeFilter("price", 0, 8),))
    cluster = open_engine(url)
    try:
        cluster.prepare()
        fill(cluster, *DOCUMENTS)
        search = ruled(cluster, *rules)
        assert search.columns is None
        found = moved(pages(search, features, asked))
        few = replace(search.settings, candidates=20)
        search.sources = SourceChoice(search.extractor, cluster, few)
        assert search.search_features(features, replace(asked, top=5, rules=False)).recall < 1
    finally:
        with client(url.rpartition("/")[0]) as node:
            node.indices.delete(index=url.rpartition("/")[2])
        cluster.close()
    expected = pages(ruled(engine, *rules), features, asked)
    assert found == moved(expected)
    assert {why.action for page in found for _, whys in page for why in whys} == {
        *("pin", "boost", "bury")
    }
