"""Hits sorted by a fact are the most alike, in that order, and their pages fit together."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.search import Hit, SearchRequest, Sort
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin import sorting
from houndstooth.plugin.cursor import Cursor
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.sorting import SORTED_HITS
from tests.catalogue import document
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

DOCUMENTS = documents_of(seed=3, count=250)
SORTS = [Sort("price"), Sort("price", True), Sort("brand", True), Sort("serial"), Sort("style")]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    opened.prepare()
    fill(opened, *DOCUMENTS)
    yield opened
    opened.close()


def pages(
    search: VisualSearch,
    features: Any,
    request: SearchRequest,
    between: Callable[[], None] = lambda: None,
) -> Iterator[Sequence[Hit]]:
    answer = search.search_features(features, request)
    yield answer.hits
    while answer.next:
        between()
        answer = search.search_features(features, replace(request, cursor=answer.next))
        assert answer.hits
        yield answer.hits


def naively_sorted(naive: Naive, sort: Sort, most: int) -> list[tuple[Any, ...]]:
    """All pages: the most alike of the steps that the first page needs, in order."""
    first, top = naive.first_step(DOCUMENTS), naive.request.top
    chain = naive.chain(DOCUMENTS, first)
    if len(chain) >= top:
        place = naive.place(chain[top - 1][0], first)
        assert place
        chain = naive.chain(DOCUMENTS, first, place[0])
    chain = chain[:most]

    def before(one: IndexDocument) -> tuple[Any, ...]:
        value, row = one.facts.get(sort.field), naive.row(one)
        assert row
        if sort.descending and isinstance(value, str):
            value = tuple(-ord(letter) for letter in (*value, "\0"))  # type: ignore[assignment]
        elif sort.descending and isinstance(value, float):
            value = -value
        return row.last, value is None, value if value is not None else 0, one.product_id

    return naive.described(sorted(chain, key=lambda pair: before(pair[0])))


@pytest.mark.parametrize("most", [40, SORTED_HITS])
def test_all_pages_are_the_most_alike_in_order(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "SORTED_HITS", most)
    search = search_of(engine)
    lengths = set()
    for seed in range(25):
        chance = random.Random(seed)
        features = random_features(chance)
        sort = SORTS[seed % len(SORTS)]
        request = replace(random_request(chance), top=chance.choice([3, 8, 24]), sort=sort)
        found = list(pages(search, features, request))
        assert all(len(page) == request.top for page in found[:-1])
        hits = described(hit for page in found for hit in page)
        assert hits == naively_sorted(Naive(features, request), sort, most), (seed, sort)
        lengths.add(len(found))
    assert max(lengths) > 4


def test_pages_fit_together_while_the_catalogue_changes(engine: Engine) -> None:
    """Products that did not change come once; new ones push none of them out."""
    chance = random.Random(4)
    features = random_features(chance)
    request = SearchRequest(top=6, sort=Sort("price"), collapse=False)
    search = search_of(engine)
    expected = [hit.product_id for page in pages(search, features, request) for hit in page]
    assert len(expected) > 30
    new = iter(range(1000, 9999))
    gone: set[str] = set()

    def change() -> None:
        fill(engine, *(random_document(chance, f"new-{next(new)}") for _ in range(20)))
        gone.add(expected[-1 - 3 * len(gone)])
        engine.delete(gone)

    hits = [hit.product_id for page in pages(search, features, request, change) for hit in page]
    kept = [one for one in hits if not one.startswith("new-")]
    assert [one for one in kept if one not in gone] == [one for one in expected if one not in gone]
    assert len(hits) == len(set(hits)) and len(gone) > 3


def test_values_of_several_kinds(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    engine.prepare()
    facts: list[dict[str, Any]] = [
        {"rank": 2}, {}, {"rank": "b"}, {"rank": 10}, {"rank": True}, {"rank": "B" * 300},
        {"rank": None}, {"rank": ["z", "a"]}, {"rank": 1e25}, {"rank": -0.5},
    ]  # fmt: skip
    fill(engine, *(document(str(n), one) for n, one in enumerate(facts)))
    features = random_features(random.Random(1))
    orders = {}
    for descending in (False, True):
        request = SearchRequest(sort=Sort("rank", descending), top=3)
        found = pages(search_of(engine), features, request)
        orders[descending] = "".join(hit.product_id for page in found for hit in page)
    assert orders == {False: "9403857216", True: "7258304916"}
    engine.close()


def test_a_cursor_of_another_order_is_refused(engine: Engine) -> None:
    features = random_features(random.Random(2))
    search = search_of(engine)
    by_price = SearchRequest(top=3, sort=Sort("price"))
    for one, other in ((by_price, SearchRequest(top=3)), (SearchRequest(top=3), by_price)):
        cursor = search.search_features(features, one).next
        with pytest.raises(InvalidInput, match="expected the cursor of an earlier answer"):
            search.search_features(features, replace(other, cursor=cursor))


def test_a_made_up_cursor_reads_little(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "SORTED_HITS", 20)
    far = sorting.SortedCursor(Cursor(0, 2, (True, 0.0, "")), (False, -1.0, ""))
    request = SearchRequest(top=200, sort=Sort("price"), cursor=str(far))
    answer = search_of(engine).search_features(random_features(random.Random(2)), request)
    assert len(answer.hits) == 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price:asc", Sort("price")),
        ("price:desc", Sort("price", True)),
        ("a.b c:asc", Sort("a.b c")),
        ("relevance", None),
    ],
)
def test_sorts_are_read(text: str, expected: Sort | None) -> None:
    assert sorting.parse_sort(text) == expected


@pytest.mark.parametrize("text", ["", "price", "price:", ":asc", "price:up", "a*:asc", "a:asc:x"])
def test_other_sorts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected sort to be field:asc"):
        sorting.parse_sort(text)
