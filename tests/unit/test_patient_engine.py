"""An engine that goes away is waited for, by all threads that ask it, and goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any, cast

import pytest

from houndstooth.ingest import patient_engine
from houndstooth.ingest.patient_engine import Waiting, patient
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.writes import IndexDocument, WriteOutcome

DOCUMENTS = [IndexDocument(str(n), {}) for n in range(4)]


class Away:
    """An engine that is away for some questions, and for some more looks.

    Attributes:
        failures: errors of the next questions.
        blind: how many looks find nothing.
        busy: ids that it takes at a later attempt, and at which.
        written: ids as they were sent, each time.
    """

    location = "away://engine"
    embedded = False

    def __init__(self, *failures: Exception, blind: int = 0) -> None:
        self.failures, self.blind = [*failures], blind
        self.busy: dict[str, int] = {}
        self.written: list[list[str]] = []
        self.pages_read = 0
        self._lock = Lock()

    def _ask(self) -> None:
        with self._lock:
            if self.failures:
                raise self.failures.pop(0)

    def ping(self) -> None:
        with self._lock:
            self.blind -= 1
            if self.blind >= 0:
                raise EngineUnavailable("no answer")

    def close(self) -> None:
        pass

    def count(self) -> int:
        self._ask()
        return 7

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        self._ask()
        self.written.append([one.product_id for one in documents])
        outcomes = []
        for one in documents:
            self.busy[one.product_id] = self.busy.get(one.product_id, 0) - 1
            is_busy = self.busy[one.product_id] >= 0
            outcomes.append(
                WriteOutcome(one.product_id, "too busy" if is_busy else None, retryable=is_busy)
            )
        return outcomes

    def documents(self, fields: Any, since: Any) -> tuple[Checkpoint, Any]:
        engine = self

        class Pages:
            def __next__(self) -> list[int]:
                engine._ask()
                engine.pages_read += 1
                if engine.pages_read > 3:
                    raise StopIteration
                return [engine.pages_read]

            def __iter__(self) -> Any:
                return self

            def close(self) -> None:
                pass

        return Checkpoint("i", {}), Pages()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_engine, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(patient_engine, "MAX_PAUSE_SECONDS", 0.02)


def waited(engine: Away, seconds: float = 30, stop: Event | None = None) -> tuple[Any, list[str]]:
    told: list[str] = []
    return patient(cast(Any, engine), Waiting(seconds, stop or Event(), told.append)), told


def test_it_is_asked_again_when_it_answers() -> None:
    engine, told = waited(Away(EngineUnavailable("gone"), EngineUnavailable("blocked"), blind=3))
    assert engine.count() == 7
    assert engine.location == "away://engine"
    assert told[0] == "waiting for the engine, 30 s at most: gone"
    assert told[1:] == ["the engine is back after 0 s"]


def test_threads_wait_for_one_outage() -> None:
    engine, told = waited(Away(*[EngineUnavailable("gone")] * 4, blind=20))
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: engine.count(), range(4))] == [7] * 4
    assert [text.split(",")[0] for text in told][:1] == ["waiting for the engine"]
    assert len(told) == 2


@pytest.mark.parametrize(("seconds", "expected"), [(0.1, "gone; it was waited for"), (0, "gone$")])
def test_patience_ends(seconds: float, expected: str) -> None:
    engine, told = waited(
        Away(EngineUnavailable("gone"), *[EngineUnavailable("gone")] * 99), seconds
    )
    with pytest.raises(EngineUnavailable, match=expected):
        engine.count()
    assert len(told) == (seconds > 0)


def test_whoever_stops_does_not_wait() -> None:
    stop = Event()
    stop.set()
    engine, _ = waited(Away(EngineUnavailable("gone"), blind=99), stop=stop)
    with pytest.raises(EngineUnavailable, match=r"^gone$"):
        engine.count()


def test_another_index_is_not_waited_for() -> None:
    engine, told = waited(Away(IndexReplaced("another")))
    with pytest.raises(IndexReplaced):
        engine.count()
    engine, _ = waited(Away(EngineUnavailable("gone"), IndexReplaced("another")))
    with pytest.raises(IndexReplaced):
        engine.count()
    assert told == []


def test_a_look_is_answered_as_it_is() -> None:
    engine, _ = waited(Away(blind=1))
    with pytest.raises(EngineUnavailable, match="no answer"):
        engine.ping()


def test_only_what_it_had_no_time_for_is_written_again() -> None:
    away = Away()
    away.busy = {"1": 2, "3": 1}
    engine, told = waited(away)
    assert [one.error for one in engine.write(DOCUMENTS)] == [None] * 4
    assert away.written == [["0", "1", "2", "3"], ["1", "3"], ["1"]]
    assert "took 2 writes not: too busy" in told[0]


def test_pages_go_on_where_they_were() -> None:
    away = Away()
    engine, _ = waited(away)
    _, pages = engine.documents()
    found = [next(pages)]
    away.failures = [EngineUnavailable("gone")] * 3
    assert [*found, *pages] == [[1], [2], [3]]


def test_what_is_refused_for_good_is_not_waited_for() -> None:
    class Refuses(Away):
        def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
            return [
                WriteOutcome("0", "expected a number"),
                WriteOutcome("1", "conflict", retryable=True, is_conflict=True),
            ]

    engine, told = waited(Refuses())
    assert [one.error for one in engine.write(DOCUMENTS[:2])] == ["expected a number", "conflict"]
    assert told == []
