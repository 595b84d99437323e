"""Extract the features of images and of what is beside their items, each distinct image once."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Collection, Sequence
from threading import Lock
from typing import Any

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Box, Features

_LOG = logging.getLogger(__name__)

View = tuple[int, Features]
"""Place of an image among the product's, 1 = the first, and its features."""

Wanted = tuple[bytes, frozenset[str] | None, Box | None, bool]
"""An image's bytes, the categories that its item may be of, its box, None if unknown, and whether
what is beside the item is wanted."""

RECENT = 1000
"""Images whose features are kept for the products that follow, some kilobytes each."""


class RecentFeatures:
    """Extracts images and keeps the features of the last ones: many products may share a file.

    Threads may share it; what two of them ask for at the same time is extracted twice.

    Args:
        extractor: The extractor.
        most: Number of images whose features are kept.
    """

    def __init__(self, extractor: Extractor, most: int = RECENT) -> None:
        self.extractor, self._most, self._lock = extractor, most, Lock()
        self._kept: OrderedDict[Wanted, Features] = OrderedDict()

    def extract(self, wanted: Collection[Wanted]) -> dict[Wanted, Features | InvalidInput]:
        """Return the features of images, as ``extract_images`` does."""
        keys = {one: _key(one) for one in wanted}
        found: dict[Wanted, Features | InvalidInput] = {}
        with self._lock:
            for one, key in keys.items():
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[one] = self._kept[key]
        found |= extract_images(self.extractor, [one for one in keys if one not in found])
        with self._lock:
            for one, features in found.items():
                if not isinstance(features, InvalidInput):
                    self._kept[keys[one]] = features
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


def _key(wanted: Wanted) -> Wanted:
    """Put the SHA-256 of an image in the place of its bytes."""
    data, categories, box, with_others = wanted
    return hashlib.sha256(data).digest(), categories, box, with_others


def extract_images(
    extractor: Extractor, wanted: Collection[Wanted]
) -> dict[Wanted, Features | InvalidInput]:
    """Decode and extract images; one that cannot be used costs no other.

    Args:
        extractor: The extractor.
        wanted: The images; equal ones are extracted once.
    """
    distinct = list(dict.fromkeys(wanted))
    decoded = {data: _decode(extractor, data) for data in dict.fromkeys(d for d, *_ in distinct)}
    found = {one: decoded[one[0]] for one in distinct}
    usable = [(one, image) for one, image in found.items() if not isinstance(image, InvalidInput)]
    results = zip((one for one, _ in usable), _extract(extractor, usable), strict=True)
    return found | dict(results)


def _decode(extractor: Extractor, data: bytes) -> Any | InvalidInput:
    try:
        return extractor.decode(data)
    except InvalidInput as error:
        return error


def _extract(
    extractor: Extractor, images: Sequence[tuple[Wanted, Any]]
) -> list[Features | InvalidInput]:
    """Extract decoded images; if they are refused, extract each one alone to find the bad one.

    Where what is beside an item cannot be extracted, the item alone is.
    """
    if not images:
        return []
    try:
        return _features(extractor, images)
    except InvalidInput as error:
        if len(images) == 1:
            return [error]
    except Exception as error:
        if not any(beside for (*_, beside), _ in images):
            raise
        if len(images) == 1:
            _LOG.warning("what is beside the item of an image was not extracted: %r", error)
            [((data, categories, box, _), image)] = images
            return _extract(extractor, [((data, categories, box, False), image)])
    return [result for one in images for result in _extract(extractor, [one])]


def _features(
    extractor: Extractor, images: Sequence[tuple[Wanted, Any]]
) -> list[Features | InvalidInput]:
    return list(
        extractor.extract(
            [image for _, image in images],
            categories=[categories for (_, categories, _, _), _ in images],
            boxes=[box for (_, _, box, _), _ in images],
            with_others=[beside for (*_, beside), _ in images],
        )
    )
