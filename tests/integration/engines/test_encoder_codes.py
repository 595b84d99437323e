"""Codes of a shop's own encoder on every engine: of any length, and never compared with others."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from houndstooth.ingest.pipeline import ingest_batch
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.product import Product
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.config import Settings
from houndstooth.plugin.service import VisualSearch
from tests.onnx_encoders import build, card_of

TAXONOMY = Taxonomy.load()
DIMENSIONS = {20: 3, 768: 96, 1153: 145}
"""Bytes of a code by dimensions; bits that are left over are 0."""


def photo(number: int) -> bytes:
    """A garment-like shape of a colour of its own, on white."""
    image = Image.new("RGB", (120, 160), "white")
    colour = [(180, 30, 40), (30, 50, 150), (20, 120, 60)][number]
    image.paste(colour, (30, 20 + 9 * number, 90, 140))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def extractors(tmp_path_factory: pytest.TempPathFactory) -> dict[int, ImageExtractor]:
    """Extractors with encoders of each of DIMENSIONS, named alike."""
    found = {}
    for dimension in DIMENSIONS:
        folder: Path = tmp_path_factory.mktemp(f"encoder{dimension}")
        weights = np.random.default_rng(5).normal(size=(48, dimension)).astype(np.float32)
        card_of(build(folder / "m.onnx", weights=weights), region="whole")
        found[dimension] = load_extractor(
            TAXONOMY, detector=None, encoder=folder / "tiny-7", threads=1
        )
    return found


def test_products_are_found_by_codes_of_any_length(
    engine: Engine, extractors: dict[int, ImageExtractor], tmp_path: Path
) -> None:
    settings = Settings(columns=tmp_path / "columns")
    assert len({extractor.model for extractor in extractors.values()}) == 3
    for dimension, extractor in extractors.items():
        products = [
            Product(f"{dimension}-{number}", "Red cotton t-shirt", [f"{number}"])
            for number in range(3)
        ]
        outcomes = ingest_batch(
            products,
            extractor=extractor,
            engine=engine,
            taxonomy=TAXONOMY,
            load_image=lambda name: photo(int(name)),
        )
        assert [one.status for one in outcomes] == ["written"] * 3
        assert extractor.lengths.code == DIMENSIONS[dimension]
    engine.refresh()
    for dimension, extractor in extractors.items():
        search = VisualSearch(extractor, engine, TAXONOMY, settings)
        for number in range(3):
            request = SearchRequest(category="t-shirt")
            hits = search.search(photo(number), request).hits
            assert sorted(hit.product_id for hit in hits) == [f"{dimension}-{n}" for n in range(3)]
            own = next(hit for hit in hits if hit.product_id == f"{dimension}-{number}")
            others = [hit for hit in hits if hit is not own]
            assert own.appearance_distance == 0 < min(h.appearance_distance for h in others)
        search.close()
    without = load_extractor(TAXONOMY, detector=None, threads=1)
    search = VisualSearch(without, engine, TAXONOMY, settings)
    assert not search.search(photo(0), SearchRequest()).hits
    search.close()
