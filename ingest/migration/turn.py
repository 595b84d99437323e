"""Let one migration of an index at a time state what serves.

The last one that begins has the turn, so that a command which was killed is simply given again. One
that is still under way sees that it has lost the turn before it writes or states anything more, and
ends. The mapping of an index has no compare-and-set: of those that begin at once, each states its
name, waits until all have, and reads whose name stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import sleep
from uuid import uuid4

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.shop_index import Serving, ShopIndex

CLAIM_SECONDS = 1.0
"""Pause until a migration that has stated its name reads whose stands: longer than another one
takes between its last look at what is stated and stating its own."""


@dataclass
class Turn:
    """The turn of one migration.

    Attributes:
        index: The index.
        serving: What the index serves, as this migration stated it last.
        run: Name of the migration.
    """

    index: ShopIndex
    serving: Serving
    run: str = field(default_factory=lambda: uuid4().hex)

    def take(self) -> None:
        """Take the turn. What another one has closed takes writes again.

        Raises:
            EngineUnavailable: The engine cannot be reached, serves another version than was read,
                or another migration has begun at the same time and goes on.
        """
        stated = self.index.serving()
        found = stated or self.serving
        if (found.version, found.previous) != (self.serving.version, self.serving.previous):
            raise _lost(found)
        self._state(replace(found, closed=None, closed_until=0), stated)
        sleep(CLAIM_SECONDS)
        self.check()

    def check(self) -> None:
        """Return if this migration still has the turn.

        Raises:
            EngineUnavailable: The engine cannot be reached, or another migration has begun.
        """
        found = self.index.serving()
        if found is None or found.run != self.run:
            raise _lost(found)

    def state(self, serving: Serving) -> None:
        """State what the index serves.

        Raises:
            EngineUnavailable: See ``check``.
        """
        self.check()
        self._state(serving, self.serving)

    def _state(self, serving: Serving, after: Serving | None) -> None:
        serving = replace(serving, run=self.run)
        if not self.index.serve(serving, after):
            raise _lost(self.index.serving())
        self.serving = serving


def _lost(found: Serving | None) -> EngineUnavailable:
    state = "nothing is stated" if found is None else f"{found.visual} serves"
    return EngineUnavailable(
        "expected one migration of the index at a time; another houndstooth migrate has begun "
        f"since, and this one ends; {state}"
    )
