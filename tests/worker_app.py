"""The app of the workers that tests start: the real one, with an extractor without networks.

``python -m celery -A tests.worker_app worker``
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

from houndstooth.ingest import deletion, tasks
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.deletion import Deletion, delete_some
from houndstooth.ingest.job import Job
from houndstooth.ingest.job_task import JobTask
from houndstooth.mappings.features import Features
from houndstooth.plugin.config import Settings
from tests.fakes import FakeExtractor

SECONDS_PER_BATCH = float(os.environ.get("TEST_SECONDS_PER_BATCH", "0"))
DEADLY_COLOUR = (1, 2, 3)
HANGING_COLOUR = (3, 2, 1)
tasks.BATCH_SECONDS = int(os.environ.get("TEST_BATCH_LIMIT", tasks.BATCH_SECONDS))
tasks.PRODUCT_SECONDS = int(os.environ.get("TEST_PRODUCT_LIMIT", tasks.PRODUCT_SECONDS))


deletion.AT_ONCE = 2


def _dies_once(*arguments: Any) -> Deletion | None:
    """Delete some of what was planned and die, once; the next process goes on."""
    done = delete_some(*arguments)
    mark = os.environ.get("TEST_DIES_IN_DELETION")
    if done is None and mark and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return done


tasks.delete_some = _dies_once

_queue_part = tasks._queue_part


def _waits(task: JobTask, job: Job, start: int) -> None:
    """Wait with a later part of a feed in hand, from a mark's appearance until it says "go"."""
    if start and (name := os.environ.get("TEST_WAITS_WITH_PART")):
        mark = Path(name)
        mark.touch()
        while mark.read_text() != "go":
            time.sleep(0.05)
    _queue_part(task, job, start)


tasks._queue_part = _waits


class WorkerExtractor(FakeExtractor):
    """Takes its time, leaves a mark that it was opened, and dies or hangs at images of a colour."""

    def __init__(self) -> None:
        super().__init__()
        if marks := os.environ.get("TEST_MARKS"):
            Path(marks, str(os.getpid())).touch()

    def extract(self, images: Any, *arguments: Any, **options: Any) -> list[Features]:
        time.sleep(SECONDS_PER_BATCH)
        if looks := os.environ.get("TEST_LOOKS"):
            with Path(looks).open("a") as file:
                file.write("look\n" * len(images))
        corners = [image.getpixel((0, 0)) for image in images]
        if DEADLY_COLOUR in corners:
            os.kill(os.getpid(), signal.SIGKILL)
        if HANGING_COLOUR in corners:
            re.match("(a+)+$", "a" * 99 + "b")  # for ages, and no other thread may run
        return super().extract(images, *arguments, **options)


app = IngestApp(Settings.from_env(), lambda _taxonomy, _settings: WorkerExtractor(), ahead=16)
# A vanished worker's batches come back at once, so that no test waits for minutes.
app.conf.broker_transport_options |= {
    "visibility_timeout": float(os.environ.get("TEST_REDELIVERED_AFTER", "5")),
    "unacked_restore_interval": 1,
}
