"""A shop's own index with images in a folder, and the commands that attach to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from houndstooth.commands import main
from tests.fakes import FakeExtractor
from tests.integration.engines.helpers import client

FIELDS = "title=name,image=media.0.url,price=offers.price,group=style_id"
COLOURS = ("red", "green", "blue")
MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "style_id": {"type": "keyword"},
        "media": {"properties": {"url": {"type": "keyword"}, "alt": {"type": "text"}}},
        "offers": {"properties": {"price": {"type": "float"}, "currency": {"type": "keyword"}}},
    },
}


def product(name: str, image: str = "red.png", price: float = 9.5) -> dict[str, Any]:
    """A product as the shop writes it."""
    return {
        "name": name,
        "style_id": name.partition(" ")[0],
        "media": [{"url": image, "alt": "front"}, {"url": "blue.png"}],
        "offers": {"price": price, "currency": "EUR"},
    }


class OwnShop:
    """The shop's index, which knows nothing of Houndstooth.

    Args:
        url: of an index that is not there yet.
        folder: for images, journals and reports.
    """

    def __init__(self, url: str, folder: Path) -> None:
        server, _, self.name = url.rpartition("/")
        self.url, self.folder, self.client = url, folder, client(server)
        self.report: dict[str, Any] = {}
        for colour in COLOURS:
            Image.new("RGB", (24, 24), colour).save(folder / f"{colour}.png")

    def create(self, shards: int = 1, mappings: Mapping[str, Any] = MAPPINGS) -> None:
        settings = {"number_of_shards": shards, "number_of_replicas": 0}
        body = {"settings": settings, "mappings": mappings}
        self.client.indices.create(index=self.name, body=body)

    def write(self, products: Mapping[str, Mapping[str, Any]]) -> None:
        """Write whole documents and make them visible."""
        lines: list[Any] = []
        for key, source in products.items():
            lines += [{"index": {"_id": key}}, source]
        answer = self.client.bulk(index=self.name, body=lines, refresh=True)
        assert not answer["errors"], answer

    def update(self, key: str, **fields: Any) -> None:
        """Update some fields of a document, and make that visible."""
        self.client.update(index=self.name, id=key, body={"doc": fields}, refresh=True)

    def source(self, key: str) -> dict[str, Any]:
        source: dict[str, Any] = self.client.get(index=self.name, id=key)["_source"]
        return source

    def category(self, key: str) -> str | None:
        """What a document was recognised as; None if it has no ``visual``."""
        category: str | None = self.source(key).get("visual", {}).get("category")
        return category

    def attach(
        self, *flags: str, extractor: FakeExtractor | None = None, fields: str = FIELDS
    ) -> int:
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        words = ["attach", self.url, "--fields", FIELDS, "--images", str(self.folder)]
        words += ["--state", str(self.folder / "state"), "--report", str(report), *flags]
        status = main(words, extractor=extractor or FakeExtractor())
        self.report = json.loads(report.read_text()) if report.exists() else {}
        return status

    def detach(self, *flags: str) -> int:
        return main(["detach", self.url, *flags])

    @property
    def outcomes(self) -> dict[str, str]:
        """The last outcome of each document in the report."""
        return {line["id"]: line["outcome"] for line in self.report["products"]}

    @property
    def totals(self) -> dict[str, int]:
        """How many outcomes there are of each kind."""
        return dict(Counter(line["outcome"] for line in self.report["products"]))
