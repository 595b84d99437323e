"""Serve the version of ``visual`` that the index says, without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from houndstooth.ingest.writes.writer import ProductWriter
from houndstooth.mappings.errors import EngineUnavailable, HoundstoothError
from houndstooth.mappings.shop_index import Version
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.serving import read_serving, version_of, with_serving
from houndstooth.plugin.service import VisualSearch
from houndstooth.web.backend import Backend, Parts
from houndstooth.web.writing import in_turn

_LOG = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Time from one look at what the index serves to the next."""

SILENT_LOOKS = 5
"""Looks in a row at which the index says nothing, until that counts: while an alias is put from one
index to another it may name both."""

COLUMNS_SECONDS = 900.0
"""Longest time for which the new columns are waited for."""

CLOSE_SECONDS = 60.0
"""Time after which the old parts are closed; no request takes as long."""

REFUSED_SECONDS = 60.0
"""Time after which parts that could not be opened are tried again."""


class VersionFollower:
    """Looks what the index serves, and exchanges the parts of a backend when that changes.

    New parts are opened beside the old ones, which serve until the new columns are built; writes
    go to the new ones at once, as the old ones take none. Where they cannot be opened, as the
    encoder's card is not on this machine, searches go on in the old ones, writes are refused, and
    the log says so: a later version may have the old one's object, with codes of another encoder.
    Where the index says nothing, as after ``houndstooth detach``, that of the settings serves, as
    after a restart.

    Args:
        settings: The settings, as they were before the index was asked.
        backend: The backend, with parts of ``backend.settings``.
        open_parts: Function that opens the parts by settings.
        writer: Writes the products of this service.
    """

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        open_parts: Callable[[Settings], Parts],
        writer: ProductWriter,
    ) -> None:
        self._stated, self._backend = settings, backend
        self._open_parts, self._writer = open_parts, writer
        self._index = open_engine(settings.engine, settings.credentials)
        self._serves = version_of(backend.settings)
        self._written: Version | None = self._serves
        self._refused: Version | None = None
        self._refused_until = 0.0
        self._silent = 0
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
        self._silent = 0 if serving else self._silent + 1
        if 0 < self._silent < SILENT_LOOKS:
            return False
        wanted = with_serving(self._stated, serving)
        version = version_of(wanted)
        if version == self._serves:
            if self._written != self._serves:
                self._write_to(self._backend.parts, self._serves)
            return False
        if self._written != version:
            self._refuse_writes(version)
        is_known = self._refused == version
        if is_known and monotonic() < self._refused_until:
            return False
        try:
            parts = self._open_parts(wanted)
        except EngineUnavailable:
            raise
        except HoundstoothError as error:
            self._refused, self._refused_until = version, monotonic() + REFUSED_SECONDS
            if not is_known:
                _LOG.error(
                    "the index serves %s by %s, which cannot be opened: %s; the old version goes "
                    "on to serve: put the card there",
                    *version,
                    error,
                )
            return False
        self._refused = None
        return self._exchange(parts, version)

    def _write_to(self, parts: Parts, version: Version) -> None:
        self._writer.use(parts.engine, in_turn(parts))
        self._written = version

    def _refuse_writes(self, version: Version) -> None:
        card = Path(version.encoder).name if version.encoder else "none"
        self._writer.refuse(
            f"expected the encoder by which the index serves, {card}; it is not open here"
        )
        self._written = None

    def _exchange(self, parts: Parts, version: Version) -> bool:
        """Tell whether the parts serve: they do not if the index goes to another version first."""
        self._write_to(parts, version)
        old = self._backend.search
        parts.search.rules = old.rules
        parts.search.follow()
        until = monotonic() + COLUMNS_SECONDS
        next_look = monotonic() + LOOK_SECONDS
        columns = parts.search.columns
        while columns is not None and columns.age is None and monotonic() < until:
            self._stop.wait(0.1)
            if monotonic() >= next_look:
                if self._has_left(version):
                    self._close_later(parts.search)
                    return self.look()
                next_look = monotonic() + LOOK_SECONDS
        self._serves = version
        self._backend.exchange(parts)
        _LOG.info("%s is served by %s", parts.engine.location, parts.extractor.model)
        self._close_later(old)
        return True

    def _has_left(self, version: Version) -> bool:
        """Tell whether the index says that another version serves."""
        try:
            serving = read_serving(self._index)
        except EngineUnavailable:
            return False
        return serving is not None and version_of(with_serving(self._stated, serving)) != version

    def _close_later(self, search: VisualSearch) -> None:
        def close() -> None:
            self._stop.wait(CLOSE_SECONDS)
            search.close()

        Thread(target=close, name="versions-close", daemon=True).start()

    def _follow(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except EngineUnavailable:
                pass  # searches say so
            except Exception:
                _LOG.exception("it is not known which version the index serves")
