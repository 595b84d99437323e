"""Readers of data sets: each turns one format, public or a shop's own, into training samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets.coco import coco_samples
from houndstooth.models.training.datasets.deepfashion import deepfashion_samples
from houndstooth.models.training.datasets.imaterialist import imaterialist_samples
from houndstooth.models.training.datasets.plain_csv import csv_samples
from houndstooth.models.training.datasets.products import product_samples
from houndstooth.models.training.datasets.synthetic import synthetic_samples
from houndstooth.models.training.formats import FORMATS
from houndstooth.models.training.samples import Sample


@dataclass(frozen=True)
class Reader:
    """A reader of one format.

    Attributes:
        read: reads the samples of a file or folder, with terms of a taxonomy; raises InvalidFeed
            where it is not of the format.
        help: what the file or folder is, in a line.
    """

    read: Callable[[Path, Taxonomy], Iterator[Sample]]
    help: str


_READ: dict[str, Callable[[Path, Taxonomy], Iterator[Sample]]] = {
    "products": product_samples,
    "synthetic": synthetic_samples,
    "deepfashion": deepfashion_samples,
    "imaterialist": imaterialist_samples,
    "fashionpedia": coco_samples,
    "csv": csv_samples,
}

READERS: dict[str, Reader] = {name: Reader(_READ[name], help) for name, help in FORMATS.items()}
"""The reader of each format, by the name of its option in ``houndstooth train``."""
