"""Watches, seen from the front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.colours import luminance
from houndstooth.models.synthetic.fittings import GOLD, STEEL, Terms
from houndstooth.models.synthetic.geometry import (
    Points,
    ellipse,
    mirrored,
    path,
    rounded,
    turned,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def dial(size: float, square: bool) -> Points:
    """Compute the outline of a watch case."""
    return rounded(-size, -size, size, size, size * 0.25) if square else ellipse(0, 0, size, n=48)


def watch(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a round or square dial on a strap or a link bracelet."""
    metal = GOLD if rng.random() < 0.3 else STEEL
    linked = terms.get("material") == "metal"
    strap_cloth = replace(cloth, gloss=0.7 if linked else 0.2)
    wide = rng.uniform(0.3, 0.42)
    size = rng.uniform(0.66, 0.82)
    strap = mirrored(
        path(
            [(0, -2.1), (wide * 0.8, -2.1)],
            [(wide * 0.82, -2.05), (wide, -0.6), (wide, 0.6), (wide * 0.82, 2.05)],
            [(wide * 0.8, 2.1), (0, 2.14)],
        )
    )
    if linked:
        seams = [Seam(np.array([[-1, y], [1, y]]), 0.03, -0.6) for y in np.arange(-2.1, 2.1, 0.14)]
        seams += [
            Seam(np.array([[x, -2.2], [x, 2.2]]), 0.02, -0.4) for x in (-wide * 0.35, wide * 0.35)
        ]
    else:
        seams = [
            Seam(
                np.array([[x, -2], [x, 2]]),
                0.014,
                0.3 if luminance(cloth.colour) < 0.5 else -0.4,
                0.06,
            )
            for x in (-wide * 0.72, wide * 0.72)
        ]
    parts = [Part(strap, strap_cloth, 1.1, 0.14, seams=seams)]
    case = replace(metal, colour=cloth.colour) if linked else metal
    square = rng.random() < 0.25
    parts.append(Part(rounded(size - 0.04, -0.08, size + 0.12, 0.08, 0.03), case, 0.8, 0.03))
    parts.append(Part(dial(size, square), case, 1.2, 0.1, lift=0.9))
    face = Fabric(
        (0.95, 0.95, 0.94) if rng.random() < 0.55 else (0.13, 0.14, 0.18), (0, 0, 0), "silk", 0.0
    )
    parts.append(Part(dial(size * 0.82, square), face, 0.5, 0.06, tone=0.0))
    ink = face.plain((0.15, 0.15, 0.18) if luminance(face.colour) > 0.5 else (0.92, 0.92, 0.9))
    for hour in range(12):
        tick = rounded(-0.02, -size * 0.74, 0.02, -size * (0.6 if hour % 3 == 0 else 0.67), 0.005)
        parts.append(Part(turned(tick, hour * np.pi / 6), ink, 0))
    if rng.random() < 0.4:
        for x, y in ((-0.28, 0.0), (0.28, 0.0), (0, 0.3)):
            parts.append(
                Part(
                    ellipse(x * size / 0.7, y * size / 0.7, 0.14),
                    face.shade(-0.12),
                    0.3,
                    0.03,
                    seams=[Seam(ellipse(x * size / 0.7, y * size / 0.7, 0.13), 0.012, -0.4)],
                )
            )
    for length, width, angle in ((0.4, 0.05, -1.0), (0.6, 0.035, 0.95), (0.62, 0.012, 2.6)):
        hand = rounded(-width / 2, -length * size / 0.8, width / 2, 0.06, 0.01)
        parts.append(Part(turned(hand, angle), ink, 0, lift=0.3))
    parts.append(Part(ellipse(0, 0, 0.045), metal, 0.5, 0.02))
    return parts
