"""Another encoder comes to serve while feeds, REST and searches go on."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from houndstooth.commands import main
from houndstooth.ingest.pipeline import ingest_batch
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine, open_shop_index
from houndstooth.plugin.serving import followed
from houndstooth.web.app import create_app
from tests.integration.engines.conftest import new_index
from tests.onnx_encoders import build, card_of

TAXONOMY = Taxonomy.load()
COUNT = 24


@dataclass
class Catalogue:
    """Products with pictures in a folder, and the card of an encoder."""

    folder: Path
    card: Path
    extractor: ImageExtractor
    url: str = ""

    def product(self, number: int, title: str = "Red cotton t-shirt") -> Product:
        facts = {"title": title, "image": f"{number}.png", "price": 10.0 + number}
        return Product(str(number), title, [f"{number}.png"], facts=facts)

    def ingest(self, *products: Product, url: str = "", extractor: Any = None) -> None:
        engine = open_engine(url or self.url)
        engine.prepare()
        outcomes = ingest_batch(
            products,
            extractor=extractor or self.extractor,
            engine=engine,
            taxonomy=TAXONOMY,
            load_image=lambda name: (self.folder / name).read_bytes(),
        )
        assert [one.reason for one in outcomes if one.status == "failed"] == []
        engine.refresh()
        engine.close()

    def migrate(self, *arguments: str) -> int:
        return main(["migrate", "--engine", self.url, "--images", str(self.folder), *arguments])

    def versions(self, name: str) -> dict[str, VisualDocument | None]:
        engine = open_engine(f"{self.url}?visual={name}")
        found = engine.fetch([str(n) for n in range(2 * COUNT)])
        engine.close()
        return {one.product_id: one.visual for one in found}


def picture(number: int) -> bytes:
    """A garment-like shape of a colour and a place of its own."""
    image = Image.new("RGB", (120, 160), "white")
    chance = np.random.default_rng(number)
    colour = tuple(chance.integers(0, 200, 3).tolist())
    image.paste(colour, (20 + number % 7, 20 + number, 80 + number % 5, 150))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("migrate")
    for number in range(2 * COUNT):
        (folder / f"{number}.png").write_bytes(picture(number))
    card_of(build(folder / "m.onnx"), region="item")
    return Catalogue(folder, folder / "tiny-7.json", load_extractor(TAXONOMY, threads=1))


@pytest.fixture
def shop(drawn: Catalogue, server_url: str) -> Iterator[Catalogue]:
    with new_index(server_url) as url:
        shop = replace(drawn, url=url)
        shop.ingest(*map(shop.product, range(COUNT)))
        yield shop


def test_codes_are_those_of_a_feed(shop: Catalogue) -> None:
    """And nothing else is: the next feed finds nothing to do."""
    assert shop.migrate("--encoder", str(shop.card), "--rate", "1000") == 0
    settings = followed(Settings(engine=shop.url))
    assert (settings.engine, settings.encoder) == (f"{shop.url}?visual=visual_2", shop.card)
    extractor = load_extractor(TAXONOMY, encoder=shop.card.with_suffix(""), threads=1)
    found = shop.versions("visual_2")
    assert len(found) == COUNT
    assert {visual.model for visual in found.values() if visual} == {extractor.model}
    shop.ingest(
        *map(shop.product, range(COUNT)), url=f"{shop.url}?visual=visual_3", extractor=extractor
    )
    for key, fed in shop.versions("visual_3").items():
        made, fed_again = found[key], fed
        assert made and fed_again
        left_out = {"computed_at": ""}
        assert made.to_json() | left_out == fed_again.to_json() | left_out
