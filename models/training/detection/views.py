"""The views of an epoch: images drawn from several sources and augmented, by a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.detection.augment import random_view
from houndstooth.models.training.detection.composites import (
    Cutout,
    paste,
    plain_scene,
    replace_background,
)
from houndstooth.models.training.detection.samples import BoxedImage

SHAPES = (((224, 320), 0.75), ((256, 320), 0.1), ((288, 288), 0.1), ((320, 224), 0.05))
"""Width and height of a batch's images, pixels, and the probability of each."""


@dataclass(frozen=True)
class Sources:
    """The training images of a detector.

    Attributes:
        street: street photos.
        products: isolated products on white.
        synthetic: drawn images.
        cutouts: cutouts of isolated products.
        worn: photos of worn garments, with pseudo-labels.
        casual: casual photos of a single item, with pseudo-labels.
    """

    street: Sequence[BoxedImage]
    products: Sequence[BoxedImage]
    synthetic: Sequence[BoxedImage]
    cutouts: Sequence[Cutout]
    worn: Sequence[BoxedImage] = ()
    casual: Sequence[BoxedImage] = ()

    def sizes(self) -> dict[str, int]:
        """Count the images by source."""
        names = ("street", "products", "synthetic", "worn", "casual")
        return {name: len(getattr(self, name)) for name in names}

    def epoch(
        self, shares: Mapping[str, float], images: int, batch: int, seed: tuple[int, int]
    ) -> Iterator[list[BoxedImage]]:
        """Make batches of views, each batch of one shape.

        Args:
            shares: share of the views by source: ``street``, ``composite`` (cutouts on street
                photos), ``product``, ``paper`` (cutouts on a plain scene), ``synthetic``, ``worn``
                or ``casual``.

        Raises:
            InvalidConfig: an unknown source, or one without images.
        """
        self._check(shares)
        rng = np.random.default_rng(seed)
        sources = list(shares)
        frequencies = np.array([shares[source] for source in sources])
        chosen = rng.choice(len(sources), images, p=frequencies / frequencies.sum())
        shapes, probabilities = [s for s, _ in SHAPES], [p for _, p in SHAPES]
        decks: dict[str, list[int]] = {}
        for start in range(0, images, batch):
            size = shapes[int(rng.choice(len(shapes), p=probabilities))]
            yield [
                self._view(sources[source], size, rng, decks)
                for source in chosen[start : start + batch]
            ]

    def _check(self, shares: Mapping[str, float]) -> None:
        images = {
            "street": self.street,
            "composite": self.street and self.cutouts,
            "product": self.products,
            "paper": self.cutouts,
            "synthetic": self.synthetic,
            "worn": self.worn and self.cutouts,
            "casual": self.casual,
        }
        for source, share in shares.items():
            if source not in images:
                raise InvalidConfig(f"expected shares of {', '.join(images)}; got {source!r}")
            if share and not images[source]:
                raise InvalidConfig(f"expected images for the recipe's share of {source}; got none")

    def _view(
        self,
        source: str,
        size: tuple[int, int],
        rng: np.random.Generator,
        decks: dict[str, list[int]],
    ) -> BoxedImage:
        if source == "paper":
            scene = plain_scene(rng, *size)
            return paste(scene, self.cutouts, rng, int(rng.integers(2, 7)))
        if source == "product":
            return random_view(_next(self.products, source, decks, rng), rng, size, (0.4, 1.15))
        if source == "synthetic":
            return random_view(_next(self.synthetic, source, decks, rng), rng, size, (0.7, 1.6))
        if source == "casual":
            return random_view(_next(self.casual, source, decks, rng), rng, size, (0.6, 1.3))
        if source == "worn":
            return self._worn(size, rng, decks)
        zoom = (0.7, 1.1) if rng.random() < 0.5 else (1.0, 2.2)
        view = random_view(_next(self.street, "street", decks, rng), rng, size, zoom)
        if source == "composite":
            view = paste(view, self.cutouts, rng, int(rng.integers(1, 4)))
        return view

    def _worn(
        self, size: tuple[int, int], rng: np.random.Generator, decks: dict[str, list[int]]
    ) -> BoxedImage:
        """Make a view of worn garments: half on another background, some with cutouts."""
        sample = _next(self.worn, "worn", decks, rng)
        if rng.random() < 0.5:
            sample = replace_background(sample, rng)
        view = random_view(sample, rng, size, (0.6, 1.8))
        if rng.random() < 0.3:
            view = paste(view, self.cutouts, rng, int(rng.integers(1, 3)))
        return view


def _next(
    images: Sequence[BoxedImage],
    name: str,
    decks: dict[str, list[int]],
    rng: np.random.Generator,
) -> BoxedImage:
    """Draw the next image of a shuffled deck: each comes once before any comes twice."""
    deck = decks.setdefault(name, [])
    if not deck:
        deck.extend(rng.permutation(len(images)).tolist())
    return images[deck.pop()]
