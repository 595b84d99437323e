"""The ``visual`` object of a product document, and its only codec."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from houndstooth.mappings.errors import InvalidBox, InvalidDocument
from houndstooth.mappings.features import Box, Bytes

VISUAL = "visual"
"""The object's name in a product's document."""

_VISUALS = re.compile(rf"{VISUAL}(_[0-9]{{1,9}})?")


def is_visual(name: str) -> bool:
    """Whether a field is ``visual`` or, as ``visual_2``, another version of it beside it."""
    return _VISUALS.fullmatch(name) is not None


def encode_bytes(data: Bytes) -> str:
    """Base64 of a uint8 array, as OpenSearch's ``binary`` fields take it."""
    return base64.b64encode(data.tobytes()).decode("ascii")


def decode_bytes(text: str) -> Bytes:
    """uint8 array [n] of base64 with or without padding (binary doc values come without).

    Raises:
        InvalidDocument: not base64.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidDocument(f"expected base64; got {text[:40]!r} ({error})") from None
    return np.frombuffer(data, dtype=np.uint8)


@dataclass(frozen=True)
class VisualDocument:
    """What the plugin adds to a product's document: one object, ``visual``.

    Attributes:
        product_id: the document's id again, as doc values: candidates are fetched without
            touching a stored field.
        category, great_category: taxonomy terms.
        attributes: ``group:value`` terms, sorted.
        from_text: the terms among category and attributes that the seller's text said; the
            recogniser saw the rest.
        binary_code: of the item's looks, uint8 [bits / 8].
        colour_histogram: square root of the HSV histogram, uint8 [bins].
        box: the item, in fractions of the image.
        model: which weights made it.
        source_hash: of the text, image bytes, category text and box it was made from.
        computed_at: ISO 8601, UTC.
    """

    product_id: str
    category: str
    great_category: str
    attributes: tuple[str, ...]
    from_text: tuple[str, ...]
    binary_code: Bytes
    colour_histogram: Bytes
    box: Box
    model: str
    source_hash: str
    computed_at: str

    def to_json(self) -> dict[str, Any]:
        """The object as it is stored."""
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
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> VisualDocument:
        """Read a stored object.

        Raises:
            InvalidDocument: a field is missing or of the wrong form.
        """
        try:
            return cls(
                product_id=str(data["product_id"]),
                category=str(data["category"]),
                great_category=str(data["great_category"]),
                attributes=tuple(data["attributes"]),
                from_text=tuple(data["from_text"]),
                binary_code=decode_bytes(data["binary_code"]),
                colour_histogram=decode_bytes(data["colour_histogram"]),
                box=_stored_box(*data["box"]),
                model=str(data["model"]),
                source_hash=str(data["source_hash"]),
                computed_at=str(data["computed_at"]),
            )
        except (KeyError, TypeError, InvalidBox) as error:
            raise InvalidDocument(f"not a visual object: {error!r}") from None


def _stored_box(x: float, y: float, w: float, h: float) -> Box:
    """A box as it was stored; where sides were rounded, it may end a step past the image."""
    return Box(x, y, min(w, 1 - x), min(h, 1 - y))
