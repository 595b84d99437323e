"""The card of an image encoder: all that serving needs to know of an ONNX file.

``docs/encoders.md`` explains each key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card_keys import CardKeys
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

ZERO = "zero"
"""Thresholds of 0 in every dimension, as the SK Planet paper has them."""

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

    @classmethod
    def read(cls, stem: Path) -> EncoderCard:
        """Read a card by its path without ``.json``.

        Raises:
            InvalidConfig: no such card, a key is unknown, missing or of another form, or a file is
                not what the card was written for.
        """
        data, where = read_json(stem), f"the card {stem.name}.json"
        keys = CardKeys(data, where, KEYS)
        keys.word("kind", ("encoder",))
        name = keys.text("name")
        if not re.fullmatch(r"[\w.-]+", name, flags=re.ASCII):
            raise InvalidConfig(f"expected a name of letters, digits, . _ - in {where}; got {name}")
        digests = keys.texts_by_name("sha256")
        output = _read_output(keys.inner("output", OUTPUT_KEYS))
        check = keys.inner("check", CHECK_KEYS)
        card = cls(
            model=f"{name}-{keys.whole('version')}.{_digest(data)}",
            licence=keys.text("licence"),
            path=file_inside(stem.parent, keys.text("file")),
            files=tuple(digests),
            input=_read_input(keys.inner("input", INPUT_KEYS), where),
            output=output,
            thresholds=np.zeros(output.dimension, dtype=np.float32),
            region=keys.word("region", REGIONS),
            check=EncoderCheck(check.numbers("values"), check.above_zero("tolerance")),
        )
        if len(card.check.values) > output.dimension:
            raise InvalidConfig(
                f"expected at most {output.dimension} values to check, as many as dimensions, in "
                f"{where}; got {len(card.check.values)}"
            )
        thresholds = keys.text("thresholds")
        for needed in {keys.text("file"), thresholds} - digests.keys() - {ZERO}:
            raise InvalidConfig(f"expected the SHA-256 of {needed} in {where}; got none")
        for file, digest in digests.items():
            check_file(file_inside(stem.parent, file), digest)
        if thresholds == ZERO:
            return card
        array = read_thresholds(file_inside(stem.parent, thresholds), output.dimension)
        return cls(**{**vars(card), "thresholds": array})


def file_inside(folder: Path, name: str) -> Path:
    """Return the path of a file that a card names.

    Raises:
        InvalidConfig: it lies outside of the card's folder.
    """
    path = folder / name
    parts = PurePosixPath(name).parts
    inside = path.resolve().is_relative_to(folder.resolve())
    if not parts or parts[0] == "/" or ".." in parts or "\\" in name or not inside:
        raise InvalidConfig(f"expected a file in the folder of the card; got {name}")
    return path


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal digits.

    Raises:
        InvalidConfig: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidConfig(f"expected {path.name} beside the card; got {error!r}") from None


def check_file(path: Path, digest: str) -> None:
    """Compare a file with the SHA-256 of its card.

    Raises:
        InvalidConfig: it is another, or is not there.
    """
    found = hash_file(path)
    if found != digest:
        raise InvalidConfig(
            f"expected {path.name} with the SHA-256 that its card has, {digest}; got {found}"
        )


def read_thresholds(path: Path, dimension: int) -> NDArray[np.float32]:
    """Read thresholds, float32 [d], of a NumPy file; nothing is unpickled.

    Raises:
        InvalidConfig: it holds something else.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidConfig(f"expected a NumPy array in {path.name}; got {error}") from None
    kind = f"{getattr(array, 'dtype', 'several arrays')} {list(getattr(array, 'shape', ()))}"
    if kind != f"float32 [{dimension}]" or not np.isfinite(array).all():
        raise InvalidConfig(f"expected finite float32 [{dimension}] in {path.name}; got {kind}")
    return np.asarray(array, dtype=np.float32)


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
    """Hash what codes depend on: all but names and what is only compared, 8 digits."""
    deciding = {key: data[key] for key in ("input", "output", "region")}
    deciding |= {"files": sorted(dict(data["sha256"]).values()), "zero": data["thresholds"] == ZERO}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:8]
