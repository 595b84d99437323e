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
    has begun with goes on to work.

    Attributes:
        jobs: The workers' jobs.
        arms: The arms of the A/B test.
        events: Records queries and events; None = nothing is recorded.
        progress: Progress of the indexing in this process; None if it indexes nothing.
    """

    settings: Settings
    taxonomy: Taxonomy
    extractor: Extractor
    engine: Engine
    search: VisualSearch
    looks: Looks
    texts: TextSearch
    jobs: Jobs
    metrics: Metrics
    arms: Arms
    events: Recorder | None = None
    progress: Progress | None = None

    def exchange(self, parts: Parts) -> None:
        """Serve another version of ``visual`` from now on."""
        self.extractor, self.engine, self.search, self.looks, self.texts = parts
        self.metrics.model(parts.extractor.model)
