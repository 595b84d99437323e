"""Read how pictures are prepared from the files that published encoders bring along.

``open_clip_config.json`` is open_clip's, ``preprocessor_config.json`` that of transformers. What
is read here is what their code does with a configuration, defaults included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidConfig

CONFIGS = ("open_clip_config.json", "preprocessor_config.json")
"""In the order of preference, where both are there."""

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)

RESAMPLE = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Interpolations in the order of Pillow's numbers."""

CONVNEXT_SQUASHED = 384
"""From this side on ConvNextImageProcessor squashes a picture, and cuts nothing off."""


@dataclass(frozen=True)
class Preparation:
    """The preparation of pictures: the keys of a card's ``input`` of the same names."""

    size: tuple[int, int]
    resize: str
    resized: tuple[int, int]
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fill: tuple[int, ...] = (0, 0, 0)


@dataclass(frozen=True)
class _Defaults:
    """What an image processor of transformers does where its configuration does not say."""

    size: dict[str, int]
    resample: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    crop: int | None = None


PROCESSORS = {
    "Bit": _Defaults({"shortest_edge": 224}, 3, CLIP_MEAN, CLIP_STD, 224),
    "CLIP": _Defaults({"shortest_edge": 224}, 3, CLIP_MEAN, CLIP_STD, 224),
    "ConvNext": _Defaults({"shortest_edge": 384}, 2, HALF, HALF),
    "DeiT": _Defaults({"height": 256, "width": 256}, 3, HALF, HALF, 224),
    "Siglip": _Defaults({"height": 224, "width": 224}, 3, HALF, HALF),
    "ViT": _Defaults({"height": 224, "width": 224}, 2, HALF, HALF),
}
"""Image processors by the first part of their names: SiglipImageProcessor, ViTFeatureExtractor."""


def find_config(network: Path) -> Path:
    """Find the configuration beside an ONNX file, or in the folder above its own.

    Raises:
        InvalidConfig: there is none.
    """
    for folder in (network.parent, network.absolute().parent.parent):
        for name in CONFIGS:
            if (folder / name).is_file():
                return folder / name
    raise InvalidConfig(
        f"expected {' or '.join(CONFIGS)} beside {network.name}, or the path of one; got none"
    )


def read_preparation(path: Path) -> Preparation:
    """Read how pictures are prepared.

    Args:
        path: of a file of either kind, whatever its name.

    Raises:
        InvalidConfig: it cannot be read, or asks for what a card cannot say.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if "model_cfg" in data or "preprocess_cfg" in data:
            return _of_open_clip(data)
        return _of_transformers(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = error if isinstance(error, ValueError) else repr(error)
        raise InvalidConfig(
            f"expected the preparation of pictures, as open_clip or transformers write it, in "
            f"{path.name}; got {reason}"
        ) from None


def _of_open_clip(data: Mapping[str, Any]) -> Preparation:
    given = data.get("preprocess_cfg", {})
    vision = data.get("model_cfg", {}).get("vision_cfg", {})
    size = _pair(given.get("size") or vision.get("image_size") or 224)
    resize = given.get("resize_mode") or "shortest"
    if resize not in ("shortest", "longest", "squash"):
        raise ValueError(f"a resize_mode {resize!r}")
    # open_clip trains with a random interpolation, and then serves with the bicubic one.
    interpolation = given.get("interpolation") or "bicubic"
    fill = given.get("fill_color") or 0
    return Preparation(
        size,
        resize,
        size,
        "bilinear" if interpolation == "bilinear" else "bicubic",
        _three(given.get("mean") or CLIP_MEAN),
        _three(given.get("std") or CLIP_STD),
        tuple(fill) if isinstance(fill, list) else (fill,) * 3,
    )


def _of_transformers(data: Mapping[str, Any]) -> Preparation:
    kind = data.get("image_processor_type") or data.get("feature_extractor_type") or ""
    name = kind.removesuffix("Fast").removesuffix("ImageProcessor").removesuffix("FeatureExtractor")
    if name not in PROCESSORS:
        known = ", ".join(f"{each}ImageProcessor" for each in PROCESSORS)
        raise ValueError(f"an image processor {kind!r}, which is none of {known}")
    usual = PROCESSORS[name]
    for key in ("do_resize", "do_normalize"):
        if data.get(key, True) is not True:
            raise ValueError(f"{key} {data[key]!r}: write the card by hand")
    size, resize, resized = _sizes(name, data, usual)
    # Values are (byte · factor − mean) / std; a card has them of byte / 255.
    factor = (data.get("rescale_factor") or 1 / 255) if data.get("do_rescale", True) else 1.0
    scale = 1.0 if isclose(factor, 1 / 255) else 1 / (255 * factor)
    number = data.get("resample", usual.resample)
    if number not in range(len(RESAMPLE)):
        raise ValueError(f"a resample {number!r}")
    return Preparation(
        size,
        resize,
        resized,
        RESAMPLE[number],
        tuple(value * scale for value in _three(data.get("image_mean") or usual.mean)),
        tuple(value * scale for value in _three(data.get("image_std") or usual.std)),
    )


def _sizes(
    name: str, data: Mapping[str, Any], usual: _Defaults
) -> tuple[tuple[int, int], str, tuple[int, int]]:
    """Return the size of the input, how pictures are resized, and to what."""
    size = data.get("size") or usual.size
    if isinstance(size, int):
        one_side = "shortest_edge" in usual.size
        size = {"shortest_edge": size} if one_side else {"height": size, "width": size}
    if name == "ConvNext":
        side = int(size["shortest_edge"])
        if side >= CONVNEXT_SQUASHED:
            return (side, side), "squash", (side, side)
        larger = int(side / (data.get("crop_pct") or 224 / 256))
        return (side, side), "shortest", (larger, larger)
    if "shortest_edge" in size:
        resize, resized = "shortest", _pair(int(size["shortest_edge"]))
    elif "height" in size and "width" in size:
        resize, resized = "squash", (int(size["height"]), int(size["width"]))
    else:
        raise ValueError(f"a size {size!r}")
    if usual.crop is None or data.get("do_center_crop", True) is False:
        if resize == "shortest":
            raise ValueError("pictures of any shape: a shortest_edge, and no do_center_crop")
        return resized, resize, resized
    crop = data.get("crop_size") or usual.crop
    pair = (int(crop["height"]), int(crop["width"])) if isinstance(crop, dict) else _pair(crop)
    return pair, resize, resized


def _pair(size: Any) -> tuple[int, int]:
    """Read one side of a square, or height and width."""
    if isinstance(size, list):
        height, width = size
        return int(height), int(width)
    return int(size), int(size)


def _three(values: Any) -> tuple[float, ...]:
    """Read one value for each channel."""
    if len(values) != 3:
        raise ValueError(f"{len(values)} channels")
    return tuple(map(float, values))
