"""Fixtures that several test modules share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

NODE = Path(__file__).parents[1] / ".ci" / "opensearch" / "node"


@pytest.fixture(scope="session")
def opensearch_url() -> Iterator[str]:
    """``opensearch://host:port`` of a real node; append ``/index``.

    The one that HOUNDSTOOTH_TEST_OPENSEARCH=host:port names, else one started for this session.
    """
    given = os.environ.get("HOUNDSTOOTH_TEST_OPENSEARCH")
    if given:
        yield f"opensearch://{given}"
        return
    port = str(free_port())
    subprocess.run([sys.executable, NODE, "start", "--port", port], check=True)
    yield f"opensearch://127.0.0.1:{port}"
    subprocess.run([sys.executable, NODE, "stop", "--port", port], check=True)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
