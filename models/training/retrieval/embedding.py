"""Embeddings of a benchmark's pictures, by what serves: decoded, located, recognised, embedded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from houndstooth.mappings.errors import InvalidBox, InvalidFeed, InvalidImage
from houndstooth.mappings.features import Box
from houndstooth.models.training.datasets.reading import pixel_box
from houndstooth.models.training.retrieval.benchmark import Picture
from houndstooth.models.training.retrieval.feature_store import FeatureStore

BATCH = 8
"""Pictures that are embedded, and written, at once."""


class Embedder(Protocol):
    """Makes embeddings; ``models.extractor.ImageExtractor`` is one.

    Attributes:
        model: name and version of all that embeddings depend on.
        thresholds: float32 [d]; a bit of the code is set where the embedding is above.
    """

    model: str
    thresholds: NDArray[np.float32]

    def decode(self, data: bytes) -> Any:
        """Decode an image file; raises InvalidImage."""

    def recognise(
        self, images: Sequence[Any], categories: None, boxes: Sequence[Box | None]
    ) -> list[Any]:
        """Locate and recognise the item of each image, in its box where there is one."""

    def embed(self, items: Sequence[Any]) -> NDArray[np.float32]:
        """Embed n items, float32 [n, d]."""


@dataclass(frozen=True)
class Embedded:
    """Embeddings of a benchmark's pictures.

    Attributes:
        embeddings: float32 [n, d]; zeros for broken pictures.
        broken: why a picture was left out, by its place.
    """

    embeddings: NDArray[np.float32]
    broken: dict[int, str]


def embed_pictures(
    embedder: Embedder,
    pictures: Sequence[Picture],
    cache: Path,
    advance: Callable[[int], object] = lambda done: None,
) -> Embedded:
    """Embed the pictures that the cache does not have, and return all.

    Args:
        cache: the folder of a FeatureStore for this embedder and benchmark.
        advance: told of pictures that are done, the cached ones first.

    Raises:
        InvalidConfig: the cache cannot be used.
        InvalidFeed: no picture could be read.
    """
    broken: dict[int, str] = {}
    with FeatureStore.opened(cache) as store:
        missing = []
        for place, picture in enumerate(pictures):
            if not picture.path.is_file():
                broken[place] = f"{picture.name}: no such file"
            elif picture not in store:
                missing.append(place)
        advance(len(pictures) - len(missing))
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            read = list(_read(embedder, pictures, batch, broken))
            if read:
                places, images, boxes = zip(*read, strict=True)
                rows = embedder.embed(embedder.recognise(images, None, boxes))
                store.append([pictures[place] for place in places], rows)
            advance(len(batch))
        whole = [place for place in range(len(pictures)) if place not in broken]
        if not whole:
            first = next(iter(broken.values()), "none")
            raise InvalidFeed(f"expected pictures that can be read; got {first}")
        rows = store.rows([pictures[place] for place in whole])
    embeddings = np.zeros((len(pictures), rows.shape[1]), dtype=np.float32)
    embeddings[whole] = rows
    return Embedded(embeddings, broken)


def _read(
    embedder: Embedder, pictures: Sequence[Picture], places: Sequence[int], broken: dict[int, str]
) -> Iterator[tuple[int, Any, Box | None]]:
    """Yield place, image and box of each picture that can be read; note the others."""
    for place in places:
        picture = pictures[place]
        try:
            image = embedder.decode(picture.path.read_bytes())
            yield place, image, _box(picture)
        except (OSError, UnidentifiedImageError, InvalidImage, InvalidBox) as error:
            broken[place] = f"{picture.name}: {error}"


def _box(picture: Picture) -> Box | None:
    if picture.corners is None:
        return None
    with Image.open(picture.path) as image:
        return pixel_box(picture.corners, image.size)
