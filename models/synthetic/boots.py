"""Boots from the side, toe to the right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.fittings import DARK, METAL, Terms
from houndstooth.models.synthetic.geometry import (
    band,
    ellipse,
    path,
    rounded,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric
from houndstooth.models.synthetic.shoes import laces


def boot(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw ankle and knee boots on a low, high or block heel."""
    rise = {"flat": 0.12, "low": 0.26}.get(terms.get("heel", "low"), 0.7)
    tall = (-2.5 if terms.get("length") == "knee" else -1.35) - max(0.0, rise - 0.3)
    ground = 0.36
    back = ground - rise - 0.08
    tip = 1.4
    lean = 0.12 if rise > 0.5 else 0.0
    upper = path(
        [(-1.1, back + 0.05), (-1.2, back - 0.4), (-1.06 + lean, back - 0.9), (-1.16 + lean, tall)],
        [(-1.16 + lean, tall), (-0.6, tall + 0.06), (-0.1 + lean, tall)],
        [
            (-0.1 + lean, tall),
            (-0.2 + lean, back - 0.95),
            (0.05, back - 0.5),
            (0.7, ground - 0.5),
            (1.2, ground - 0.42),
            (tip, ground - 0.1),
        ],
        [
            (tip, ground - 0.06),
            (0.5, ground - 0.06),
            (0.0, ground - 0.1 - rise * 0.15),
            (-1.1, back + 0.06),
        ],
    )
    folds = [
        (
            stroke([(-1.05, back - 0.75), (-0.6, back - 0.6 + d), (-0.1, back - 0.75 + d)], 0.09),
            -0.45,
        )
        for d in (-0.12, 0.1)
    ]
    folds.append(
        (stroke([(-0.45, tall + 0.2), (-0.5, tall + 0.8), (-0.5, back - 0.6)], 0.25), 0.25)
    )
    parts = [Part(upper, replace(cloth, gloss=max(cloth.gloss, 0.15)), 1.2, 0.24, folds=folds)]
    parts.append(Part(ellipse(-0.62 + lean, tall + 0.02, 0.52, 0.05), cloth.shade(-0.5), 0.3, 0.04))
    closure = terms.get("closure")
    if closure == "zip":
        parts.append(
            Part(
                band([(-0.75, tall + 0.1), (-0.75, back - 0.1)], 0.06),
                METAL,
                0.4,
                0.02,
                seams=[
                    Seam(np.array([[-0.75, tall + 0.1], [-0.75, back - 0.1]]), 0.05, -0.5, 0.035)
                ],
            )
        )
    elif closure == "lace-up":
        parts += laces(cloth, (-0.22 + lean, tall + 0.25), (0.3, ground - 0.66), 7)
    elif closure == "buckle":
        parts.append(
            Part(
                band([(-1.2, back - 0.45), (-0.5, back - 0.62), (0.1, back - 0.5)], 0.15),
                cloth.shade(-0.1),
                0.6,
                0.05,
                clip=True,
                lift=0.7,
            )
        )
        parts.append(
            Part(
                rounded(-0.6, back - 0.72, -0.4, back - 0.5, 0.03),
                METAL,
                0.7,
                0.03,
                holes=[rounded(-0.55, back - 0.67, -0.45, back - 0.55, 0.01)],
            )
        )
    else:
        parts.append(
            Part(
                path(
                    [(-0.75, tall), (-0.45, tall)],
                    [(-0.5, tall + 0.6), (-0.62, tall + 0.62), (-0.7, tall + 0.5)],
                ),
                cloth.shade(-0.3),
                0.3,
                0.05,
                clip=True,
            )
        )
    block = path(
        [(-1.14, back + 0.04), (-1.12, ground + 0.05)],
        [(-0.62, ground + 0.05), (-0.55, back + 0.1)],
    )
    tread = path(
        [
            (-1.1, back + 0.04),
            (0.0, ground - 0.1 - rise * 0.15),
            (0.5, ground - 0.08),
            (tip + 0.02, ground - 0.1),
        ],
        [(tip, ground + 0.02), (0.4, ground + 0.05), (-0.55, back + 0.16)],
    )
    parts += [Part(block, DARK, 0.6, 0.06), Part(tread, DARK, 0.5, 0.05)]
    return parts
