"""Define the ``visual`` object of a product document, and read and write its JSON."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from houndstooth.mappings.errors import InvalidBox, InvalidDocument
from houndstooth.mappings.features import Box, Bytes

VISUAL = "visual"
"""Name of the object in a product's document."""

_VISUALS = re.compile(rf"{VISUAL}(_[0-9]{{1,9}})?")


def is_visual(name: str) -> bool:
    """Tell whether a field is ``visual`` or another version beside it, such as ``visual_2``."""
    return _VISUALS.fullmatch(name) is not None


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


@dataclass(frozen=True)
class VisualSummary:
    """The part of ``visual`` that is shown of a hit.

    Attributes:
        category, great_category: Taxonomy terms.
        attributes: ``group:value`` terms, sorted.
        from_text: The terms among category and attributes that the seller's text states. The
            recogniser predicted the others.
        box: The item's box, in fractions of the image.
    """

    category: str
    great_category: str
    attributes: tuple[str, ...]
    from_text: tuple[str, ...]
    box: Box

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read it from a stored object.

        Raises:
            InvalidDocument: A field is missing or has the wrong form.
        """
        try:
            return cls(**cls._read(data))
        except (KeyError, TypeError, InvalidBox) as error:
            raise InvalidDocument(f"not a visual object: {error!r}") from None

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "category": str(data["category"]),
            "great_category": str(data["great_category"]),
            "attributes": tuple(data["attributes"]),
            "from_text": tuple(data["from_text"]),
            "box": _stored_box(*data["box"]),
        }


@dataclass(frozen=True)
class VisualDocument(VisualSummary):
    """The object ``visual`` that Houndstooth adds to a product's document.

    Attributes:
        product_id: The document's id again, as doc values, so that features can be read without
            reading stored fields.
        binary_code: Binarised embedding of the item, uint8 [bits / 8].
        colour_histogram: Square root of the HSV histogram, uint8 [bins].
        model: Name and version of the weights that computed the features.
        source_hash: Hash of the title, category text, box and image bytes that were used.
        computed_at: Time of computation, ISO 8601 in UTC.
        appearance: Coarse appearance terms, by which an engine finds near neighbours without
            reading codes. Empty in documents that older versions wrote.
    """

    product_id: str
    binary_code: Bytes
    colour_histogram: Bytes
    model: str
    source_hash: str
    computed_at: str
    appearance: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object in its stored form."""
        return {
            "product_id": self.product_id,
            "category": self.category,
            "great_category": self.great_category,
            "attributes": list(self.attributes),
            "from_text": list(self.from_text),
            "binary_code": encode_bytes(self.binary_code),
            "colour_histogram": encode_bytes(self.colour_histogram),
            "box": self.box.as_list(),
            "model": self.model,
            "source_hash": self.source_hash,
            "computed_at": self.computed_at,
            "appearance": list(self.appearance),
        }

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **super()._read(data),
            "product_id": str(data["product_id"]),
            "binary_code": decode_bytes(data["binary_code"]),
            "colour_histogram": decode_bytes(data["colour_histogram"]),
            "model": str(data["model"]),
            "source_hash": str(data["source_hash"]),
            "computed_at": str(data["computed_at"]),
            "appearance": tuple(data.get("appearance") or ()),
        }


def _stored_box(x: float, y: float, w: float, h: float) -> Box:
    """Read a stored box. Rounding may have moved its end just past the image; cut that off."""
    return Box(x, y, min(w, 1 - x), min(h, 1 - y))
