"""Metal, rubber and the small hardware that bags, shoes and accessories share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from houndstooth.models.synthetic.colours import luminance
from houndstooth.models.synthetic.geometry import (
    Points,
    band,
    rounded,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric

GOLD = Fabric((0.83, 0.68, 0.38), (0.5, 0.4, 0.2), "metal", 0.7)
STEEL = Fabric((0.72, 0.73, 0.76), (0.5, 0.5, 0.5), "metal", 0.7)
METAL = Fabric((0.75, 0.72, 0.66), (0.5, 0.5, 0.5), "metal", 0.7)
RUBBER = Fabric((0.94, 0.94, 0.92), (0.2, 0.2, 0.2), "cotton", 0.1)
DARK = Fabric((0.16, 0.15, 0.15), (0.2, 0.2, 0.2), "cotton", 0.15)
Terms = Mapping[str, str]


def stitch(points: Points, cloth: Fabric, inset: float = 0.06) -> list[Seam]:
    """Draw saddle stitching a little inside an outline."""
    middle = (points.min(0) + points.max(0)) / 2
    reach = (points.max(0) - points.min(0)) / 2
    inner = middle + (points - middle) * (1 - inset / np.maximum(reach, 0.1))
    tone = 0.25 if luminance(cloth.colour) < 0.5 else -0.35
    return [Seam(np.vstack([inner, inner[:1]]), 0.012, tone, 0.045)]


def sag(width: float, top: float, low: float) -> list[tuple[Points, float]]:
    """Draw soft dents of a slack bag."""
    return [
        (
            stroke(
                [(x * width, top), (x * width * 0.9, (top + low) / 2), (x * width * 0.7, low)], 0.12
            ),
            -0.3,
        )
        for x in (-0.55, 0.1, 0.6)
    ]


def zip_line(left: float, right: float, y: float, cloth: Fabric, metal: Fabric) -> list[Part]:
    """Draw a horizontal zip with a puller."""
    line = np.array([[left, y], [right, y]])
    return [
        Part(band(line, 0.08), cloth.shade(-0.35), 0.3, 0.03),
        Part(band(line, 0.03), metal, 0.2, 0.02, seams=[Seam(line, 0.04, -0.5, 0.025)]),
        Part(
            rounded(right - 0.14, y - 0.03, right - 0.04, y + 0.16, 0.03),
            metal,
            0.7,
            0.03,
            lift=0.6,
        ),
    ]
