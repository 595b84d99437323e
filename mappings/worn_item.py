"""Define an item that a product is worn with in one of its pictures."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Box
from houndstooth.mappings.rows import Lengths
from houndstooth.mappings.stored_values import stored_box, text, texts


@dataclass(frozen=True)
class WornItem:
    """Another item in a product's picture, such as the trousers that a shirt is shown with.

    Attributes:
        category: Leaf category.
        attributes: ``group:value`` terms that the picture shows surely, sorted.
        place: Place of the picture among the product's images, 1 = the first.
        box: The item's box, in fractions of the picture.
        code: Its binary code, as bytes.
        colours: Its colour histogram, as bytes.
    """

    category: str
    attributes: tuple[str, ...]
    place: int
    box: Box
    code: bytes
    colours: bytes

    @property
    def lengths(self) -> Lengths:
        """Bytes of its code and of its histogram."""
        return Lengths(len(self.code), len(self.colours))

    def to_text(self) -> str:
        """Write it as JSON, the form in which it is stored."""
        return json.dumps(
            {
                "category": self.category,
                "attributes": list(self.attributes),
                "place": self.place,
                "box": self.box.as_list(),
                "code": b64encode(self.code).decode(),
                "colours": b64encode(self.colours).decode(),
            }
        )

    @classmethod
    def from_text(cls, stored: str) -> Self:
        """Read it. Raises KeyError, TypeError, ValueError or InvalidInput if it is none."""
        data = json.loads(stored)
        return cls(
            text(data, "category"),
            texts(data["attributes"]),
            int(data["place"]),
            stored_box(*data["box"]),
            b64decode(data["code"], validate=True),
            b64decode(data["colours"], validate=True),
        )


def stored_worn(data: Mapping[str, Any]) -> tuple[WornItem, ...]:
    """Read the items that a product is worn with; damaged ones cost all of them and no more."""
    try:
        return tuple(WornItem.from_text(one) for one in data["worn"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, InvalidInput):
        return ()
