"""The card of an image encoder: all that serving needs to know of an ONNX file.

``docs/encoders.md`` explains each key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card_files import check_files, file_inside, read_vector
from houndstooth.models.encoder.card_keys import CardKeys
from houndstooth.models.encoder.text_card import KEYS as TEXT_KEYS
from houndstooth.models.encoder.text_card import ZERO, TextCard
from houndstooth.models.runtime.card import read_json

Resize = Literal["squash", "shortest", "longest"]
Region = Literal["item", "window", "whole"]

KEYS = (
    *("kind", "name", "version", "licence", "file", "sha256"),
    *("input", "output", "thresholds", "region", "check"),
)
INPUT_KEYS = (
    *("name", "layout", "type", "size", "resize", "resized"),
    *("interpolation", "mean", "std", "fill"),
)
OUTPUT_KEYS = ("name", "dimension", "normalise")
CHECK_KEYS = ("values", "tolerance")

LAYOUTS = ("NCHW", "NHWC")
TYPES = ("float32", "float16", "uint8")
RESIZES = ("squash", "shortest", "longest")
REGIONS = ("item", "window", "whole")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")

NO_CHANGE = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
"""Mean and standard deviation that leave values as they are."""


@dataclass(frozen=True)
class EncoderInput:
    """The form of what the network is fed.

    Attributes:
        name: of the graph's input.
        layout: NCHW or NHWC; channels are red, green, blue.
        type: float32, float16 or uint8.
        size: height and width, pixels.
        resize: how a picture gets the size ``resized``: squash changes its proportions, shortest
            covers it and cuts off what stands out, longest fits in and is filled up.
        resized: height and width, pixels, of whose centre ``size`` is cut out.
        interpolation: one of ``INTERPOLATIONS``, as Pillow computes them.
        mean, std: red, green, blue in [0, 1]: a value is (value / 255 − mean) / std. Bytes are fed
            as they are.
        fill: red, green, blue in [0, 255], where there is no picture.
    """

    name: str
    layout: str
    type: str
    size: tuple[int, int]
    resize: Resize
    resized: tuple[int, int]
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fill: tuple[int, ...]


@dataclass(frozen=True)
class EncoderOutput:
    """The form of what is read of the network.

    Attributes:
        name: of the graph's output.
        dimension: d of the embedding; a code has as many bits, filled up to whole bytes by zeros.
        normalise: whether embeddings are divided by their Euclidean length.
    """

    name: str
    dimension: int
    normalise: bool


@dataclass(frozen=True)
class EncoderCheck:
    """The embedding that the network makes of the check picture.

    Attributes:
        values: the first of the embedding.
        tolerance: the largest difference of a value.
    """

    values: tuple[float, ...]
    tolerance: float


@dataclass(frozen=True)
class EncoderCard:
    """An image encoder's card, its files' hashes compared.

    Attributes:
        model: name, version and the first digits of a hash of all that codes depend on; goes into
            every document, so that codes of two encoders, or of one under two cards, are never
            compared.
        licence: of the network.
        path: of the ONNX file, in the card's folder.
        files: names of all files whose hashes are in the card.
        input: what it is fed.
        output: what is read of it.
        thresholds: of the binary code, float32 [d].
        region: what of a picture it sees: a square around the item's box, the square that the
            recogniser sees, or the whole picture.
        check: what it makes of the check picture.
        text: how texts are embedded beside pictures; None where they are not.
    """

    model: str
    licence: str
    path: Path
    files: tuple[str, ...]
    input: EncoderInput
    output: EncoderOutput
    thresholds: NDArray[np.float32]
    region: Region
    check: EncoderCheck
    text: TextCard | None = None

    @classmethod
    def read(cls, stem: Path) -> EncoderCard:
        """Read a card by its path without ``.json``.

        Raises:
            InvalidConfig: no such card, a key is unknown, missing or of another form, or a file is
                not what the card was written for.
        """
        data, where = read_json(stem), f"the card {stem.name}.json"
        keys = CardKeys(data, where, KEYS, optional=("text",))
        keys.word("kind", ("encoder",))
        name = keys.text("name")
        if not re.fullmatch(r"[\w.-]+", name, flags=re.ASCII):
            raise InvalidConfig(f"expected a name of letters, digits, . _ - in {where}; got {name}")
        digests = keys.texts_by_name("sha256")
        output = _read_output(keys.inner("output", OUTPUT_KEYS))
        check = keys.inner("check", CHECK_KEYS)
        file, thresholds = keys.text("file"), keys.text("thresholds")
        folder = stem.parent
        card = cls(
            model=f"{name}-{keys.whole('version')}.{_digest(data)}",
            licence=keys.text("licence"),
            path=file_inside(folder, file),
            files=tuple(digests),
            input=_read_input(keys.inner("input", INPUT_KEYS), where),
            output=output,
            thresholds=np.zeros(output.dimension, dtype=np.float32),
            region=keys.word("region", REGIONS),
            check=EncoderCheck(
                check.numbers("values", most=output.dimension), check.above_zero("tolerance")
            ),
        )
        check_files(folder, digests, {file, thresholds} - {ZERO}, where)
        if thresholds != ZERO:
            array = read_vector(file_inside(folder, thresholds), output.dimension)
            card = replace(card, thresholds=array)
        if "text" in data:
            text = TextCard.read(keys.inner("text", TEXT_KEYS), folder, output.dimension)
            card = replace(card, text=text)
        return card


def _read_input(keys: CardKeys, where: str) -> EncoderInput:
    height, width = keys.wholes("size", 2)
    tall, wide = keys.wholes("resized", 2)
    if tall < height or wide < width:
        raise InvalidConfig(
            f"expected a picture resized to at least {height} × {width}, its input's size, in "
            f"{where}; got {tall} × {wide}"
        )
    kind, mean, std = keys.word("type", TYPES), keys.numbers("mean", 3), keys.numbers("std", 3)
    if min(std) <= 0:
        raise InvalidConfig(f"expected numbers above 0 for std in {where}; got {list(std)}")
    if kind == "uint8" and (mean, std) != NO_CHANGE:
        raise InvalidConfig(
            f"expected mean 0 and std 1 for an input of bytes in {where}; got {list(mean)} and "
            f"{list(std)}"
        )
    fill = keys.numbers("fill", 3)
    if any(value != int(value) or not 0 <= value <= 255 for value in fill):
        raise InvalidConfig(f"expected bytes, 0 to 255, for fill in {where}; got {list(fill)}")
    return EncoderInput(
        name=keys.text("name"),
        layout=keys.word("layout", LAYOUTS),
        type=kind,
        size=(height, width),
        resize=keys.word("resize", RESIZES),
        resized=(tall, wide),
        interpolation=keys.word("interpolation", INTERPOLATIONS),
        mean=mean,
        std=std,
        fill=tuple(map(int, fill)),
    )


def _read_output(keys: CardKeys) -> EncoderOutput:
    return EncoderOutput(
        keys.text("name"), keys.whole("dimension"), keys.true_or_false("normalise")
    )


def _digest(data: Mapping[str, Any]) -> str:
    """Hash what codes depend on, 8 digits: not names, what is only compared, and texts."""
    deciding = {key: data[key] for key in ("input", "output", "region")}
    deciding |= {"files": sorted(dict(data["sha256"]).values()), "zero": data["thresholds"] == ZERO}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:8]
