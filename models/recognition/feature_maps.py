"""Feature maps: what encoders make of crops, and what readers take from them in boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from houndstooth.models.runtime.crop import Crop

FeatureMaps = tuple[tuple[NDArray[np.float32], ...], ...]
"""The maps of each encoder for n crops, float32 [n, views, c, h, w]: its middle and its last one,
and wide features where the network has these."""

MAP_NAMES = ("middle", "last", "wide")
"""What a reader calls an encoder's maps."""


def encode_crops(encoder: onnxruntime.InferenceSession, crops: Sequence[Crop]) -> FeatureMaps:
    """Run one encoder on crops of one size."""
    return (tuple(encoder.run(None, {"pixels": np.stack([crop.pixels for crop in crops])})),)


def read_boxes(
    reader: onnxruntime.InferenceSession, maps: FeatureMaps, crops: Sequence[Crop]
) -> dict[str, NDArray[np.float32]]:
    """Read one encoder's maps in the crops' boxes: outputs by name."""
    [of_encoder] = maps
    inputs = dict(zip(MAP_NAMES, of_encoder, strict=False)) | boxes_of(crops)
    names = [output.name for output in reader.get_outputs()]
    return dict(zip(names, reader.run(None, inputs), strict=True))


def boxes_of(crops: Sequence[Crop]) -> dict[str, NDArray[np.float32]]:
    """Stack the crops' boxes as a reader's inputs: float32 [n, 4] each."""
    boxes, items = ([crop.box for crop in crops], [crop.item for crop in crops])
    return {"boxes": np.stack(boxes), "item_boxes": np.stack(items)}


def take_rows(maps: FeatureMaps, rows: list[int]) -> FeatureMaps:
    """Copy the maps of some crops of a batch."""
    return tuple(tuple(each[rows] for each in of_encoder) for of_encoder in maps)


def put_rows(maps: FeatureMaps, rows: list[int], others: FeatureMaps) -> None:
    """Overwrite rows of a batch with the maps of other crops."""
    for of_encoder, of_others in zip(maps, others, strict=True):
        for each, other in zip(of_encoder, of_others, strict=True):
            each[rows] = other
