"""Backpacks, duffels, messenger and laptop bags."""

from __future__ import annotations

import numpy as np

from houndstooth.models.synthetic.fittings import STEEL, Terms, sag, stitch, zip_line
from houndstooth.models.synthetic.geometry import (
    band,
    flip,
    mirrored,
    path,
    rounded,
    spline,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def backpack(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a backpack: main bag, straps behind, front pocket and a grab loop."""
    accent = cloth.plain(cloth.accent)
    wide, tall = rng.uniform(0.9, 1.02), rng.uniform(1.25, 1.4)
    dome = rng.uniform(0.35, 0.6)
    parts: list[Part] = []
    for side in (-1, 1):
        strap = band([(0.45, -tall + 0.1), (1.12, -0.5), (1.2, 0.3), (0.9, 1.1)], 0.2)
        parts.append(Part(strap if side > 0 else flip(strap), cloth.shade(-0.25), 0.8, 0.06))
    loop = band(
        [(-0.2, -tall + 0.05), (-0.12, -tall - 0.25), (0.12, -tall - 0.25), (0.2, -tall + 0.05)],
        0.09,
    )
    parts.append(Part(loop, cloth.shade(-0.2), 0.8, 0.04))
    body = mirrored(
        path(
            [
                (0, -tall),
                (wide * 0.6, -tall + 0.06),
                (wide * 0.96, -tall + dome),
                (wide, 0.0),
                (wide * 1.03, tall - 0.25),
                (wide * 0.85, tall),
                (0, tall + 0.02),
            ]
        )
    )
    arc = spline(
        [
            (-wide * 0.92, 0.15),
            (-wide * 0.86, -tall * 0.55),
            (0, -tall * 0.87),
            (wide * 0.86, -tall * 0.55),
            (wide * 0.92, 0.15),
        ]
    )
    parts.append(
        Part(
            body,
            cloth,
            1.2,
            0.32,
            seams=[Seam(arc, 0.05, -0.55), Seam(arc, 0.02, 0.3, 0.03)],
            folds=sag(wide, -0.9, 0.2),
        )
    )
    pocket = mirrored(
        path(
            [
                (0, 0.05),
                (wide * 0.6, 0.06),
                (wide * 0.78, 0.22),
                (wide * 0.8, tall - 0.3),
                (wide * 0.66, tall - 0.12),
                (0, tall - 0.1),
            ]
        )
    )
    two_tone = terms.get("pattern") == "colour-block" or rng.random() < 0.3
    parts.append(Part(pocket, accent if two_tone else cloth, 0.9, 0.16, lift=0.9))
    parts += zip_line(-wide * 0.66, wide * 0.66, 0.24, cloth, STEEL)
    parts.append(Part(rounded(-0.2, -0.62, 0.2, -0.42, 0.03), accent, 0.5, 0.04, lift=0.5))
    if rng.random() < 0.5:
        for x in (-0.42, 0.42):
            parts.append(
                Part(
                    band([(x, -0.2), (x, tall - 0.05)], 0.08),
                    cloth.shade(-0.3),
                    0.6,
                    0.03,
                    lift=0.5,
                )
            )
    return parts


def long_bag(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw duffel, messenger and laptop bags: broad bodies with a carrying strap."""
    dark = cloth.shade(-0.25)
    wide, tall = (1.6, 0.75) if category == "duffel-bag" else (1.35, rng.uniform(0.85, 1.0))
    radius = 0.5 if category == "duffel-bag" else 0.12
    body = rounded(-wide, -tall, wide, tall, radius)
    hang = [
        (-wide * 0.9, -tall + 0.2),
        (-wide * 0.55, -tall - 1.0),
        (0, -tall - 1.25),
        (wide * 0.55, -tall - 1.0),
        (wide * 0.9, -tall + 0.2),
    ]
    parts = [Part(band(hang, 0.13), dark, 0.7, 0.05)]
    parts.append(Part(body, cloth, 1.1, 0.3, folds=sag(wide, -tall, tall)))
    if category == "duffel-bag":
        parts += zip_line(-wide * 0.7, wide * 0.7, -tall + 0.18, cloth, STEEL)
        for x in (-0.6, 0.6):
            parts.append(
                Part(
                    band([(x, -tall), (x * 1.02, tall)], 0.13), dark, 0.6, 0.04, clip=True, lift=0.5
                )
            )
        loop = band(
            [(-0.6, -tall + 0.3), (-0.5, -tall - 0.4), (0.5, -tall - 0.4), (0.6, -tall + 0.3)], 0.11
        )
        parts.append(Part(loop, dark, 0.8, 0.05, lift=0.6))
    elif category == "laptop-bag":
        parts.append(
            Part(
                rounded(-wide + 0.12, -0.05, wide - 0.12, tall - 0.12, 0.08),
                cloth,
                0.7,
                0.1,
                lift=0.8,
            )
        )
        parts += zip_line(-wide + 0.2, wide - 0.2, 0.08, cloth, STEEL)
        grip = band(
            [(-0.4, -tall + 0.02), (-0.34, -tall - 0.3), (0.34, -tall - 0.3), (0.4, -tall + 0.02)],
            0.12,
        )
        parts.append(Part(grip, dark, 0.9, 0.05, lift=0.4))
    else:
        flap = mirrored(
            path(
                [(0, -tall - 0.02), (wide, -tall)],
                [(wide + 0.03, tall * 0.3), (wide * 0.9, tall * 0.55)],
                [(wide * 0.9, tall * 0.55), (0, tall * 0.58)],
            )
        )
        parts.append(Part(flap, cloth, 0.8, 0.15, seams=stitch(flap, cloth), lift=1.0))
        for x in (-0.65, 0.65):
            parts.append(
                Part(band([(x, -tall * 0.1), (x, tall * 0.75)], 0.14), dark, 0.6, 0.04, lift=0.6)
            )
            parts.append(
                Part(
                    rounded(x - 0.12, tall * 0.35, x + 0.12, tall * 0.6, 0.03),
                    STEEL,
                    0.8,
                    0.04,
                    lift=0.6,
                )
            )
    return parts
