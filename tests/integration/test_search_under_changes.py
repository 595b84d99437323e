"""Answers stay right while products are written and deleted."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from houndstooth.mappings.engine import Engine, RangeFilter
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.columns import store
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from tests.integration.engines.helpers import fill
from tests.naive_pages import (
    SETTINGS,
    VARIANT_FIELD,
    Naive,
    Place,
    documents_of,
    random_document,
    random_features,
    search_of,
)

SECONDS = 4.0
CLIENTS = 4
QUERIES = [
    Naive(random_features(random.Random(seed)), SearchRequest(filters=some, collapse=False, top=8))
    for seed, some in enumerate([(), (), (RangeFilter("price", 0.0, 6.0),), ()])
]


@dataclass
class History:
    """What a product was, and when: it was so at some moment of each span, if not all of it.

    Attributes:
        states: None while it was deleted; each with the number of its facts' ``serial``.
        began: When the write of each state began.
        ended: When it was over; the state before may have been seen until then.
    """

    states: list[IndexDocument | None] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def write(self, state: IndexDocument | None, act: Callable[[], object]) -> None:
        began = monotonic()
        act()
        self.states.append(state)
        self.began.append(began)
        self.ended.append(monotonic())

    def between(self, first: float, last: float) -> list[IndexDocument | None]:
        """All that it may have been from one moment to another."""
        until = [*self.ended[1:], float("inf")]
        return [
            state
            for state, began, end in zip(self.states, self.began, until, strict=True)
            if began <= last and end >= first
        ]


@dataclass(frozen=True)
class Asked:
    query: int
    began: float
    ended: float
    answer: SearchAnswer


def change(
    engine: Engine, chance: random.Random, histories: dict[str, History], serial: int
) -> None:
    """Insert, update or delete a product, or write only its facts."""
    product_id = chance.choice(sorted(histories))
    history = histories[product_id]
    before = history.states[-1]
    action = chance.choice(["write", "write", "facts", "delete"])
    if before is None or action == "write":
        new = random_document(chance, product_id, serial)
        history.write(new, lambda: fill(engine, new))
    elif action == "facts":
        facts = {"serial": serial, "price": float(chance.randrange(10))}
        told = IndexDocument(product_id, facts)
        both = IndexDocument(product_id, {**before.facts, **facts}, before.visual)
        history.write(both, lambda: fill(engine, told))
    else:
        history.write(None, lambda: engine.delete([product_id]))


def ask(engine: Engine, settings: Settings, seed: int, stop: Event, asked: list[Asked]) -> None:
    chance, search = random.Random(seed), search_of(engine, settings)
    while not stop.is_set():
        number = chance.randrange(len(QUERIES))
        naive, began = QUERIES[number], monotonic()
        answer = search.search_features(naive.features, naive.request)
        asked.append(Asked(number, began, monotonic(), answer))


@cache
def seen(query: int, state: int, first: int) -> tuple[Place | None, float | None]:
    """Place and score of a state, by its number in STATES."""
    naive, one = QUERIES[query], STATES[state]
    row = naive.row(one)
    return naive.place(one, first), row.score if row else None


STATES: dict[int, IndexDocument] = {}
"""Documents by ``id``, so that each of them is ranked once."""


def faults(one: Asked, histories: dict[str, History]) -> list[str]:
    """What is wrong with an answer: stale hits, wrong scores, wrong order, missing products."""
    found = []
    steps = QUERIES[one.query].steps
    first = [name for name, _ in steps].index(one.answer.relaxed)
    while steps[first][1].category is None:
        first -= 1
    possible = {key: history.between(one.began, one.ended) for key, history in histories.items()}
    places: list[Place] = []
    for hit in one.answer.hits:
        same = [
            state
            for state in possible[hit.product_id]
            if state and dict(state.facts) == dict(hit.product)
        ]
        if not same:
            found.append(f"{hit.product_id} is stale: {hit.product}")
            continue
        place, score = seen(one.query, id(same[0]), first)
        if place is None or score != hit.score:
            found.append(f"{hit.product_id} has {hit.score}, not {score}")
        else:
            places.append(place)
    if places != sorted(places):
        found.append(f"not in order: {places}")
    more = one.answer.next is not None
    # Products that changed again each time the page was filled are left out: see ATTEMPTS.
    short = more and len(one.answer.hits) < QUERIES[one.query].request.top
    shown = {hit.product_id for hit in one.answer.hits}
    if len(shown) < len(one.answer.hits):
        found.append("a product twice")
    for key, states in possible.items():
        if key in shown or (short and len(states) > 1):
            continue
        every = [seen(one.query, id(s), first)[0] if s else None for s in states]
        if all(p is not None and (not more or (places and p < places[-1])) for p in every):
            found.append(f"{key} is missing: {every}, the last is {places[-1:]}")
    return found


@pytest.mark.parametrize("saved", [False, True])
def test_every_answer_is_right_product_by_product(
    tmp_path: Path, saved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hit is shown and ranked as it was at some moment between question and answer, and no
    product is missing that would have been a better hit all that time."""
    monkeypatch.setattr(store, "SAVED_FROM", 40)
    settings = SETTINGS if not saved else Settings(variant_field=VARIANT_FIELD, columns=tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    engine.prepare()
    histories: dict[str, History] = {}
    for one in documents_of(seed=4, count=150):
        histories[one.product_id] = History()
        histories[one.product_id].write(one, lambda one=one: fill(engine, one))  # type: ignore[misc]
    stop = Event()
    asked: list[list[Asked]] = [[] for _ in range(CLIENTS)]
    clients = [
        Thread(target=ask, args=(engine, settings, seed, stop, asked[seed]))
        for seed in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    chance, serial, deadline = random.Random(5), 1000, monotonic() + SECONDS / 2
    while monotonic() < deadline:
        serial += 1
        change(engine, chance, histories, serial)
    stop.set()
    for client in clients:
        client.join()
    check(asked, histories, serial - 1000)
    engine.close()


def check(asked: Sequence[Sequence[Asked]], histories: dict[str, History], writes: int) -> None:
    seen.cache_clear()
    STATES.clear()
    for history in histories.values():
        STATES.update((id(state), state) for state in history.states if state)
    every = [one for some in asked for one in some]
    assert all(asked) and len(every) > 50 and writes > 50
    wrong = [(one.query, found) for one in every if (found := faults(one, histories))]
    assert wrong == [], f"{len(wrong)} of {len(every)} answers are wrong"
