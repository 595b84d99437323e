"""Feature maps: what encoders make of crops, and what readers take from them in boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from houndstooth.models.runtime.crop import Crop

FeatureMaps = tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
"""The middle and the last map of each encoder for n crops, float32 [n, 2, c, h, w]."""


def encode_crops(encoder: onnxruntime.InferenceSession, crops: Sequence[Crop]) -> FeatureMaps:
    """Run one encoder on crops of one size."""
    middle, last = encoder.run(None, {"pixels": np.stack([crop.pixels for crop in crops])})
    return ((middle, last),)


def read_boxes(
    reader: onnxruntime.InferenceSession, maps: FeatureMaps, crops: Sequence[Crop]
) -> list[NDArray[np.float32]]:
    """Read one encoder's maps in the crops' boxes; the outputs are in the file's order."""
    [(middle, last)] = maps
    boxes = np.stack([crop.box for crop in crops])
    items = np.stack([crop.item for crop in crops])
    inputs = {"middle": middle, "last": last, "boxes": boxes, "item_boxes": items}
    outputs: list[NDArray[np.float32]] = reader.run(None, inputs)
    return outputs


def take_rows(maps: FeatureMaps, rows: list[int]) -> FeatureMaps:
    """Copy the maps of some crops of a batch."""
    return tuple((middle[rows], last[rows]) for middle, last in maps)


def put_rows(maps: FeatureMaps, rows: list[int], others: FeatureMaps) -> None:
    """Overwrite rows of a batch with the maps of other crops."""
    for (middle, last), (other_middle, other_last) in zip(maps, others, strict=True):
        middle[rows], last[rows] = other_middle, other_last
