"""Define the ``visual`` object of a product document, and read and write its JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from houndstooth.mappings.errors import InvalidBox, InvalidDocument
from houndstooth.mappings.features import Box, Bytes
from houndstooth.mappings.rows import Lengths
from houndstooth.mappings.stored_values import decode_bytes, encode_bytes, stored_box, text, texts
from houndstooth.mappings.worn_item import WornItem, stored_worn

VISUAL = "visual"
"""Name of the object in a product's document."""

NO_PICTURE = "picture:none"
"""Attribute term of a product none of whose images shows it. It is no term of the taxonomy."""

PICTURES = f"{VISUAL}.pictures"
"""Field of the hashes of a product's images, by which those are found that several have."""

NO_ITEM_SEEN = "-"
"""Stands in PICTURES before the hash of an image that was left out: no item is seen in it."""

UNDER_MANY = "+"
"""Stands there before the hash of an image that was left out, as it is under many unlike products;
and by itself, so that products with such images are found."""

_VISUALS = re.compile(rf"{VISUAL}(_[0-9]{{1,9}})?")


def is_visual(name: str) -> bool:
    """Tell whether a field is ``visual`` or another version beside it, such as ``visual_2``."""
    return _VISUALS.fullmatch(name) is not None


def visual_of(source: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return the object of that name in a document, or None, also for what is no object.

    In an index without objects it is put together from the fields whose names begin with it.
    """
    if name in source:
        stored = source[name]
        return stored if isinstance(stored, Mapping) else None
    start = f"{name}."
    fields = {key.removeprefix(start): one for key, one in source.items() if key.startswith(start)}
    return fields or None


def facts_of(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a document but ``visual`` in any version."""
    return {name: value for name, value in source.items() if not is_visual(name.split(".")[0])}


def picture_hash(data: bytes) -> str:
    """Compute the hash of an image file, 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


@dataclass(frozen=True)
class View:
    """An image of a product, and where the item is in it.

    Attributes:
        place: Place of the image among the product's images, 1 = the first.
        box: The item's box, in fractions of the image.
    """

    place: int
    box: Box


@dataclass(frozen=True)
class VisualSummary:
    """The part of ``visual`` that is shown of a hit.

    Attributes:
        category, great_category: Taxonomy terms.
        attributes: ``group:value`` terms, sorted.
        from_text: The terms among category and attributes that the seller's text states. The
            recogniser predicted the others.
        box: The item's box in the first view, in fractions of the image.
        place: Place of the first view's image among the product's images. It is 1 unless the
            images before it could not be used.
        further: Further views of the product.
        pictures: Hash of the image of each view, in their order; then those of images that were
            left out, after ``NO_ITEM_SEEN`` or ``UNDER_MANY``. Without any image left the first
            view is that of an image that was left out.
        worn: What the product is shown with: the other items in one of its pictures.
    """

    category: str
    great_category: str
    attributes: tuple[str, ...]
    from_text: tuple[str, ...]
    box: Box
    place: int = field(default=1, kw_only=True)
    further: tuple[View, ...] = field(default=(), kw_only=True)
    pictures: tuple[str, ...] = field(default=(), kw_only=True)
    worn: tuple[WornItem, ...] = field(default=(), kw_only=True)

    @property
    def views(self) -> tuple[View, ...]:
        """All views, the first one first."""
        return View(self.place, self.box), *self.further

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read it from a stored object.

        Raises:
            InvalidDocument: A field is missing or has the wrong form.
        """
        try:
            return cls(**cls._read(data))
        except (KeyError, TypeError, ValueError, InvalidBox) as error:
            raise InvalidDocument(f"not a visual object: {error!r}") from None

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "category": text(data, "category"),
            "great_category": text(data, "great_category"),
            "attributes": texts(data["attributes"]),
            "from_text": texts(data["from_text"]),
            "box": stored_box(*data["box"]),
            "pictures": texts(data.get("pictures") or []),
            "worn": stored_worn(data),
            **_stored_views(data),
        }


@dataclass(frozen=True)
class VisualDocument(VisualSummary):
    """The object ``visual`` that Houndstooth adds to a product's document.

    Attributes:
        product_id: The document's id again, as doc values, so that features can be read without
            reading stored fields.
        binary_code: Binarised embedding of the item in the first view, uint8 [bits / 8].
        colour_histogram: Square root of the histogram of colours, uint8 [bins].
        further_codes, further_colours: Those of each further view.
        model: Name and version of the weights that computed the features.
        source_hash: Hash of the title, category text, box and images' bytes that were used.
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
    further_codes: tuple[Bytes, ...] = ()
    further_colours: tuple[Bytes, ...] = ()

    @property
    def lengths(self) -> Lengths:
        """Bytes of its code and of its histogram."""
        return Lengths(self.binary_code.size, self.colour_histogram.size)

    def to_json(self) -> dict[str, Any]:
        """Return the object in its stored form.

        What it has none of is written as well: a partial update would keep the old value.
        """
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
            "pictures": list(self.pictures),
            "views": [view.place for view in self.views],
            "view_boxes": [side for view in self.further for side in view.box.as_list()],
            "view_codes": _encode_views(self.further_codes),
            "view_colours": _encode_views(self.further_colours),
            "worn": [item.to_text() for item in self.worn],
        }

    @classmethod
    def _read(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        code, colour = (decode_bytes(data[name]) for name in ("binary_code", "colour_histogram"))
        codes = _decode_views(data.get("view_codes"), len(code))
        colours = _decode_views(data.get("view_colours"), len(colour))
        summary = super()._read(data)
        if not len(summary.get("further", ())) == len(codes) == len(colours):
            summary["further"] = codes = colours = ()
        return {
            **summary,
            "product_id": text(data, "product_id"),
            "binary_code": code,
            "colour_histogram": colour,
            "further_codes": codes,
            "further_colours": colours,
            "model": text(data, "model"),
            "source_hash": text(data, "source_hash"),
            "computed_at": text(data, "computed_at"),
            "appearance": texts(data.get("appearance") or []),
        }


def _stored_views(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read the places and boxes of views; damaged ones cost the further views and no more."""
    try:
        first, *places = map(int, data["views"])
        sides = iter(data["view_boxes"])
        boxes = [stored_box(*four) for four in zip(sides, sides, sides, sides, strict=True)]
        further = tuple(View(*one) for one in zip(places, boxes, strict=True))
    except (KeyError, TypeError, ValueError, OverflowError, InvalidBox):
        return {}
    return {"place": first, "further": further}


def _encode_views(rows: Sequence[Bytes]) -> str | None:
    """Encode the bytes of all further views as one value.

    Several would be sorted, and equal ones dropped, as doc values.
    """
    return encode_bytes(np.concatenate(rows)) if rows else None


def _decode_views(text: str | None, length: int) -> tuple[Bytes, ...]:
    """Decode rows of some length; damaged ones are none."""
    try:
        data = decode_bytes(text or "")
        return tuple(data.reshape(-1, length)) if len(data) else ()
    except (InvalidDocument, ValueError, TypeError):
        return ()
