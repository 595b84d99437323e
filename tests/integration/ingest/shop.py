"""A feed's folder and an engine's file, with the command between them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from houndstooth.commands import main
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines import open_engine
from tests.fakes import FakeExtractor

ROOT = Path(__file__).parents[3]
COLOURS = {"red": (200, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 200)}
TAXONOMY = Taxonomy.load()


def image(colour: str, size: int = 24) -> bytes:
    stream = io.BytesIO()
    picture = Image.new("RGB", (size, size), "white")
    picture.paste(COLOURS[colour], (0, 0, size // 2, size))
    picture.save(stream, "PNG")
    return stream.getvalue()


class Shop:
    """A feed's folder, an engine's file, and the command between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'engine' / 'catalogue.db'}"
        self.report: dict[str, Any] = {}
        (folder / "img").mkdir()
        for name in COLOURS:
            (folder / "img" / f"{name}.png").write_bytes(image(name))

    def write(self, rows: Sequence[dict[str, Any]], name: str = "feed.csv") -> Path:
        path = self.folder / name
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="") as stream:
            if name.endswith(".jsonl"):
                stream.writelines(json.dumps(row) + "\n" for row in rows)
            else:
                dialect = "excel-tab" if name.endswith(".tsv") else "excel"
                writer = csv.DictWriter(stream, columns, dialect=dialect)
                writer.writeheader()
                writer.writerows(rows)
        return path

    def ingest(self, feed: Path | str, *flags: str, extractor: FakeExtractor | None = None) -> int:
        report = self.folder / "report.json"
        status = main(
            ["ingest", str(feed), "--engine", self.url, "--report", str(report), *flags],
            extractor=extractor or FakeExtractor(),
        )
        self.report = json.loads(report.read_text()) if report.exists() else {}
        return status

    def outcomes(self) -> list[tuple[str, str]]:
        return [(line["id"], line["outcome"]) for line in self.report["products"]]

    def stored(self, product_id: str) -> tuple[dict[str, Any], VisualDocument]:
        engine = open_engine(self.url)
        try:
            [product] = engine.fetch([product_id])
        finally:
            engine.close()
        assert product.visual is not None
        return dict(product.facts), product.visual

    def count(self) -> int:
        engine = open_engine(self.url)
        try:
            return engine.count()
        finally:
            engine.close()


def row(product_id: str, colour: str = "red", **more: Any) -> dict[str, Any]:
    title = f"Puma Men {product_id} Shirt"
    return {"id": product_id, "title": title, "image": f"img/{colour}.png", "price": "9.5"} | more
