"""The Celery app: how long it waits before it looks for Redis again."""

from __future__ import annotations

import pytest

from houndstooth.ingest.celery_app import RECONNECT_SECONDS, IngestApp
from houndstooth.plugin.config import Settings
from tests.conftest import free_port


class Enough(Exception):
    """Ends the attempts."""


def test_a_worker_looks_for_redis_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _: None)
    pauses: list[float] = []

    def note(_error: Exception, pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 9:
            raise Enough

    with IngestApp(Settings(redis=f"redis://127.0.0.1:{free_port()}/0")) as app:
        retries = app.conf.broker_connection_max_retries
        with app.connection_for_read() as connection, pytest.raises(Enough):
            connection.ensure_connection(note, retries)
    assert pauses[:3] == [2, 4, RECONNECT_SECONDS]
    assert set(pauses[2:]) == {RECONNECT_SECONDS}
