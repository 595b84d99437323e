"""A service that takes writes, a key for it, and a server of pictures, for the tests of writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from houndstooth.plugin.access import Access
from houndstooth.plugin.keys import KeyFile, make_key
from tests.fakes import FakeExtractor
from tests.http_server import running
from tests.integration.web_catalogue import draw, file_of, make_app

SECRET = "a secret of the shop's"


class Counting(FakeExtractor):
    """Counts the photos that it extracts."""

    def __init__(self) -> None:
        super().__init__()
        self.photos = 0

    def extract(self, images: Any, *arguments: Any, **options: Any) -> Any:
        self.photos += len(images)
        return super().extract(images, *arguments, **options)


class Service:
    """A service and a caller of it, whose key has the scope ``ingest``."""

    def __init__(self, folder: Path, url: str | None = None, **changes: Any) -> None:
        text, record = make_key(["ingest"])
        KeyFile(folder / "keys.json").add(record)
        access = Access(keys=folder / "keys.json", shopify_secret=SECRET, woocommerce_secret=SECRET)
        self.extractor = Counting()
        changes = {"image_hosts": frozenset({"127.0.0.1"}), "columns": None, **changes}
        self.app: Flask = make_app(
            folder, self.extractor, url, jobs=folder / "jobs", access=access, **changes
        )
        self.client: FlaskClient = self.app.test_client()
        self.bearer = {"Authorization": f"Bearer {text}"}
        self.engine = self.app.extensions["houndstooth"].engine

    def ask(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            f"/api/v1/{path}", method=method, json=json, headers={**self.bearer, **given}
        )

    def batch(self, *operations: Any) -> list[dict[str, Any]]:
        response = self.ask("POST", "products", {"operations": operations})
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json["results"]
        return results

    def facts(self, product_id: str) -> Any:
        """The stored facts of a product; None if it is not there."""
        self.engine.refresh()
        found = self.engine.fetch([product_id])
        return found[0].facts if found else None


@contextmanager
def pictures() -> Iterator[str]:
    """The address of a server of pictures: ``/red.png``; ``/away.png`` fails."""

    class Pictures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            colour = self.path[1:].partition(".")[0]
            self.send_response(503 if colour == "away" else 404 if colour == "none" else 200)
            self.end_headers()
            if colour == "broken":
                self.wfile.write(b"no picture")
            elif colour not in ("away", "none"):
                self.wfile.write(file_of(draw(colour)))

        def log_message(self, *_: object) -> None: ...

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Pictures)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
