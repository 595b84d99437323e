"""Make the columns of an index, keep them in step with it, and save them to a file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from houndstooth.mappings.engine import CandidateQuery, Engine
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.rows import Changes, Checkpoint, FeatureRows, Lengths
from houndstooth.plugin.columns.builder import SegmentBuilder
from houndstooth.plugin.columns.columns_file import ColumnsFile
from houndstooth.plugin.columns.segment import Segment
from houndstooth.plugin.columns.snapshot import Part, Snapshot

_LOG = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
"""Time from one look for changes to the next, in an engine that is a server."""

MIN_PAUSE_SECONDS = 0.1
"""Shortest pause between two looks, after one that took long."""

CHECK_SECONDS = 600.0
"""Time between two counts of the products that are gone from such an engine."""

SAVED_FROM = 20_000
"""Columns of fewer products are not saved: to build them takes a blink."""

FOLDED_FROM = 0.05
"""Share of the products that may have changed before the file is written anew."""

GONE_FROM = 0.01
"""Share of the products that may be gone from the engine before columns are built anew."""


@dataclass(frozen=True)
class _State:
    """A snapshot, and how far it has followed the index.

    Attributes:
        saved: The segment that is in the file.
        synced_at: When changes were looked for, in monotonic seconds.
    """

    snapshot: Snapshot
    checkpoint: Checkpoint
    saved: Segment | None = None
    synced_at: float = 0.0

    @property
    def unsaved(self) -> int:
        """Number of rows that are not in the file, or dead there."""
        rows = sum(len(p.segment) for p in self.snapshot.parts if p.segment is not self.saved)
        return rows + sum(len(p.segment) - len(p) for p in self.snapshot.parts)


class Columns:
    """The columns of one model in one index. Threads may share them.

    The engine stays the truth: columns may be a moment behind it, so what they find is looked up
    there before it is shown (``plugin/page.py``).

    Args:
        engine: The engine.
        model: The model whose features are ranked.
        lengths: Lengths of its bytes; products with others are left out.
        variant_field: Shop field that holds the variant group.
        folder: Folder for the file; None = keep the columns in this process's memory.
    """

    def __init__(
        self,
        engine: Engine,
        model: str,
        lengths: Lengths,
        variant_field: str,
        folder: Path | None,
    ) -> None:
        self._engine, self._model, self._lengths = engine, model, lengths
        self._variant_field = variant_field
        name = f"{engine.location} {model} {variant_field}"
        self._file = ColumnsFile(folder, name) if folder else None
        self._state: _State | None = None
        self._lock = Lock()
        self._folding = Lock()
        self._follower: Thread | None = None
        self._stop = Event()

    def snapshot(self) -> Snapshot | None:
        """Return the products as they are now, or None while there are no columns yet.

        The columns of a server are built and kept in step by ``follow``. Without it, those are
        used that another process has saved.

        Raises:
            EngineUnavailable: The engine cannot be reached.
        """
        if self._follower is None and (self._engine.embedded or self._is_old()):
            self.sync(build=self._engine.embedded)
        return self._state.snapshot if self._state else None

    @property
    def size(self) -> int:
        """Number of products in them; 0 while there are none."""
        return len(self._state.snapshot) if self._state else 0

    @property
    def age(self) -> float | None:
        """Seconds since changes were looked for; None while there are no columns."""
        return monotonic() - self._state.synced_at if self._state else None

    def sync(self, build: bool = True) -> None:
        """Bring the columns in step with the engine.

        Args:
            build: Build them if there are none.

        Raises:
            EngineUnavailable: The engine cannot be reached.
        """
        with self._lock:
            try:
                state = self._loaded() or self._state
                if state is not None:
                    self._state = self._followed(state)
                elif build:
                    self._state = self._built()
            except IndexReplaced:
                self._state = None
                if build:
                    self._state = self._built()
        if self._state and self._needs_fold(self._state) and self._folding.acquire(blocking=False):
            Thread(target=self._fold, name="columns-fold", daemon=True).start()

    def read(self, product_ids: Sequence[str]) -> FeatureRows:
        """Read some products from the engine as they are now, as the columns hold them."""
        model, lengths = self._model, self._lengths
        return self._engine.features(product_ids, model, lengths, self._variant_field)

    def apply(self, before: Snapshot, after: Snapshot) -> None:
        """Take over what was read of some products, unless there is a newer snapshot already.

        What was read may be older than that: it would undo changes that never come again.
        """
        if self._lock.acquire(blocking=False):
            try:
                if self._state and self._state.snapshot is before:
                    self._state = replace(self._state, snapshot=after)
            finally:
                self._lock.release()

    def follow(self) -> None:
        """Build the columns of a server and keep them in step, in a thread, until ``close``."""
        if self._follower is None and not self._engine.embedded:
            self._follower = Thread(target=self._follow, name="columns", daemon=True)
            self._follower.start()

    def close(self) -> None:
        """End the thread of ``follow``."""
        self._stop.set()
        if self._follower:
            self._follower.join()

    def _follow(self) -> None:
        next_check = monotonic() + CHECK_SECONDS
        reached = True
        while True:
            began = monotonic()
            try:
                self.sync()
                if monotonic() > next_check:
                    self._check_gone()
                    next_check = monotonic() + CHECK_SECONDS
                reached = True
            except EngineUnavailable as error:
                if reached:
                    _LOG.warning("columns of %s are not in step: %s", self._engine.location, error)
                reached = False
            except Exception:
                _LOG.exception("columns of %s are not in step", self._engine.location)
            if self._stop.wait(max(began + FOLLOW_SECONDS - monotonic(), MIN_PAUSE_SECONDS)):
                return

    def _is_old(self) -> bool:
        return self._state is None or monotonic() - self._state.synced_at > FOLLOW_SECONDS

    def _loaded(self) -> _State | None:
        """Map the file if it is another than the one mapped last."""
        file = self._file
        if not file or not file.is_newer:
            return None
        saved = file.load()
        if saved is None or saved.checkpoint.index != self._engine.index_id():
            return None
        if len(saved.segment) and saved.segment.lengths != self._lengths:
            return None
        snapshot = Snapshot((Part(saved.segment),))
        return _State(snapshot, saved.checkpoint, saved.segment)

    def _followed(self, state: _State) -> _State:
        began = monotonic()
        snapshot, checkpoint = state.snapshot, state.checkpoint
        for batch in self._changes(checkpoint):
            snapshot = snapshot.changed(batch.rows, batch.gone)
            checkpoint = batch.checkpoint
        return replace(state, snapshot=snapshot, checkpoint=checkpoint, synced_at=began)

    def _changes(self, since: Checkpoint | None = None) -> Iterator[Changes]:
        return self._engine.changes(self._model, self._lengths, self._variant_field, since)

    def _built(self) -> _State:
        """Read everything, into the file if it is worth it."""
        if self._file and self._engine.count() >= SAVED_FROM:
            try:
                return self._built_in(self._file)
            except OSError as error:
                _LOG.warning("columns are kept in memory, as they cannot be saved: %s", error)
                self._file = None
        builder = SegmentBuilder()
        checkpoint = self._read_into(builder)
        return self._followed(_State(Snapshot((Part(builder.segment()),)), checkpoint))

    def _built_in(self, file: ColumnsFile) -> _State:
        with file.writing() as builder:
            state = self._loaded()  # another process may have built it meanwhile
            if state is None:
                began = monotonic()
                _LOG.info("building columns of %s", self._engine.location)
                checkpoint = self._read_into(builder)
                file.save(builder.draft(), checkpoint)
                _LOG.info("%s products in columns, %.0f s", len(builder), monotonic() - began)
                state = self._loaded()
        if state is None:
            raise EngineUnavailable(f"expected columns in {file.path}; there are none")
        return self._followed(state)

    def _read_into(self, builder: SegmentBuilder) -> Checkpoint:
        checkpoint = Checkpoint(self._engine.index_id(), {})
        for batch in self._changes():
            builder.add(batch.rows)
            checkpoint = batch.checkpoint
        return checkpoint

    def _needs_fold(self, state: _State) -> bool:
        products = len(state.snapshot)
        enough = max(SAVED_FROM, FOLDED_FROM * products)
        return self._file is not None and products >= SAVED_FROM and state.unsaved > enough

    def _fold(self) -> None:
        """Write the columns of this moment to the file; the next ``sync`` maps it."""
        try:
            file = self._file
            if file is None:
                return
            with file.writing() as builder:
                state = self._state
                # Another process may have written it meanwhile; the next ``sync`` maps that.
                if state and not file.is_newer:
                    for part in state.snapshot.parts:
                        builder.add_segment(part.segment, part.rows())
                    file.save(builder.draft(), state.checkpoint)
        except OSError as error:
            _LOG.warning("columns cannot be saved: %s", error)
            self._file = None
        finally:
            self._folding.release()

    def _check_gone(self) -> None:
        """Build the columns anew if many products are gone: servers do not tell deletions."""
        state = self._state
        if state is None:
            return
        known = len(state.snapshot)
        gone = known - self._engine.count(CandidateQuery(self._model))
        if gone > max(SAVED_FROM, GONE_FROM * known):
            _LOG.info("%s products are gone from %s", gone, self._engine.location)
            with self._lock:
                self._state = self._built()
