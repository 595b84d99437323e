"""Caps and hats."""

from __future__ import annotations

import numpy as np

from houndstooth.models.synthetic.fittings import Terms
from houndstooth.models.synthetic.geometry import (
    ellipse,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def cap(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a baseball cap in three-quarter view."""
    crown = path(
        [
            (-1.15, 0.45),
            (-1.2, -0.1),
            (-0.85, -0.75),
            (-0.1, -1.0),
            (0.6, -0.75),
            (0.95, -0.15),
            (1.0, 0.4),
        ],
        [(1.0, 0.4), (0.2, 0.62), (-0.6, 0.62), (-1.15, 0.45)],
    )
    seams = [
        Seam(spline([(-0.1, -1.0), (0.15, -0.4), (0.25, 0.6)]), 0.018, -0.45),
        Seam(spline([(-0.1, -1.0), (-0.6, -0.5), (-0.72, 0.58)]), 0.018, -0.45),
        Seam(spline([(-0.1, -1.0), (0.6, -0.6), (0.9, 0.4)]), 0.018, -0.4),
        Seam(spline([(-1.15, 0.36), (-0.4, 0.54), (0.4, 0.5), (1.0, 0.3)]), 0.014, -0.35, 0.05),
    ]
    brim = path(
        [(-0.75, 0.55), (0.2, 0.48), (1.0, 0.3)],
        [
            (1.0, 0.3),
            (1.55, 0.5),
            (1.6, 0.78),
            (1.1, 0.92),
            (0.2, 0.95),
            (-0.5, 0.8),
            (-0.75, 0.55),
        ],
    )
    brim_cloth = (
        cloth.plain(cloth.accent)
        if rng.random() < 0.4 or terms.get("pattern") == "colour-block"
        else cloth.plain()
    )
    rows = [
        Seam(
            spline([(-0.5, 0.72 + d), (0.3, 0.84 + d), (1.1, 0.8 + d), (1.5, 0.62 + d)]),
            0.012,
            -0.3,
        )
        for d in (-0.13, -0.06, 0.02)
    ]
    parts = [
        Part(crown, cloth, 1.2, 0.32, seams=seams),
        Part(ellipse(-0.1, -0.99, 0.1, 0.06), cloth.shade(-0.15), 0.8, 0.04),
    ]
    parts.append(Part(brim, brim_cloth, 1.1, 0.14, seams=rows, lift=1.0))
    for x, y in ((-0.38, -0.45), (0.5, -0.4)):
        parts.append(Part(ellipse(x, y, 0.04, n=10), cloth.shade(-0.5), 0.2, 0.02))
    if rng.random() < 0.6:
        patch = cloth.plain(cloth.accent)
        parts.append(Part(ellipse(0.28, -0.08, 0.26, 0.22), patch, 0.4, 0.05, lift=0.4))
        parts.append(Part(rounded(0.13, -0.12, 0.43, -0.04, 0.02), cloth.plain(), 0))
    return parts


def hat(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a brimmed hat with a ribbon."""
    wide = rng.uniform(1.35, 1.75)
    brim = spline(
        [
            (-wide, 0.35),
            (-0.8, 0.12),
            (0, 0.08),
            (0.8, 0.12),
            (wide, 0.35),
            (0.8, 0.72),
            (0, 0.82),
            (-0.8, 0.72),
        ],
        closed=True,
    )
    tall = rng.uniform(-0.95, -0.7)
    crown = path(
        [(-0.78, 0.38), (-0.76, -0.2), (-0.62, tall + 0.1), (-0.3, tall)],
        [(-0.3, tall), (0, tall + 0.12), (0.3, tall)],
        [(0.3, tall), (0.62, tall + 0.1), (0.76, -0.2), (0.78, 0.38)],
        [(0.78, 0.38), (0, 0.52), (-0.78, 0.38)],
    )
    ribbon = path([(-0.9, 0.08), (0, 0.22), (0.9, 0.08)], [(0.9, 0.36), (0, 0.52), (-0.9, 0.36)])
    dent = [(stroke([(0, tall + 0.1), (0.02, tall + 0.35), (0, tall + 0.6)], 0.2), -0.4)]
    return [
        Part(brim, cloth, 1.0, 0.14),
        Part(crown, cloth, 1.2, 0.26, folds=dent, lift=0.8),
        Part(
            ribbon,
            cloth.plain(cloth.accent),
            0.6,
            0.1,
            clip=False,
            lift=0.3,
            holes=[
                path([(-2, 0), (-0.775, 0)], [(-0.79, 0.5), (-2, 0.5)]),
                path([(2, 0), (0.775, 0)], [(0.79, 0.5), (2, 0.5)]),
            ],
        ),
    ]
