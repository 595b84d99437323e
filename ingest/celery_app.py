"""Define the Celery app that distributes batches to worker processes.

::

    houndstooth worker --concurrency 2

Run one process for each core: every process runs the networks in one thread. A worker reads the
feed and its images by the paths that were given to the command, so it must see the feed's folder
under the same path, and the folder of jobs. Images by URL need no folder.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from logging import Logger
from pathlib import Path
from typing import Any, TypeVar

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import after_setup_logger, after_setup_task_logger, worker_shutting_down

from houndstooth.ingest.batches import Entries
from houndstooth.ingest.images import feed_images
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.jobs import Jobs
from houndstooth.ingest.outcome import Ingested
from houndstooth.ingest.patient_engine import Outage, patient
from houndstooth.ingest.pipeline import ingest_entries
from houndstooth.ingest.queue import PREFIX, QUEUE, Queue
from houndstooth.ingest.steps import Steps
from houndstooth.ingest.views import RecentFeatures
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.shop_index import Serving
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.serving import follows, read_serving, with_serving
from houndstooth.plugin.logs import log_formatter

T = TypeVar("T")

LoadExtractor = Callable[[Taxonomy, Settings], Extractor]

REDELIVERED_AFTER_SECONDS = 300
"""Time after which the batch of a lost worker is given to another one. It must be longer than any
batch takes and any pause before a retry; a batch whose engine is away is kept longer, see
``Queue.keep``. A batch that is delivered twice does no harm."""

AHEAD = 512
"""Batches to queue ahead, so that Redis holds only a part of the feed."""


RECONNECT_SECONDS = 5
"""Longest pause before another attempt to reach Redis. Celery has no setting for it."""


class _Connection(AMQP.Connection):
    def ensure_connection(self, *arguments: Any, **options: Any) -> Any:
        options.setdefault("interval_max", RECONNECT_SECONDS)
        return super().ensure_connection(*arguments, **options)


class _Amqp(AMQP):
    Connection = _Connection


class IngestApp(Celery):
    """The Celery app with its settings, its jobs, and each process's extractor and engines.

    Networks and connections are opened on first use. They then belong to the process that runs
    the batches, not to the one it was forked from.

    Args:
        settings: The settings.
        load: Function that loads the extractor; None = the shipped one.
        ahead: Batches to queue ahead.
    """

    amqp_cls = _Amqp

    def __init__(
        self, settings: Settings, load: LoadExtractor | None = None, ahead: int = AHEAD
    ) -> None:
        super().__init__("houndstooth", broker=settings.redis, include=["houndstooth.ingest.tasks"])
        self.settings = settings
        self.ahead = ahead
        self._load = load or _load_extractor
        self._engines: dict[str, Engine] = {}
        self._prepared: set[str] = set()
        self._serving: dict[str, Serving | None] = {}
        self._extractors: dict[Path | None, RecentFeatures] = {}
        # Memory that the worker's process shares with those that it forks.
        self._ending = mmap.mmap(-1, 1)
        worker_shutting_down.connect(self._note_end)
        self.conf.update(
            # Accept only JSON: a message can never run code.
            accept_content=["json"],
            task_serializer="json",
            task_ignore_result=True,
            task_acks_late=True,
            task_reject_on_worker_lost=True,
            worker_prefetch_multiplier=1,
            broker_connection_retry_on_startup=True,
            broker_connection_max_retries=None,
            # A Redis that is full refuses what is written: as any other outage.
            broker_channel_error_retry=True,
            task_default_queue=QUEUE,
            control_exchange="houndstooth",
            broker_transport_options={
                "global_keyprefix": PREFIX,
                "visibility_timeout": REDELIVERED_AFTER_SECONDS,
                "unacked_restore_interval": 10,
                "unacked_restore_throttle": 1,
            },
        )

    @cached_property
    def jobs(self) -> Jobs:
        """The jobs that workers and commands share."""
        return Jobs(self.settings.jobs)

    @cached_property
    def job_steps(self) -> Steps:
        """The steps that this process has at hand."""
        return Steps(self.jobs)

    @property
    def is_ending(self) -> bool:
        """Tell whether the worker was asked to end."""
        return self._ending[0] != 0

    def _note_end(self, **_: Any) -> None:
        self._ending[0] = 1

    @cached_property
    def queue(self) -> Queue:
        """The workers' queue."""
        return Queue(self.settings.redis)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The worker's taxonomy."""
        return Taxonomy.load(self.settings.taxonomy)

    def extractor(self, url: str) -> Extractor:
        """Return the process's extractor for the version that the engine of that URL serves."""
        return self.recent(self._followed(url)).extractor

    def _followed(self, url: str) -> Settings:
        """Return the settings with the version that the index serves, as it was known last."""
        stated = replace(self.settings, engine=url)
        if follows(url):
            with suppress(EngineUnavailable):
                self._serving[url] = read_serving(self._engine_by(stated))
        return with_serving(stated, self._serving.get(url))

    def recent(self, settings: Settings) -> RecentFeatures:
        """Return the process's extractor by some settings, with the features of the last images."""
        if settings.encoder not in self._extractors:
            self._extractors.clear()  # the memory of one set of networks is enough
            self._extractors[settings.encoder] = RecentFeatures(self._load(self.taxonomy, settings))
        return self._extractors[settings.encoder]

    def _engine_by(self, settings: Settings) -> Engine:
        url = settings.engine
        if url not in self._engines:
            self._engines[url] = open_engine(url, settings.credentials)
        return self._engines[url]

    def _prepared_by(self, settings: Settings, outage: Outage) -> Engine:
        """Return the process's engine, which waits while it is away.

        The process prepares it once: the job may have begun with an older release, whose index
        lacks fields of this one.
        """
        url, engine = settings.engine, patient(self._engine_by(settings), outage)
        if url not in self._prepared:
            engine.index_id()  # raises where there is no index: none is to be created here
            engine.prepare()
            self._prepared.add(url)
        return engine

    def ingest(self, request: JobRequest, entries: Entries, outage: Outage) -> Ingested:
        """Ingest a batch by the version that the index serves; see ``ingest_entries``.

        Args:
            request: The parameters of the job.
            entries: The batch.
            outage: Waits while the engine is away.
        """

        def work(engine: Engine, settings: Settings) -> Ingested:
            recent = self.recent(settings)
            outcomes = ingest_entries(
                entries,
                extractor=recent.extractor,
                engine=engine,
                taxonomy=self.taxonomy,
                load_image=feed_images(
                    request.feed.parent, settings.max_upload_bytes, settings.image_hosts
                ),
                views=settings.views,
                as_of=request.as_of,
                recent=recent,
            )
            return Ingested(outcomes, recent.extractor.model)

        return self.by_version(request.engine, outage, work)

    def by_version(self, url: str, outage: Outage, work: Callable[[Engine, Settings], T]) -> T:
        """Do some work with the engine and the settings of the version that the index serves.

        It is done again where another version comes to serve meanwhile.

        Args:
            url: URL of the engine.
            outage: Waits while the engine is away.
            work: Is called with the engine and the settings.
        """
        settings = self._followed(url)
        while True:
            try:
                return work(self._prepared_by(settings, outage), settings)
            except IndexReplaced:
                served = self._followed(url)
                if served == settings:
                    raise
                settings = served


def _load_extractor(taxonomy: Taxonomy, settings: Settings) -> Extractor:
    # Imported here: a command that only sends batches needs no networks.
    from houndstooth.models.loading import load_extractor

    return load_extractor(taxonomy, threads=1, texts=False, **settings.extractor_options)


@after_setup_logger.connect
@after_setup_task_logger.connect
def _write_json(logger: Logger, **_: Any) -> None:
    """Let a worker write its log as the settings say; text is Celery's own."""
    if app.settings.log == "json":
        for handler in logger.handlers:
            handler.setFormatter(log_formatter("json"))


app = IngestApp(Settings.from_env())
