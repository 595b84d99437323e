"""Reading a dataset by its name, and photos for one made up in a test."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets import READERS
from houndstooth.models.training.samples import Sample

TAXONOMY = Taxonomy.load()


def read(name: str, path: Path) -> list[Sample]:
    return list(READERS[name].read(path, TAXONOMY))


def photo(path: Path, size: tuple[int, int] = (200, 100)) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    return path.name
