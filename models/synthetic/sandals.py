"""Sandals from the side, and a pair of flip-flops from above."""

from __future__ import annotations

import numpy as np

from houndstooth.models.synthetic.colours import shifted
from houndstooth.models.synthetic.fittings import DARK, METAL, Terms
from houndstooth.models.synthetic.geometry import band, ellipse, limb, rounded, spline
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric
from houndstooth.models.synthetic.shoes import sole


def sandal(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a footbed with broad or thin straps."""
    sporty = terms.get("closure") == "velcro"
    thick = 0.3 if sporty else rng.uniform(0.14, 0.24)
    bed = DARK if sporty else Fabric((0.52, 0.36, 0.24), (0, 0, 0), "leather", 0.1)
    parts = [sole(bed, thick + 0.05, 0.03), sole(bed.shade(0.15), 0.1, 0.03)]
    wide = 0.24 if sporty else rng.uniform(0.12, 0.26)
    loops = (
        [(0.35, 0.02), (0.55, -0.36), (0.95, -0.32), (1.15, 0.02)],
        [(-0.45, 0.02), (-0.2, -0.5), (0.15, -0.46), (0.35, 0.02)],
        [(-1.3, 0.02), (-1.38, -0.4), (-1.05, -0.5), (-0.45, -0.42), (-0.15, -0.44)],
    )
    shown = loops[: 3 if sporty or terms.get("closure") == "buckle" else 2]
    for line in shown:
        far = limb(np.asarray(line) + np.array([-0.1, -0.07]), [wide * 0.5, wide * 0.6, wide * 0.5])
        parts.insert(0, Part(far, cloth.shade(-0.3), 0.6, 0.06))
    for line in shown:
        inset = spline(line)
        edge = [Seam(np.add(inset, (0, s * wide * 0.5)), 0.012, -0.3) for s in (-1, 1)]
        shape = limb(line, [wide * 0.9, wide * 0.7, wide * 0.62, wide * 0.7, wide * 0.9])
        parts.append(Part(shape, cloth, 0.8, 0.07, lift=0.5, seams=edge))
    if terms.get("closure") == "buckle":
        parts.append(
            Part(
                rounded(-0.1, -0.55, 0.08, -0.4, 0.03),
                METAL,
                0.7,
                0.03,
                holes=[rounded(-0.06, -0.52, 0.04, -0.43, 0.01)],
            )
        )
    if sporty:
        for x in (-0.02, 0.75):
            parts.append(
                Part(
                    rounded(x - 0.16, -0.5, x + 0.16, -0.3, 0.04),
                    cloth.plain(cloth.accent),
                    0.5,
                    0.04,
                    lift=0.5,
                )
            )
    return parts


def flip_flop(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a pair of thong sandals from above."""
    parts: list[Part] = []
    for side in (-1, 1):
        centre = np.array([side * 0.62, 0.0])
        edge = spline(
            [
                (0, -1.35),
                (0.36, -1.15),
                (0.48, -0.65),
                (0.34, 0.15),
                (0.38, 0.8),
                (0.2, 1.25),
                (-0.12, 1.3),
                (-0.36, 0.9),
                (-0.34, 0.1),
                (-0.4, -0.6),
                (-0.28, -1.15),
            ],
            closed=True,
        )
        edge = edge * (1 if side > 0 else -1, 1)
        grain = [
            Seam(band([(-0.2, y), (0.2, y + 0.03)], 0.02)[:2], 0.05, -0.12)
            for y in np.linspace(-1, 1, 9)
        ]
        parts.append(
            Part(
                edge + centre + np.array([0.02, 0.06]),
                DARK.plain(shifted(cloth.accent, -0.3)),
                0.4,
                0.06,
            )
        )
        parts.append(
            Part(
                edge + centre,
                cloth,
                0.8,
                0.1,
                seams=[Seam(s.line + centre, s.width, s.tone) for s in grain],
            )
        )
        for way in (-1, 1):
            line = [(0.0, -0.85), (0.2 * way, -0.5), (0.36 * way, 0.2)]
            strap = band(np.asarray(line) + centre, 0.13)
            parts.append(Part(strap, cloth.plain(cloth.accent, 0.2), 1.1, 0.06, lift=0.9))
        parts.append(
            Part(
                ellipse(float(centre[0]), -0.86, 0.09),
                cloth.plain(cloth.accent, 0.2),
                0.9,
                0.05,
                lift=0.6,
            )
        )
    return parts
