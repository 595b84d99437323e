"""A small catalogue behind a real application, for the tests of REST and of the page."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from flask import Flask
from PIL import Image, ImageDraw

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.worn_item import WornItem
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.web.app import create_app
from tests.fakes import FakeExtractor

COLOURS = ("red", "green", "blue")
CATEGORIES = ("t-shirt", "jacket", "trousers")
PER_COLOUR = 10
ODD_ID = "shelf/7 größe ✓"


def draw(colour: str = "red", size: tuple[int, int] = (120, 150), inset: int = 20) -> Image.Image:
    """A rectangle of one colour on white."""
    image = Image.new("RGB", size, "white")
    area = (inset, inset, size[0] - inset, size[1] - inset)
    ImageDraw.Draw(image).rectangle(area, fill=colour)
    return image


def file_of(image: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    """An image as a file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def make_app(
    folder: Path, extractor: Extractor | None = None, url: str | None = None, **changes: object
) -> Flask:
    """An application over PER_COLOUR products of each category and colour; by SQLite or a URL."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    taxonomy = Taxonomy.load()
    engine = open_engine(url or f"sqlite:///{folder / 'catalogue.db'}")
    fill(engine, taxonomy, images)
    settings = replace(Settings(images=folder, max_upload_bytes=300_000), **changes)  # type: ignore[arg-type]
    extractor = extractor or FakeExtractor()
    return create_app(settings, extractor=extractor, engine=engine, taxonomy=taxonomy)


def shown_with(features: Features, colour: str) -> tuple[WornItem, ...]:
    """Trousers of the same looks."""
    code, histogram = features.binary_code.tobytes(), features.colour_histogram.tobytes()
    box = Box(0.25, 0.5, 0.5, 0.4)
    return (WornItem("trousers", (f"colour:{colour}",), 1, box, code, histogram),)


def fill(engine: Engine, taxonomy: Taxonomy, images: Path) -> None:
    extractor = FakeExtractor()
    documents = []
    for category in CATEGORIES:
        for colour in COLOURS:
            for place in range(PER_COLOUR):
                product_id = f"{category}-{colour}-{place}"
                image = draw(colour, inset=10 + 4 * place)
                image.save(images / f"{product_id}.png")
                [features] = extractor.extract([image], [[category]])
                visual = VisualDocument(
                    product_id=product_id,
                    category=category,
                    great_category=taxonomy.great_category(category),
                    attributes=(f"colour:{colour}",),
                    from_text=(category,),
                    binary_code=features.binary_code,
                    colour_histogram=features.colour_histogram,
                    box=features.box,
                    worn=shown_with(features, colour) if category == "t-shirt" else (),
                    model=features.model,
                    source_hash="0",
                    computed_at="2026-01-01T00:00:00+00:00",
                )
                facts = {
                    "title": f"{colour.title()} {taxonomy.label_of(category)} {place}",
                    "brand": "Acme" if place % 2 else "Loom & Co",
                    "price": 10.0 + place,
                    "currency": "EUR",
                    "image": f"images/{product_id}.png",
                }
                documents.append(IndexDocument(product_id, facts, visual))
    last = documents[-1]
    assert last.visual
    odd = replace(last.visual, product_id=ODD_ID)
    documents.append(IndexDocument(ODD_ID, {**last.facts, "title": "Odd"}, odd))
    engine.prepare()
    assert all(outcome.error is None for outcome in engine.write(documents))
    engine.refresh()
