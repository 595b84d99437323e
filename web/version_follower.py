"""Serve the version of ``visual`` that the index says, without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from houndstooth.mappings.errors import EngineUnavailable, HoundstoothError
from houndstooth.mappings.shop_index import Serving
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.serving import read_serving, with_serving
from houndstooth.plugin.service import VisualSearch
from houndstooth.web.backend import Backend, Parts

_LOG = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Time from one look at what the index serves to the next."""

COLUMNS_SECONDS = 900.0
"""Longest time for which the new columns are waited for."""

CLOSE_SECONDS = 60.0
"""Time after which the old parts are closed; no request takes as long."""


class VersionFollower:
    """Looks what the index serves, and exchanges the parts of a backend when that changes.

    New parts are opened beside the old ones, which serve until the new columns are built. Where
    they cannot be opened, as the encoder's card is not on this machine, the old ones go on, and the
    log says so.

    Args:
        settings: The settings, as they were before the index was asked.
        backend: The backend, with parts of ``backend.settings``.
        open_parts: Function that opens the parts by settings.
        exchanged: Called once the backend has other parts.
    """

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        open_parts: Callable[[Settings], Parts],
        exchanged: Callable[[], None],
    ) -> None:
        self._stated, self._backend = settings, backend
        self._open_parts, self._exchanged = open_parts, exchanged
        self._index = open_engine(settings.engine, settings.credentials)
        self._serves = backend.settings
        self._refused: Serving | None = None
        self._stop = Event()

    def start(self) -> None:
        """Follow in a thread, until the process ends."""
        Thread(target=self._follow, name="versions", daemon=True).start()

    def look(self) -> bool:
        """Look once; tell whether parts were exchanged.

        Raises:
            EngineUnavailable: The engine cannot be reached.
        """
        serving = read_serving(self._index)
        wanted = with_serving(self._stated, serving)
        is_same = (wanted.engine, wanted.encoder) == (self._serves.engine, self._serves.encoder)
        if serving is None or is_same or serving == self._refused:
            return False
        try:
            parts = self._open_parts(wanted)
        except EngineUnavailable:
            raise
        except HoundstoothError as error:
            self._refused = serving
            _LOG.error(
                "the index serves %s by %s, which cannot be opened: %s; the old version goes on to "
                "serve: put the card there, and start the service again",
                *serving.version,
                error,
            )
            return False
        self._exchange(parts, wanted)
        return True

    def _exchange(self, parts: Parts, settings: Settings) -> None:
        old = self._backend.search
        parts.search.rules = old.rules
        parts.search.follow()
        until = monotonic() + COLUMNS_SECONDS
        columns = parts.search.columns
        while columns is not None and columns.age is None and monotonic() < until:
            self._stop.wait(0.1)
        self._serves = settings
        self._backend.exchange(parts)
        self._exchanged()
        _LOG.info("%s is served by %s", parts.engine.location, parts.extractor.model)
        Thread(target=self._close_later, args=(old,), name="versions-close", daemon=True).start()

    def _close_later(self, old: VisualSearch) -> None:
        self._stop.wait(CLOSE_SECONDS)
        old.close()

    def _follow(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except EngineUnavailable:
                pass  # searches say so
            except Exception:
                _LOG.exception("it is not known which version the index serves")
