"""A shop with a clean Redis and an index of its own, and a host of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from houndstooth.models.synthetic import generate
from tests.integration.workers.shop import PRODUCTS, Shop


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PRODUCTS products, drawn by houndstooth.models.synthetic."""
    folder = tmp_path_factory.mktemp("synthetic")
    generate(PRODUCTS, 9, folder, outfits=0.1, progress=False)
    return folder


@pytest.fixture
def shop(tmp_path: Path, opensearch_url: str, redis_url: str) -> Iterator[Shop]:
    with Redis.from_url(redis_url) as client:
        client.flushall()
    yield Shop(tmp_path, f"{opensearch_url}/workers-{uuid4().hex}", redis_url)


class Pictures(SimpleHTTPRequestHandler):
    """A shop's image host: one picture comes at the third attempt, one never."""

    def __init__(self, *arguments: Any, attempts: Counter[str], **options: Any) -> None:
        self.attempts = attempts
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        self.attempts[self.path] += 1
        if "busy" in self.path or ("late" in self.path and self.attempts[self.path] < 3):
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def pictures(shop: Shop) -> Iterator[str]:
    image = (shop.folder / "images" / "red.png").read_bytes()
    (shop.folder / "images" / "late.png").write_bytes(image)

    attempts: Counter[str] = Counter()
    handler = partial(Pictures, attempts=attempts, directory=str(shop.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/images"
        server.shutdown()
        thread.join()
