"""Ties and scarves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.colours import shifted
from houndstooth.models.synthetic.fittings import Terms
from houndstooth.models.synthetic.geometry import (
    band,
    ellipse,
    mirrored,
    path,
    stroke,
)
from houndstooth.models.synthetic.parts import Part
from houndstooth.models.synthetic.patterns import Fabric


def tie(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a knotted tie hanging straight."""
    silk = replace(cloth, gloss=max(cloth.gloss, 0.15))
    wide = 0.3 if terms.get("fit") == "slim" else rng.uniform(0.38, 0.48)
    loop = mirrored(
        path(
            [(0, -2.2), (0.36, -2.3), (0.5, -2.1), (0.22, -1.62)],
            [(0.12, -1.7), (0.34, -2.06), (0.2, -2.14), (0, -2.08)],
        )
    )
    tail = mirrored(path([(0, -1.4), (0.11, -1.4)], [(wide * 0.72, 1.7), (0.0, 2.02)]))
    blade = mirrored(
        path(
            [(0, -1.42), (0.13, -1.42)],
            [(wide * 0.62, 0.2), (wide, 1.75)],
            [(wide, 1.75), (0, 2.3)],
        )
    )
    knot = mirrored(
        path(
            [(0, -1.86), (0.26, -1.88)], [(0.26, -1.84), (0.13, -1.36)], [(0.13, -1.36), (0, -1.33)]
        )
    )
    dent = [(stroke([(0, -1.4), (0.02, -0.9), (0.03, -0.2)], 0.1), -0.5)]
    return [
        Part(loop, silk.shade(-0.1), 0.7, 0.06),
        Part(tail, silk.shade(-0.3), 0.4, 0.06),
        Part(blade, silk, 0.9, 0.12, axis=0.75, folds=dent, lift=0.6),
        Part(knot, silk, 1.0, 0.1, axis=-0.75, lift=0.7),
    ]


def scarf(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a scarf looped once, both ends hanging with fringes."""
    parts: list[Part] = []
    for side, low in ((-1, rng.uniform(1.5, 1.9)), (1, rng.uniform(1.7, 2.2))):
        x = 0.34 * side
        shape = path(
            [(x - 0.34, -0.9), (x - 0.42, 0.4), (x - 0.4 + 0.06 * side, low)],
            [(x + 0.4 + 0.06 * side, low)],
            [(x + 0.42, 0.4), (x + 0.3, -0.9)],
        )
        fringe = [
            band(
                [
                    (x - 0.38 + t + 0.06 * side, low - 0.03),
                    (x - 0.38 + t + rng.uniform(-0.03, 0.03) + 0.06 * side, low + 0.28),
                ],
                0.045,
            )
            for t in np.linspace(0.02, 0.74, 11)
        ]
        parts += [Part(f, cloth.shade(-0.1), 0.5, 0.02) for f in fringe]
        folds = [
            (stroke([(x + d, -0.8), (x + d * 1.2, 0.4), (x + d * 0.9, low)], 0.13), -0.5)
            for d in (-0.22, 0.0, 0.2)
        ]
        parts.append(Part(shape, cloth, 1.0, 0.16, folds=folds, axis=0.03 * side, lift=0.8))
    ring = path(
        [(-0.62, -1.7), (0.0, -1.95), (0.62, -1.7)],
        [(0.82, -1.3), (0.6, -0.8), (0, -0.55), (-0.6, -0.8), (-0.82, -1.3), (-0.62, -1.7)],
    )
    hollow = ellipse(0, -1.62, 0.4, 0.2)
    folds = [
        (stroke([(-0.75, -1.35 + d), (0, -0.95 + d * 0.8), (0.75, -1.35 + d)], 0.13), -0.5)
        for d in (-0.1, 0.12, 0.32)
    ]
    parts.append(Part(ring, cloth, 1.1, 0.2, folds=folds, axis=1.4, lift=0.9))
    parts.append(Part(hollow, cloth.plain(shifted(cloth.colour, -0.5)), 0.6, 0.1))
    return parts
