"""Write and read the values of stored objects: bytes, texts and boxes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from houndstooth.mappings.errors import InvalidDocument
from houndstooth.mappings.features import Box, Bytes


def encode_bytes(data: Bytes) -> str:
    """Encode a uint8 array as base64, the form of OpenSearch's ``binary`` fields."""
    return base64.b64encode(data.tobytes()).decode("ascii")


def decode_bytes(text: str) -> Bytes:
    """Decode base64 to a uint8 array [n].

    Padding may be missing: binary doc values come without it.

    Raises:
        InvalidDocument: The text is not base64.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidDocument(f"expected base64; got {text[:40]!r} ({error})") from None
    return np.frombuffer(data, dtype=np.uint8)


def text(data: Mapping[str, Any], name: str) -> str:
    """Read a text of an object. Raises KeyError or TypeError."""
    if not isinstance(data[name], str):
        raise TypeError(f"expected text as {name}; got {data[name]!r}")
    return str(data[name])


def texts(values: Any) -> tuple[str, ...]:
    """Read a list of texts. Raises TypeError."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"expected a list of texts; got {values!r}")
    return tuple(values)


def stored_box(x: float, y: float, w: float, h: float) -> Box:
    """Read a stored box. Rounding may have moved its end just past the image; cut that off."""
    return Box(x, y, min(w, 1 - x), min(h, 1 - y))
