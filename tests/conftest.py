"""Fixtures that several test modules share."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from redis import ConnectionError as NoConnection
from redis import Redis

NODE = Path(__file__).parents[1] / ".ci" / "engines" / "node"

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


NODES = pytest.StashKey[ExitStack]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start the nodes that all processes of ``pytest -n`` share: they find them as given ones."""
    nodes = config.stash.setdefault(NODES, ExitStack())
    for engine in RELEASES:
        url = nodes.enter_context(running_or_given(engine))
        os.environ[f"HOUNDSTOOTH_TEST_{engine.upper()}"] = url.partition("://")[2]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them."""
    if nodes := config.stash.get(NODES, None):
        nodes.close()


@pytest.fixture(autouse=True)
def as_before_in_logs() -> Iterator[None]:
    """What a command changes in this process's log, such as ``serve``, ends with its test."""
    root, ours = logging.getLogger(), logging.getLogger("houndstooth")
    handlers, level = list(root.handlers), ours.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    ours.setLevel(level)


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    """``opensearch://host:port`` of a real node; append ``/index``.

    The one that HOUNDSTOOTH_TEST_OPENSEARCH=host:port names, else one started for this session: of
    the release in that variable, such as opensearch-2.19.4.
    """
    with running_or_given("opensearch") as url:
        yield url


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """``elasticsearch://host:port`` of a real node, as ``opensearch_url``."""
    with running_or_given("elasticsearch") as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of this session's own, which keeps nothing."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


RELEASES = {"opensearch": "opensearch-3.8.0", "elasticsearch": "elasticsearch-9.2.0"}
"""What ``make test`` runs; ``make test-engines`` runs older ones too."""


@contextmanager
def running_or_given(engine: str) -> Iterator[str]:
    """URL of a node of an engine: a given one, or one that runs as long as this."""
    given = os.environ.get(f"HOUNDSTOOTH_TEST_{engine.upper()}", "")
    if ":" in given:
        yield f"{engine}://{given}"
        return
    with running_node(given or RELEASES[engine]) as url:
        yield url


@contextmanager
def running_node(release: str = RELEASES["opensearch"]) -> Iterator[str]:
    """``engine://host:port`` of a node that runs as long as this."""
    port = str(free_port())
    subprocess.run([sys.executable, NODE, "start", release, "--port", port], check=True)
    try:
        yield f"{release.partition('-')[0]}://127.0.0.1:{port}"
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
