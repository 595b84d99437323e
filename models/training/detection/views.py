"""What an epoch shows: which images, composed and seen how. Everything follows from the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.training.detection.augment import random_view
from models.training.detection.composites import Cutout, empty_scene, paste
from models.training.detection.samples import BoxedImage

# Width and height of a batch's images, and how often.
SHAPES = (((224, 320), 0.75), ((256, 320), 0.1), ((288, 288), 0.1), ((320, 224), 0.05))


@dataclass(frozen=True)
class Sources:
    """Everything there is to show."""

    street: Sequence[BoxedImage]
    products: Sequence[BoxedImage]
    studio: Sequence[BoxedImage]
    cutouts: Sequence[Cutout]

    def sizes(self) -> dict[str, int]:
        """How many images there are, by source."""
        return {name: len(getattr(self, name)) for name in ("street", "products", "studio")}

    def epoch(
        self, shares: Mapping[str, float], images: int, batch: int, seed: tuple[int, int]
    ) -> Iterator[list[BoxedImage]]:
        """Batches of views, each batch of one shape.

        Args:
            shares: of ``street``, ``composite``, ``product``, ``paper`` and ``studio`` views.
        """
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
        if kind == "studio":
            return random_view(_next(self.studio, kind, decks, rng), rng, size, (0.7, 1.6))
        zoom = (0.7, 1.1) if rng.random() < 0.5 else (1.0, 2.2)
        view = random_view(_next(self.street, "street", decks, rng), rng, size, zoom)
        if kind == "composite":
            view = paste(view, self.cutouts, rng, int(rng.integers(1, 4)))
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
