"""Images with boxes: street photos, isolated products, and drawn outfits."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.localisation.background import find_foreground
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.models.training.datasets.synthetic import label_records
from houndstooth.models.training.detection.classes import (
    category_numbers,
    product_numbers,
    street_numbers,
)
from houndstooth.models.training.samples import Split, split_of

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.08
STREET_LABELS = "street.jsonl"
MIN_SIDE = 8
"""Boxes with a shorter side, pixels, are dropped."""

MAX_PER_TYPE = 120
"""The most photos of one article type; more of the same improve nothing."""


@dataclass(frozen=True)
class BoxedImage:
    """An image and the boxes in it.

    Attributes:
        pixels: uint8 RGB [h, w, 3].
        boxes: float32 [n, 4]: left, top, right, bottom in pixels.
        labels: int64 [n]: class numbers from 1.
        name: name of its file.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    name: str


def street_split(file: str, seed: int = 1) -> Split:
    """Compute the split of a street photo from a hash of its name and the seed."""
    digest = hashlib.sha256(f"houndstooth-street-{seed}:{Path(file).name}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") / 2**32
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"


@contextmanager
def street_records(folder: Path) -> Iterator[Iterator[dict[str, Any]]]:
    """Read the records of a folder's ``street.jsonl``; errors while they are used are its too.

    Raises:
        InvalidFeed: there is no such file, or a line is malformed.
    """
    try:
        yield map(json.loads, (folder / STREET_LABELS).read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidFeed(f"expected street photos and street.jsonl there; got {error!r}") from None


def street_images(folder: Path, splits: Collection[str] | None = None) -> Iterator[BoxedImage]:
    """Read the photos of a folder with a ``street.jsonl``; boxes of no class are dropped.

    Args:
        splits: the splits to read; None is all.

    Raises:
        InvalidFeed: there is no such file, or a line is malformed.
    """
    numbers = street_numbers()
    with street_records(folder) as records:
        for record in records:
            if splits is not None and street_split(record["file"]) not in splits:
                continue
            kept = [
                box
                for box in record["boxes"]
                if box["label"] in numbers and min(box["w"], box["h"]) >= MIN_SIDE
            ]
            corners = [(b["x"], b["y"], b["x"] + b["w"], b["y"] + b["h"]) for b in kept]
            with Image.open(folder / record["file"]) as image:
                pixels = np.asarray(image.convert("RGB"))
            yield boxed(pixels, corners, [numbers[b["label"]] for b in kept], record["file"])


def isolated_products(products: Path, seed: int = 1) -> Iterator[BoxedImage]:
    """Read training photos of a products.csv with a single item on white; its box is tight.

    Raises:
        InvalidFeed: a column is missing.
    """
    numbers = product_numbers()
    taken: Counter[str] = Counter()
    for row in product_rows(products):
        article = row["articleType"]
        if article not in numbers or split_of(row["group"], seed) != "train":
            continue
        if taken[article] >= MAX_PER_TYPE:
            continue
        with Image.open(products.parent / row["file"]) as opened:
            image = opened.convert("RGB")
        box, background = find_foreground(image)
        if background is None or float(background.colour.min()) < 235:
            continue
        taken[article] += 1
        width, height = image.size
        corners = (
            box.x * width,
            box.y * height,
            (box.x + box.w) * width,
            (box.y + box.h) * height,
        )
        yield boxed(np.asarray(image), [corners], [numbers[article]], row["file"])


def synthetic_images(labels: Path) -> Iterator[BoxedImage]:
    """Read the drawn images of a ``labels.jsonl`` of which every item has a class.

    Raises:
        InvalidFeed: the file cannot be read, or is malformed.
    """
    numbers = category_numbers()
    for record in label_records(labels):
        items = [i for i in record["items"] if i["category"] in numbers]
        if not items or len(items) < len(record["items"]):
            continue
        with Image.open(labels.parent / record["file"]) as opened:
            opened.thumbnail((320, 320))
            pixels = np.asarray(opened.convert("RGB"))
        height, width = pixels.shape[:2]
        corners = [
            (x * width, y * height, (x + w) * width, (y + h) * height)
            for x, y, w, h in (item["box"] for item in items)
        ]
        classes = [numbers[i["category"]] for i in items]
        yield boxed(pixels, corners, classes, record["file"])


def boxed(
    pixels: NDArray[np.uint8],
    corners: list[tuple[float, float, float, float]],
    labels: list[int],
    name: str,
) -> BoxedImage:
    """Make an image with boxes from corners (left, top, right, bottom) in pixels, and classes."""
    boxes = np.array(corners, dtype=np.float32).reshape(-1, 4)
    return BoxedImage(pixels, boxes, np.array(labels, dtype=np.int64), name)
