"""What an epoch shows: which images, composed and seen how. Everything follows from the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.detection.augment import random_view
from houndstooth.models.training.detection.composites import Cutout, empty_scene, on_paper, paste
from houndstooth.models.training.detection.samples import BoxedImage

# Width and height of a batch's images, and how often.
SHAPES = (((224, 320), 0.75), ((256, 320), 0.1), ((288, 288), 0.1), ((320, 224), 0.05))


@dataclass(frozen=True)
class Sources:
    """Everything there is to show."""

    street: Sequence[BoxedImage]
    products: Sequence[BoxedImage]
    synthetic: Sequence[BoxedImage]
    cutouts: Sequence[Cutout]
    worn: Sequence[BoxedImage] = ()
    casual: Sequence[BoxedImage] = ()

    def sizes(self) -> dict[str, int]:
        """How many images there are, by source."""
        names = ("street", "products", "synthetic", "worn", "casual")
        return {name: len(getattr(self, name)) for name in names}

    def epoch(
        self, shares: Mapping[str, float], images: int, batch: int, seed: tuple[int, int]
    ) -> Iterator[list[BoxedImage]]:
        """Batches of views, each batch of one shape.

        Args:
            shares: how often a view is of each kind: ``street``, ``composite``, ``product``,
                ``paper``, ``synthetic``, ``worn`` or ``casual``.

        Raises:
            InvalidConfig: a kind that there is not, or none of whose images are there.
        """
        self._check(shares)
        rng = np.random.default_rng(seed)
        kinds = list(shares)
        weights = np.array([shares[kind] for kind in kinds])
        chosen = rng.choice(len(kinds), images, p=weights / weights.sum())
        shapes, often = [s for s, _ in SHAPES], [p for _, p in SHAPES]
        decks: dict[str, list[int]] = {}
        for start in range(0, images, batch):
            size = shapes[int(rng.choice(len(shapes), p=often))]
            yield [
                self._view(kinds[kind], size, rng, decks) for kind in chosen[start : start + batch]
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
        for kind, share in shares.items():
            if kind not in images:
                raise InvalidConfig(f"expected shares of {', '.join(images)}; got {kind!r}")
            if share and not images[kind]:
                raise InvalidConfig(f"expected images for the recipe's share of {kind}; got none")

    def _view(
        self,
        kind: str,
        size: tuple[int, int],
        rng: np.random.Generator,
        decks: dict[str, list[int]],
    ) -> BoxedImage:
        if kind == "paper":
            scene = empty_scene(rng, *size)
            return paste(scene, self.cutouts, rng, int(rng.integers(2, 7)))
        if kind == "product":
            return random_view(_next(self.products, kind, decks, rng), rng, size, (0.4, 1.15))
        if kind == "synthetic":
            return random_view(_next(self.synthetic, kind, decks, rng), rng, size, (0.7, 1.6))
        if kind == "casual":
            return random_view(_next(self.casual, kind, decks, rng), rng, size, (0.6, 1.3))
        if kind == "worn":
            return self._worn(size, rng, decks)
        zoom = (0.7, 1.1) if rng.random() < 0.5 else (1.0, 2.2)
        view = random_view(_next(self.street, "street", decks, rng), rng, size, zoom)
        if kind == "composite":
            view = paste(view, self.cutouts, rng, int(rng.integers(1, 4)))
        return view

    def _worn(
        self, size: tuple[int, int], rng: np.random.Generator, decks: dict[str, list[int]]
    ) -> BoxedImage:
        """Half of them on other background, and some with items, as nobody carries one there."""
        sample = _next(self.worn, "worn", decks, rng)
        if rng.random() < 0.5:
            sample = on_paper(sample, rng)
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
    """The next of a shuffled deck, so that no image waits while another comes twice."""
    deck = decks.setdefault(name, [])
    if not deck:
        deck.extend(rng.permutation(len(images)).tolist())
    return images[deck.pop()]
