"""Define what the blueprints share: the search service and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from houndstooth.ingest.jobs import Jobs
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.arms import Arms
from houndstooth.plugin.config import Settings
from houndstooth.plugin.events.recorder import Recorder
from houndstooth.plugin.looks import Looks
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.text_search import TextSearch
from houndstooth.web.observability.metrics import Metrics
from houndstooth.web.progress import Progress


class Parts(NamedTuple):
    """The parts of a backend that belong to one version of ``visual``."""

    extractor: Extractor
    engine: Engine
    search: VisualSearch
    looks: Looks
    texts: TextSearch


@dataclass
class Backend:
    """The search service and its parts; all threads share them.

    The parts of one version are exchanged for others when the index serves another; what a request
    has begun with goes on to work. A request that needs two of them takes ``parts`` once.

    Attributes:
        parts: The parts of the version that serves.
        jobs: The workers' jobs.
        arms: The arms of the A/B test.
        events: Records queries and events; None = nothing is recorded.
        progress: Progress of the indexing in this process; None if it indexes nothing.
    """

    settings: Settings
    taxonomy: Taxonomy
    parts: Parts
    jobs: Jobs
    metrics: Metrics
    arms: Arms
    events: Recorder | None = None
    progress: Progress | None = None

    @property
    def extractor(self) -> Extractor:
        """The extractor of the version that serves."""
        return self.parts.extractor

    @property
    def engine(self) -> Engine:
        """The engine with the version that serves."""
        return self.parts.engine

    @property
    def search(self) -> VisualSearch:
        """The search of the version that serves."""
        return self.parts.search

    @property
    def looks(self) -> Looks:
        """The looks of the version that serves."""
        return self.parts.looks

    @property
    def texts(self) -> TextSearch:
        """The search in words of the version that serves."""
        return self.parts.texts

    def exchange(self, parts: Parts) -> None:
        """Serve another version of ``visual`` from now on."""
        self.parts = parts
        self.metrics.model(parts.extractor.model)
