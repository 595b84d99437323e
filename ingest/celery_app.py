"""The Celery app: how batches reach worker processes, and what each of those opens.

::

    houndstooth worker --concurrency 2

Give as many processes as there are processors to spare: each runs the networks in one thread.
A worker reads feeds and images by the paths that the command was given, so it must see the feed's
folder under the same path; images by URL need no folder.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from celery import Celery

from houndstooth.ingest.batches import Entries
from houndstooth.ingest.images import feed_images
from houndstooth.ingest.jobs import JobRequest, Jobs
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import ingest_entries
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine

LoadExtractor = Callable[[Taxonomy, Settings], Extractor]

REDELIVERED_AFTER_SECONDS = 300
"""A batch whose worker vanished, machine and all, is given to another after this long. It must be
longer than any batch or pause before a retry takes; a batch delivered twice does no harm."""

AHEAD = 512
"""Batches of a feed that are queued at a time, so that Redis holds a part of the feed only."""


class IngestApp(Celery):
    """Settings, jobs, and in each worker process the one extractor and the engines.

    ``load`` opens the extractor; tests bring their own.

    Nothing is opened before it is used, so that the networks and the connections belong to the
    process that runs the batches and not to the one it was forked from.
    """

    def __init__(
        self, settings: Settings, load: LoadExtractor | None = None, ahead: int = AHEAD
    ) -> None:
        super().__init__("houndstooth", broker=settings.redis, include=["houndstooth.ingest.tasks"])
        self.settings = settings
        self.ahead = ahead
        self._load = load or _load_extractor
        self._engines: dict[str, Engine] = {}
        self.conf.update(
            # Only JSON is taken: a message can never run code.
            accept_content=["json"],
            task_serializer="json",
            task_ignore_result=True,
            task_acks_late=True,
            task_reject_on_worker_lost=True,
            worker_prefetch_multiplier=1,
            broker_connection_retry_on_startup=True,
            # Other Celery apps in the same Redis have queues and workers of their own.
            task_default_queue="ingest",
            control_exchange="houndstooth",
            broker_transport_options={
                "global_keyprefix": "houndstooth:",
                "visibility_timeout": REDELIVERED_AFTER_SECONDS,
                "unacked_restore_interval": 10,
                "unacked_restore_throttle": 1,
            },
        )

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs in the same Redis."""
        return Jobs(self.settings.redis)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """This worker's taxonomy."""
        return Taxonomy.load(self.settings.taxonomy)

    @cached_property
    def extractor(self) -> Extractor:
        """This process's extractor."""
        return self._load(self.taxonomy, self.settings)

    def ingest(self, request: JobRequest, entries: Entries) -> list[Outcome]:
        """Bring a batch in; see ``ingest.pipeline.ingest_entries``."""
        if request.engine not in self._engines:
            self._engines[request.engine] = open_engine(request.engine)
        settings = self.settings
        return ingest_entries(
            entries,
            extractor=self.extractor,
            engine=self._engines[request.engine],
            taxonomy=self.taxonomy,
            load_image=feed_images(
                request.feed.parent, settings.max_upload_bytes, settings.image_hosts
            ),
        )


def _load_extractor(taxonomy: Taxonomy, settings: Settings) -> Extractor:
    # Imported here: the command that only sends batches needs no networks.
    from houndstooth.models.loading import load_extractor

    return load_extractor(taxonomy, threads=1, **settings.extractor_options)


app = IngestApp(Settings.from_env())
