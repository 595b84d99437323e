"""Write random changes to a catalogue while clients query it, and keep the history of both."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Lock, Thread
from time import monotonic, sleep

import numpy as np

from houndstooth.mappings.engine import Engine, Filter, RangeFilter, TermFilter
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.features import Box, Features, ScoredTerm
from houndstooth.mappings.product import Scalar
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale.history import Answered, Asked, History, State
from tests.catalogue import GREAT_CATEGORIES, LENGTHS, MODEL, VALUES, document, visual

LOOKS = 150
"""Distinct pairs of code and histogram: products share them, so equal scores are common."""

BULK = 50
BRANDS = ("Puma", "Nike", "Alder", "Birch")
WRITE_SECONDS = 120.0
"""Time after which a bulk that the engine refuses is given up."""


def random_facts(chance: random.Random, products: int, revision: int) -> dict[str, Scalar]:
    """Choose the facts of a product; a few of a hundred are of a rare brand."""
    group = chance.randrange(max(1, products // 3))
    return {
        "title": "Tee",
        "brand": "Rare" if chance.random() < 0.003 else chance.choice(BRANDS),
        "price": float(chance.randrange(100)),
        "group": None if chance.random() < 0.3 else f"g{group}",
        "revision": revision,
    }


def random_document(
    chance: random.Random, product_id: str, products: int, revision: int
) -> IndexDocument:
    """Make a document of one of a few looks."""
    category = chance.choices(list(GREAT_CATEGORIES), (6, 3, 2, 1))[0]
    terms = [chance.choice(terms) for terms in VALUES.values() if chance.random() < 0.8]
    model = "other-1" if chance.random() < 0.01 else MODEL
    return document(
        product_id,
        random_facts(chance, products, revision),
        category=category,
        attributes=terms,
        model=model,
        seed=chance.randrange(LOOKS),
    )


def random_question(chance: random.Random, products: int) -> Asked:
    """Make a query, in four of ten cases by a product."""
    filters: list[Filter] = []
    if chance.random() < 0.3:
        low = float(chance.randrange(90))
        filters.append(RangeFilter("price", low, low + chance.choice([0, 3, 30])))
    if chance.random() < 0.3:
        filters.append(TermFilter("brand", chance.choice([*BRANDS, "Rare"])))
    every_term = [term for terms in VALUES.values() for term in terms]
    request = SearchRequest(
        filters=tuple(filters),
        required=tuple(chance.sample(every_term, chance.choice([0, 0, 0, 1]))),
        excluded=tuple(chance.sample(every_term, chance.choice([0, 0, 0, 1]))),
        collapse=chance.random() < 0.6,
        top=chance.choice([1, 24, 24, 24, 100]),
        appearance_weight=chance.choice([0.7, 0.7, 1.0, 0.0]),
    )
    if chance.random() < 0.4:
        return Asked(request, product_id=str(chance.randrange(products)))
    looks = visual("", seed=chance.randrange(LOOKS))
    code = looks.binary_code.copy()
    code[chance.randrange(len(code))] ^= np.uint8(chance.choice([0, 1, 9]))
    attributes = [
        ScoredTerm(term, chance.choice([0.95, 0.6, 0.2]))
        for terms in VALUES.values()
        for term in chance.sample(terms, chance.randrange(3))
    ]
    return Asked(
        request,
        Features(
            categories=(ScoredTerm(chance.choice(list(GREAT_CATEGORIES)), 1.0),),
            category_source="chosen",
            attributes=tuple(sorted(attributes, key=lambda one: -one.confidence)),
            box=Box(0.0, 0.0, 1.0, 1.0),
            box_source="whole",
            binary_code=code,
            colour_histogram=looks.colour_histogram,
            model=MODEL,
        ),
    )


def fill(engine: Engine, history: History, products: int, seed: int = 0) -> None:
    """Write the first products, ids ``0 …``, and refresh."""
    chance = random.Random(seed)
    for start in range(0, products, 2_000):
        documents = [
            random_document(chance, str(number), products, revision=0)
            for number in range(start, min(start + 2_000, products))
        ]
        failed = [outcome for outcome in engine.write(documents) if outcome.error]
        assert not failed, failed[:3]
        for one in documents:
            history.add(State(one.product_id, one.facts, one.visual, 0.0, 0.0, 0.0))
    engine.refresh()


@dataclass
class Writer:
    """Writes random changes in bulks, refreshes after each, and adds them to the history.

    Attributes:
        share: Number of this writer, and number of writers: each has products of its own.
        rate: Changes a second.
        refreshed: Called after each refresh, with the newest document that was written.
    """

    engine: Engine
    history: History
    products: int
    share: tuple[int, int] = (0, 1)
    rate: float = 500.0
    seed: int = 1
    refreshed: Callable[[str, float], None] = lambda product_id, moment: None
    counts: dict[str, int] = field(default_factory=dict)
    longest: float = 0.0

    def run(self, changes: int, stop: Event) -> None:
        """Write so many changes, unless it is stopped."""
        chance = random.Random(self.seed)
        next_bulk = monotonic()
        for revision in range(1, -(-changes // BULK) + 1):
            if stop.is_set():
                return
            self._write_bulk(chance, revision)
            next_bulk = max(next_bulk + BULK / self.rate, monotonic() - 1.0)
            sleep(max(0.0, next_bulk - monotonic()))

    def _write_bulk(self, chance: random.Random, revision: int) -> None:
        documents, states = [], []
        own, writers = self.share
        for number in chance.sample(range(own, 2 * self.products, writers), 4 * BULK):
            last = self.history.last(str(number))
            alive = last is not None and last.visual is not None
            action = chance.choice(["upsert", "features", "facts", "facts", "delete"])
            if not alive and action != "upsert":
                continue
            if not alive and chance.random() < 0.5:
                continue  # else the catalogue would grow
            one = self._change(chance, action, str(number), last, revision)
            documents += [one] if one else []
            facts = dict(last.facts) if alive and last else {}
            facts |= dict(one.facts) if one else {}
            seen = one.visual or (last.visual if last else None) if one else None
            states.append(State(str(number), facts, seen, 0.0, 0.0, 0.0))
            self.counts[action] = self.counts.get(action, 0) + 1
            if len(states) == BULK:
                break
        gone = [state.product_id for state in states if state.visual is None]
        began = monotonic()
        _insist(lambda: self._apply(documents, gone))
        written = monotonic()
        _insist(self.engine.refresh)
        visible = monotonic()
        self.longest = max(self.longest, visible - began)
        for state in states:
            state.began, state.written, state.visible = began, written, visible
            self.history.add(state)
        known = [s.product_id for s in states if s.visual and s.visual.model == self.history.model]
        if known:
            self.refreshed(known[-1], visible)

    def _change(
        self, chance: random.Random, action: str, product_id: str, last: State | None, revision: int
    ) -> IndexDocument | None:
        if action == "delete":
            return None
        made = random_document(chance, product_id, self.products, revision)
        if action == "upsert":
            return made
        if action == "features":
            return IndexDocument(product_id, {"revision": revision}, made.visual)
        group = random_facts(chance, self.products, revision)["group"]
        facts: dict[str, Scalar] = {"price": made.facts["price"], "revision": revision}
        return IndexDocument(
            product_id, facts | ({"group": group} if chance.random() < 0.5 else {})
        )

    def _apply(self, documents: Sequence[IndexDocument], gone: Sequence[str]) -> None:
        failed = [outcome for outcome in self.engine.write(documents) if outcome.error]
        if failed:
            raise EngineUnavailable(str(failed[0]))
        self.engine.delete(gone)


def _insist(action: Callable[[], None]) -> None:
    deadline = monotonic() + WRITE_SECONDS
    while True:
        try:
            return action()
        except EngineUnavailable:
            if monotonic() > deadline:
                raise
            sleep(0.2)


class Clients:
    """Clients that query without pause.

    Args:
        search: What is asked.
        products: Products of the catalogue.
        clients: Number of clients.
        most: Number of queries; None = until ``stop``.
    """

    def __init__(
        self, search: VisualSearch, products: int, clients: int, most: int | None = None
    ) -> None:
        self.answers: list[Answered] = []
        self.stop = Event()
        self._search, self._products, self._most = search, products, most
        self._lock, self._begun = Lock(), 0
        self._threads = [Thread(target=self._run, args=(seed,)) for seed in range(clients)]

    def start(self) -> None:
        """Start them."""
        for thread in self._threads:
            thread.start()

    def join(self) -> list[Answered]:
        """Wait until all have ended."""
        for thread in self._threads:
            thread.join()
        return self.answers

    def _run(self, seed: int) -> None:
        chance = random.Random(1_000 + seed)
        while not self.stop.is_set():
            with self._lock:
                if self._most is not None and self._begun >= self._most:
                    return
                self._begun += 1
            self.answers.append(ask(self._search, random_question(chance, self._products)))


def ask(search: VisualSearch, asked: Asked) -> Answered:
    """Ask one query and note when."""
    began = monotonic()
    try:
        if asked.features is not None:
            answer = search.search_features(asked.features, asked.request)
        else:
            answer = search.similar(asked.product_id, asked.request)
    except Exception as error:
        return Answered(asked, began, monotonic(), error=error)
    return Answered(asked, began, monotonic(), answer)


class LagProbe:
    """Measures the time from a refreshed change until the columns know it.

    Args:
        search: A search with columns.
    """

    def __init__(self, search: VisualSearch) -> None:
        self.seconds: list[float] = []
        self._engine, self._columns = search.engine, search.columns
        self._waiting: Queue[tuple[str, float]] = Queue()

    def refreshed(self, product_id: str, moment: float) -> None:
        """Note that a document was refreshed."""
        self._waiting.put((product_id, moment))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure, in a thread."""
        stop = Event()
        thread = Thread(target=self._run, args=(stop,))
        thread.start()
        yield
        stop.set()
        thread.join()

    def _run(self, stop: Event) -> None:
        pending: list[tuple[str, int, float]] = []
        while pending or not stop.is_set():
            try:
                while True:
                    product_id, moment = self._waiting.get_nowait()
                    for shown in self._engine.show([product_id]):
                        pending.append((product_id, shown.version, moment))
            except Empty:
                pass
            pending = [one for one in pending if not self._is_known(*one)]
            sleep(0.02)

    def _is_known(self, product_id: str, version: int, moment: float) -> bool:
        """Tell whether the columns have that version, or a later one."""
        snapshot = self._columns.snapshot() if self._columns else None
        known = -1
        if snapshot is not None:
            for part, rows in zip(snapshot.parts, snapshot.find([product_id]), strict=True):
                if rows[0] >= 0:
                    known = int(part.segment.versions[rows[0]])
        if known >= version:
            self.seconds.append(monotonic() - moment)
            return True
        # It may have been deleted meanwhile, or given another model.
        return not len(self._engine.features([product_id], MODEL, LENGTHS, None))
