"""Wait for an engine that is away, and ask it again, instead of failing.

It is away when it cannot be reached, and also when it takes no writes for now: where a disk is
full, an index is read-only, or it has too much to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from threading import Event, Lock
from time import monotonic
from typing import Any, Protocol, TypeVar, cast

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.shop_index import Pages, ShopIndex, SourceDocument
from houndstooth.mappings.writes import IndexDocument, WriteOutcome
from houndstooth.plugin.engines.patience import patience

FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 5.0
"""Pauses between two looks at an engine that is away; each is twice as long as the one before."""

PING_SECONDS = 5.0
"""Time for the answer to a look."""

AnEngine = TypeVar("AnEngine", bound=Engine)
Item = TypeVar("Item", IndexDocument, SourceDocument)


class Pause(Protocol):
    """Waits between two looks at an engine that is away."""

    def __call__(self, error: EngineUnavailable, seconds: float) -> None:
        """Wait for some seconds, or raise an error to give up."""


Outage = Callable[[EngineUnavailable], AbstractContextManager[Pause]]
"""Function of the first error that yields the pause, until the engine has answered."""


def patient(engine: AnEngine, outage: Outage) -> AnEngine:
    """Return an engine that waits in every method but ``ping`` while it is away.

    Documents that it has no time for are written again until they are in or refused for good.
    Pages that were begun go on where they were.

    Args:
        engine: The engine.
        outage: Waits; threads that share the engine share it too.
    """
    return cast(AnEngine, _PatientEngine(engine, outage))


class Waiting:
    """An outage that a command waits for, and tells of at its beginning and end.

    Args:
        seconds: How long to wait at most.
        stop: Ends all waiting once it is set.
        tell: Tells people.
    """

    def __init__(self, seconds: float, stop: Event, tell: Callable[[str], None]) -> None:
        self._seconds, self._stop, self._tell = seconds, stop, tell
        self._lock = Lock()
        self._waiting, self._began = 0, 0.0

    @contextmanager
    def __call__(self, error: EngineUnavailable) -> Iterator[Pause]:
        """See Outage."""
        with self._lock:
            self._waiting += 1
            if self._waiting == 1:
                self._began = monotonic()
                if self._seconds:
                    self._tell(f"waiting for the engine, {self._seconds:.0f} s at most: {error}")
        answered = False
        try:
            yield self._pause
            answered = True
        finally:
            with self._lock:
                self._waiting -= 1
                if answered and not self._waiting:
                    self._tell(f"the engine is back after {monotonic() - self._began:.0f} s")

    def _pause(self, error: EngineUnavailable, seconds: float) -> None:
        check_patience(error, monotonic() - self._began, self._seconds)
        if self._stop.wait(seconds):
            raise error


def check_patience(error: EngineUnavailable, waited: float, seconds: float) -> None:
    """Raise an error that says how long an engine was waited for, once that is long enough."""
    if waited >= seconds:
        waited_for = f"; it was waited for {seconds:.0f} s" if seconds else ""
        raise EngineUnavailable(f"{error}{waited_for}", public=error.public)


class _PatientEngine:
    """See ``patient``."""

    def __init__(self, engine: Engine, outage: Outage) -> None:
        self._engine, self._outage = engine, outage
        self.ping, self.close = engine.ping, engine.close

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return partial(self._ask, found) if callable(found) else found

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """See Engine."""
        return self._write(self._engine.write, documents)

    def rewrite(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """See ShopIndex."""
        return self._write(cast(ShopIndex, self._engine).rewrite, documents)

    def update(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """See ShopIndex."""
        return self._write(cast(ShopIndex, self._engine).update, documents)

    def documents(
        self, fields: Sequence[str] | None = None, since: Checkpoint | None = None
    ) -> tuple[Checkpoint, Pages]:
        """See ShopIndex."""
        index = cast(ShopIndex, self._engine)
        checkpoint, pages = self._ask(index.documents, fields, since)
        return checkpoint, self._pages(pages)

    def _pages(self, pages: Pages) -> Pages:
        with closing(pages):
            while (page := self._ask(next, pages, None)) is not None:
                yield page

    def _write(
        self, write: Callable[[Sequence[Item]], list[WriteOutcome]], documents: Sequence[Item]
    ) -> list[WriteOutcome]:
        outcomes: dict[int, WriteOutcome] = {}

        def send() -> None:
            left = [place for place in range(len(documents)) if place not in outcomes]
            busy, again = "", set[str]()
            results = write([documents[place] for place in left])
            for place, outcome in zip(left, results, strict=True):
                if outcome.retryable and not outcome.is_conflict:
                    busy = outcome.error or ""
                    again.add(outcome.product_id)
                elif outcome.product_id not in again:  # later writes to one that waits follow it
                    outcomes[place] = outcome
            if len(outcomes) < len(documents):
                count = len(documents) - len(outcomes)
                raise EngineUnavailable(f"{self._engine.location} took {count} writes not: {busy}")

        self._ask(send)
        return [outcomes[place] for place in range(len(documents))]

    def _ask(self, question: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return question(*arguments, **options)
        except IndexReplaced:
            raise  # it never comes back
        except EngineUnavailable as error:
            return self._ask_again(partial(question, *arguments, **options), error)

    def _ask_again(self, question: Callable[[], Any], error: EngineUnavailable) -> Any:
        seconds = FIRST_PAUSE_SECONDS
        with self._outage(error) as pause:
            while True:
                pause(error, seconds)
                seconds = min(2 * seconds, MAX_PAUSE_SECONDS)
                try:
                    with patience(PING_SECONDS):
                        self._engine.ping()
                    return question()
                except IndexReplaced:
                    raise
                except EngineUnavailable as new:
                    error = new
