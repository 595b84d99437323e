"""Readers of data sets: each turns one format, public or of one's own, into training samples."""

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
from houndstooth.models.training.samples import Sample


@dataclass(frozen=True)
class Reader:
    """One format.

    Attributes:
        read: samples of the file or folder at a path, with terms of a taxonomy; raises
            InvalidFeed for one that is not of the format.
        help: what the path is, in a line.
    """

    read: Callable[[Path, Taxonomy], Iterator[Sample]]
    help: str


READERS: dict[str, Reader] = {
    "products": Reader(
        product_samples, "products.csv: articleType, productDisplayName, baseColour and so on"
    ),
    "synthetic": Reader(synthetic_samples, "labels.jsonl of drawn images: every attribute and box"),
    "deepfashion": Reader(
        deepfashion_samples, "folder of DeepFashion's category and attribute benchmark"
    ),
    "imaterialist": Reader(
        imaterialist_samples, "train.json of iMaterialist Fashion 2018, label map beside it"
    ),
    "fashionpedia": Reader(
        coco_samples, "instances_….json of Fashionpedia, or any COCO file of boxes"
    ),
    "csv": Reader(csv_samples, "CSV with columns file, category and attribute groups"),
}
