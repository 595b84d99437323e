"""Wire what writes products to the search service, so that searches do not wait long for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from houndstooth.ingest.images import UrlImages
from houndstooth.ingest.writes.ledger import Ledger
from houndstooth.ingest.writes.writer import ProductWriter
from houndstooth.mappings.extractor import Extractor, TextEmbedder
from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.rows import Lengths
from houndstooth.web.backend import Backend, Parts

IMAGE_SECONDS = 10
"""Time limit for one image that is fetched while a caller waits."""

WRITE_SECONDS = 60
"""Time that the engine has to answer all that a write asks of it."""

T = TypeVar("T")


class Compute(Protocol):
    """Function that does some work when it is its turn."""

    def __call__(self, work: Callable[[], T], /) -> T:
        """Do the work and return what it returns."""


class InTurn:
    """An extractor whose photos take turns with those of searches, one at a time.

    A search waits for one photo of a write at most, not for its batch.

    Args:
        extractor: The extractor.
        compute: Function that does some work when it is its turn.
    """

    def __init__(self, extractor: Extractor, compute: Compute) -> None:
        self._extractor, self._compute = extractor, compute

    @property
    def model(self) -> str:
        """See Extractor."""
        return self._extractor.model

    @property
    def precisions(self) -> Mapping[str, float]:
        """See Extractor."""
        return self._extractor.precisions

    @property
    def lengths(self) -> Lengths:
        """See Extractor."""
        return self._extractor.lengths

    @property
    def texts(self) -> TextEmbedder | None:
        """See Extractor."""
        return self._extractor.texts

    def decode(self, data: bytes) -> Any:
        """See Extractor."""
        return self._extractor.decode(data)

    def preview(self, image: Any) -> bytes:
        """See Extractor."""
        return self._extractor.preview(image)

    def extract_together(self, images: Sequence[Any], category: str | None = None) -> Features:
        """See Extractor."""
        return self._compute(partial(self._extractor.extract_together, images, category))

    def extract_items(self, image: Any) -> list[Features]:
        """See Extractor."""
        return self._compute(lambda: self._extractor.extract_items(image))

    def extract(
        self,
        images: Sequence[Any],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        """See Extractor."""
        given: Iterable[Any] = zip(
            images,
            categories or [None] * len(images),
            boxes or [None] * len(images),
            with_others or [False] * len(images),
            strict=True,
        )
        return [
            features
            for image, *known in given
            for features in self._compute(
                partial(self._extractor.extract, [image], *([each] for each in known))
            )
        ]


def in_turn(parts: Parts | Backend) -> Extractor:
    """Return the extractor of a service, whose photos take turns with those of searches."""
    return InTurn(parts.extractor, parts.search.compute)


def product_writer(backend: Backend) -> ProductWriter:
    """Create the writer of a service."""
    settings = backend.settings
    return ProductWriter(
        backend.engine,
        in_turn(backend),
        backend.taxonomy,
        UrlImages(settings.max_upload_bytes, settings.image_hosts, IMAGE_SECONDS),
        settings.views,
        Ledger(settings.jobs),
    )
