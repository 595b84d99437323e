"""Fixtures that several test modules share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from redis import ConnectionError as NoConnection
from redis import Redis

NODE = Path(__file__).parents[1] / ".ci" / "opensearch" / "node"

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    """``opensearch://host:port`` of a real node; append ``/index``.

    The one that HOUNDSTOOTH_TEST_OPENSEARCH=host:port names, else one started for this session.
    """
    given = os.environ.get("HOUNDSTOOTH_TEST_OPENSEARCH")
    if given:
        yield f"opensearch://{given}"
        return
    with running_opensearch() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of this session's own, which keeps nothing."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@contextmanager
def running_opensearch() -> Iterator[str]:
    """``opensearch://host:port`` of a node that runs as long as this."""
    port = str(free_port())
    subprocess.run([sys.executable, NODE, "start", "--port", port], check=True)
    try:
        yield f"opensearch://127.0.0.1:{port}"
    finally:
        subprocess.run([sys.executable, NODE, "stop", "--port", port], check=True)


@contextmanager
def running_redis(folder: Path, port: int | None = None, keeps: bool = False) -> Iterator[str]:
    """``redis://host:port/0`` of a server that runs as long as this.

    Args:
        keeps: whether it keeps what it knows in the folder, for the next one there.
    """
    port = port or free_port()
    options = f"--bind 127.0.0.1 --port {port} --dir {folder} --loglevel warning"
    options += f" --appendonly {'yes' if keeps else 'no'}"
    server = subprocess.Popen(["redis-server", *options.split(), "--save", ""])
    try:
        with Redis(port=port) as client:
            deadline = time.monotonic() + 30
            while not answers(client):
                assert server.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(30)


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except NoConnection:
        return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
