"""Choose who ranks the products of a search: the columns if there are any, else the engine."""

from __future__ import annotations

from typing import cast

from houndstooth.mappings.engine import Engine, RankingEngine
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.rows import Lengths
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.store import Columns
from houndstooth.plugin.config import Settings
from houndstooth.plugin.sources import ColumnsSource, Source
from houndstooth.plugin.window_source import WindowSource


class SourceChoice:
    """The columns of an engine, by model. Threads may share it.

    Args:
        extractor: Its model is that of photos.
        engine: Has the products.
        settings: Say whether there are columns, and where.

    Attributes:
        columns: The columns of the extractor's model; None = the engine ranks.
    """

    def __init__(self, extractor: Extractor, engine: Engine, settings: Settings) -> None:
        self._engine, self._model, self._settings = engine, extractor.model, settings
        self.columns: Columns | None = None
        if engine.embedded or settings.columns:
            lengths, variant_field = extractor.lengths, settings.variant_field
            self.columns = Columns(engine, self._model, lengths, variant_field, settings.columns)
        self._older: dict[tuple[str, Lengths], Columns] = {}

    def source(self, model: str, lengths: Lengths, clock: Clock) -> Source:
        """Open the source of one search, for features of a model."""
        columns = self._columns_of(model, lengths)
        with clock.stage("candidates"):
            snapshot = columns.snapshot() if columns else None
        if columns and snapshot is not None:
            return ColumnsSource(self._engine, columns, snapshot, clock)
        engine = cast(RankingEngine, self._engine)
        return WindowSource(engine, self._settings.candidates, clock)

    def _columns_of(self, model: str, lengths: Lengths) -> Columns | None:
        """Return the columns of a model; those of an older one only where they cost little."""
        if self.columns and model == self._model:
            return self.columns
        if not self._engine.embedded:
            return None
        if (model, lengths) not in self._older:
            variant_field = self._settings.variant_field
            self._older[model, lengths] = Columns(self._engine, model, lengths, variant_field, None)
        return self._older[model, lengths]
