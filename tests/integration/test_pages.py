"""Pages of hits are what a search that looks at every document finds, whatever the plan."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.engine import Engine, RangeFilter
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Features
from houndstooth.mappings.read_products import ShownProduct
from houndstooth.mappings.rows import FeatureRows
from houndstooth.mappings.search import Hit, SearchRequest
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin import page, sources, steps_ranker
from houndstooth.plugin.cursor import Cursor
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.catalogue import LENGTHS, MODEL, document
from tests.integration.engines.helpers import fill
from tests.naive_pages import (
    Naive,
    described,
    documents_of,
    random_document,
    random_features,
    random_request,
    search_of,
)

DOCUMENTS = documents_of(seed=1, count=250)
FROM_ANY = str(Cursor(3, 3, (False, -2.0, "")))
"""A cursor before all products of the last step."""


def new_engine(folder: Path, documents: Sequence[IndexDocument]) -> Engine:
    engine = open_engine(f"sqlite:///{folder}/catalogue.db")
    engine.prepare()
    fill(engine, *documents)
    return engine


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisualSearch]:
    """A catalogue that does not change."""
    engine = new_engine(tmp_path_factory.mktemp("still"), DOCUMENTS)
    yield search_of(engine)
    engine.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A catalogue that a test changes."""
    opened = new_engine(tmp_path, DOCUMENTS)
    yield opened
    opened.close()


def is_ranked(one: IndexDocument) -> bool:
    return one.visual is not None and one.visual.model == MODEL


def all_pages(
    search: VisualSearch,
    features: Features,
    request: SearchRequest,
    between: Callable[[], None] = lambda: None,
) -> tuple[list[Hit], int]:
    """The hits of all pages, and the step whose hits came first."""
    answer = search.search_features(features, request)
    hits, first = list(answer.hits), 0
    while answer.next:
        first = Cursor.parse(answer.next, 4).first_step
        between()
        answer = search.search_features(features, replace(request, cursor=answer.next))
        assert len(answer.hits) <= request.top
        hits += answer.hits
    return hits, first


@pytest.mark.parametrize(("small", "optimism"), [(True, 1), (False, 1), (False, 8)])
def test_every_plan_finds_what_a_naive_search_finds(
    still: VisualSearch, small: bool, optimism: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = Counter[str]()
    monkeypatch.setattr(sources, "OPTIMISM", optimism)
    if small:
        monkeypatch.setattr(sources, "CHECKED_AT_ONCE", 7)
        monkeypatch.setattr(sources, "GROWTH", 2)
        monkeypatch.setattr(steps_ranker, "SPARE_ROWS", 0)
    for name in ("_rank", "_rows_named", "_passing"):
        real = getattr(sources.ColumnsSource, name)

        def spy(*args: Any, _name: str = name, _real: Any = real) -> Any:
            plans[_name] += 1
            return _real(*args)

        monkeypatch.setattr(sources.ColumnsSource, name, spy)
    relaxed = Counter[str]()
    for seed in range(70):
        chance = random.Random(seed)
        features, request = random_features(chance), random_request(chance)
        naive = Naive(features, request)
        answer = still.search_features(features, request)
        assert described(answer.hits) == naive.page(DOCUMENTS), seed
        assert answer.recall == 1
        relaxed[answer.relaxed] += 1
    assert plans["_passing"] > 10
    assert plans["_rows_named"] > 10 or optimism > 1
    assert len(relaxed) == 4


def test_ranking_first_grows_until_the_page_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the best products do not pass the filter, more and more are ranked."""
    tops: list[int] = []
    real = sources.ColumnsSource._rank

    def spy(self: Any, query: Any, top: int, *rest: Any) -> Any:
        tops.append(top)
        return real(self, query, top, *rest)

    monkeypatch.setattr(sources.ColumnsSource, "_rank", spy)
    monkeypatch.setattr(sources, "OPTIMISM", 1)
    features = random_features(random.Random(8))
    naive = Naive(features, SearchRequest(collapse=False))
    best = [one.product_id for one, _ in naive.chain(DOCUMENTS, 3)]
    for dear in (5, 20, 60, 150):
        prices = dict.fromkeys(best[:dear], 100.0)
        documents = [
            replace(one, facts={**one.facts, "price": prices.get(one.product_id, 1.0)})
            for one in DOCUMENTS
        ]
        engine = new_engine(tmp_path / str(dear), documents)
        request = SearchRequest(
            filters=(RangeFilter("price", 0.0, 7.0),), top=2, collapse=False, cursor=FROM_ANY
        )
        tops.clear()
        answer = search_of(engine).search_features(features, request)
        expected = Naive(features, request).chain(documents, 3)[:2]
        assert described(answer.hits) == naive.described(expected)
        assert tops[1] >= sources.GROWTH * tops[0]
        engine.close()


@pytest.mark.parametrize("seed", range(16))
def test_pages_join_to_one_long_list(still: VisualSearch, seed: int) -> None:
    chance = random.Random(seed)
    features = random_features(chance)
    request = random_request(chance, top=chance.choice([5, 17, 40]), collapse=seed % 2 == 0)
    hits, first = all_pages(still, features, request)
    naive = Naive(features, request)
    if len(hits) > request.top:
        assert first == naive.first_step(DOCUMENTS)
    else:
        first = naive.first_step(DOCUMENTS)
    assert described(hits) == naive.described(naive.chain(DOCUMENTS, first))
    assert len({hit.product_id for hit in hits}) == len(hits)


def test_beyond_the_largest_page(tmp_path: Path) -> None:
    documents = [
        replace(one, facts={**one.facts, "style": str(n % 300)})
        for n, one in enumerate(documents_of(seed=2, count=900))
    ]
    engine = new_engine(tmp_path, documents)
    chance = random.Random(3)
    features = random_features(chance)
    for collapse in (False, True):
        request = SearchRequest(top=200, collapse=collapse)
        hits, first = all_pages(search_of(engine), features, request)
        naive = Naive(features, request)
        assert described(hits) == naive.described(naive.chain(documents, first))
        assert len(hits) == (sum(map(is_ranked, documents)), 300)[collapse]
    engine.close()


def change(engine: Engine, chance: random.Random, known: dict[str, IndexDocument]) -> set[str]:
    """Write, insert and delete some products; return their ids."""
    changed = {chance.choice(sorted(known)) for _ in range(4)}
    deleted = set(list(changed)[:2])
    engine.delete(deleted)
    for one in deleted:
        del known[one]
    written = changed - deleted | {f"new{chance.randrange(1000)}"}
    for one in sorted(written):
        known[one] = random_document(chance, one, serial=-1)
        fill(engine, known[one])
    return changed | written


@pytest.mark.parametrize("seed", range(8))
def test_pages_of_a_catalogue_that_changes(engine: Engine, seed: int) -> None:
    """What stays as it is comes once and in order, whatever happens to the others."""
    chance = random.Random(seed)
    known = {one.product_id: one for one in DOCUMENTS}
    touched: set[str] = set()
    features = random_features(chance)
    collapse = seed % 2 == 1
    request = random_request(chance, top=9, collapse=collapse, required=(), excluded=())
    naive = Naive(features, request)

    def between() -> None:
        before = set(known)
        touched.update(change(engine, chance, known))
        assert touched >= before - set(known)

    hits, first = all_pages(search_of(engine), features, request, between)
    assert touched
    styles = {known[one].facts["style"] for one in touched if one in known} | {
        one.facts["style"] for one in DOCUMENTS if one.product_id in touched
    }
    # With variants, a group stays as it is if none of its products is touched.
    still = [
        one
        for one in DOCUMENTS
        if one.product_id not in touched
        and not (collapse and one.facts["style"] is not None and one.facts["style"] in styles)
    ]
    if first == 0 and len(hits) < request.top:
        first = naive.first_step(DOCUMENTS)
    ids = [hit.product_id for hit in hits]
    stayed = {one.product_id for one in still}
    expected = [one.product_id for one, _ in naive.chain(still, first)]
    assert [one for one in ids if one in stayed] == expected
    assert Counter(ids).keys() <= known.keys() | touched


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "AAAA",
        "W10",
        *(str(Cursor(*steps, (False, 0.5, "a"))) for steps in ((0, 9), (2, 1))),
    ],
)
def test_malformed_cursors(still: VisualSearch, text: str) -> None:
    features = random_features(random.Random(0))
    with pytest.raises(InvalidInput, match="expected the cursor of an earlier answer"):
        still.search_features(features, SearchRequest(cursor=text))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("score", [-1.0, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("product_id", ["", "nobody", "\U0010ffff"])
def test_a_cursor_of_no_product_goes_on_after_its_place(
    still: VisualSearch, last: bool, score: float, product_id: str
) -> None:
    features = random_features(random.Random(4))
    place = (last, -score, product_id)
    request = SearchRequest(top=200, collapse=False, cursor=str(Cursor(1, 1, place)))
    naive = Naive(features, request)
    later = [
        hit for hit in naive.chain(DOCUMENTS, 1) if (naive.place(hit[0], 1) or (0,)) > (1, *place)
    ]
    answer = still.search_features(features, request)
    assert described(answer.hits) == naive.described(later[:200])


# What happens to the first hit between its ranking and its fetching.
CHANGES: dict[str, Callable[[Engine, IndexDocument], IndexDocument | None]] = {
    "deleted": lambda engine, one: None if engine.delete([one.product_id]) else one,
    "of another model": lambda engine, one: document(one.product_id, {}, model="other-1"),
    "looks different": lambda engine, one: document(
        one.product_id, dict(one.facts), category="boots", attributes=[], seed=1000
    ),
    "costs more": lambda engine, one: IndexDocument(
        one.product_id, {**one.facts, "price": 100.0}, one.visual
    ),
    "of another style": lambda engine, one: IndexDocument(
        one.product_id, {**one.facts, "style": "new"}, one.visual
    ),
    "new facts": lambda engine, one: IndexDocument(
        one.product_id, {**one.facts, "serial": -5}, one.visual
    ),
}


def before_each(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, act: Callable[[Sequence[str]], None]
) -> None:
    """Do something whenever products are shown or their features read."""
    show, features = engine.show, engine.features

    def act_and_show(product_ids: Sequence[str]) -> list[ShownProduct]:
        act(product_ids)
        return show(product_ids)

    def act_and_read(product_ids: Sequence[str], *rest: Any) -> FeatureRows:
        act(product_ids)
        return features(product_ids, *rest)

    monkeypatch.setattr(engine, "show", act_and_show)
    monkeypatch.setattr(engine, "features", act_and_read)


@pytest.mark.parametrize("what", list(CHANGES))
@pytest.mark.parametrize("seed", range(4))
def test_changed_while_it_is_shown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, what: str, seed: int
) -> None:
    chance = random.Random(seed)
    known = {one.product_id: one for one in DOCUMENTS}
    features = random_features(chance)
    filters = (RangeFilter("price", 0.0, float(7 - 3 * (seed % 2))),)
    request = SearchRequest(filters=filters, collapse=seed < 2, top=6)
    real = engine.show
    changed: list[str] = []

    def change_and_show(product_ids: Sequence[str]) -> list[ShownProduct]:
        assert product_ids
        if len(changed) < 2:
            one = known.pop(product_ids[0])
            changed.append(one.product_id)
            new = CHANGES[what](engine, one)
            if new:
                fill(engine, new)
                facts = {**one.facts, **new.facts}
                known[one.product_id] = replace(new, facts=facts)
        return real(product_ids)

    monkeypatch.setattr(engine, "show", change_and_show)
    search = search_of(engine)
    answer = search.search_features(features, request)
    assert changed
    naive = Naive(features, request)
    assert described(answer.hits) == naive.page(list(known.values()))
    again = search.search_features(features, request)
    assert described(again.hits) == naive.page(list(known.values()))


def test_products_that_never_stop_changing_are_left_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = random_features(random.Random(5))
    request = SearchRequest(collapse=False, top=6)
    naive = Naive(features, request)
    restless = naive.page(DOCUMENTS)[1][0]
    known = {one.product_id: one for one in DOCUMENTS}
    calls: list[int] = []

    def change(product_ids: Sequence[str]) -> None:
        assert product_ids
        calls.append(len(product_ids))
        fill(engine, replace(known[restless], facts={"serial": -len(calls)}))

    before_each(monkeypatch, engine, change)
    answer = search_of(engine).search_features(features, request)
    assert page.PATIENCE < len(calls) <= 2 * page.ATTEMPTS
    assert sum(calls) < 3 * request.top  # what is current is not fetched again
    still = [one for one in DOCUMENTS if one.product_id != restless]
    chain = naive.chain(still, naive.first_step(DOCUMENTS))
    assert described(answer.hits) == naive.described(chain[:6])
    assert answer.next is not None
    monkeypatch.undo()
    rest = search_of(engine).search_features(features, replace(request, cursor=answer.next))
    assert described(rest.hits) == naive.described(chain[6:12])


def test_a_page_whose_products_all_change_without_pause(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is shown in the end is current and in order."""
    features = random_features(random.Random(5))
    request = SearchRequest(collapse=False, top=20)
    naive = Naive(features, request)
    known = {one.product_id: one for one in DOCUMENTS}

    def change(product_ids: Sequence[str]) -> None:
        for one in product_ids[::2]:
            known[one] = replace(known[one], facts={**known[one].facts, "serial": -1})
            fill(engine, known[one])

    before_each(monkeypatch, engine, change)
    answer = search_of(engine).search_features(features, request)
    chain = naive.described(naive.chain(list(known.values()), naive.first_step(DOCUMENTS)))
    hits = described(answer.hits)
    assert 15 <= len(hits) <= request.top
    assert [one for one in chain if one in hits] == hits


def test_features_that_are_older_than_what_is_shown_are_not_shown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server's search may lag behind its documents."""
    features = random_features(random.Random(6))
    request = SearchRequest(collapse=False, top=4)
    naive = Naive(features, request)
    expected = naive.page(DOCUMENTS)
    stale = engine.features([expected[0][0]], MODEL, LENGTHS, None)
    real = engine.show

    def newer(product_ids: Sequence[str]) -> list[ShownProduct]:
        return [
            replace(one, version=one.version + (one.product_id == expected[0][0]))
            for one in real(product_ids)
        ]

    monkeypatch.setattr(engine, "show", newer)
    monkeypatch.setattr(engine, "features", lambda *_: stale)
    answer = search_of(engine).search_features(features, request)
    chain = naive.chain(DOCUMENTS, naive.first_step(DOCUMENTS))
    assert described(answer.hits) == naive.described(chain[1:5])
