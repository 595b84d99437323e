"""Heels and flats from the side, toe to the right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.fittings import DARK, METAL, Terms
from houndstooth.models.synthetic.geometry import (
    band,
    ellipse,
    limb,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric
from houndstooth.models.synthetic.sandals import sandal

HEIGHTS = {"flat": 0.12, "low": 0.42, "high": 0.95, "wedge": 0.7, "platform": 0.85}


def heeled(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw pumps and heeled sandals; the arch rises to the heel's height."""
    kind = terms.get("heel", "high")
    rise = HEIGHTS[kind] + rng.uniform(-0.06, 0.06)
    plate = 0.26 if kind == "platform" else 0.06
    toe = terms.get("toe", "round")
    tip = 1.45 if toe == "pointed" else 1.25
    ground = 0.3
    back = ground - rise
    arch = [
        (-1.2, back),
        (-0.7, back + 0.03),
        (0.1, ground - plate - 0.1 - rise * 0.12),
        (0.6, ground - plate),
        (tip, ground - plate - 0.03),
    ]
    line = spline(arch)
    under = spline(
        [
            (tip, ground),
            (0.5, ground),
            (0.0, ground - 0.02 - rise * 0.1),
            (-0.7, back + 0.16),
            (-1.2, back + 0.1),
        ]
    )
    parts: list[Part] = []
    base = cloth.shade(-0.25) if kind != "wedge" else Fabric((0.72, 0.58, 0.4), (0, 0, 0), "jute")
    if kind == "wedge":
        wedge = path(
            [(-1.22, back), *arch[1:]],
            [(tip, ground), (-1.1, ground), (-1.22, back)],
        )
        parts.append(Part(wedge, base, 0.7, 0.1))
    else:
        wide = 0.0 if kind in ("high", "platform") and rng.random() < 0.6 else 0.13
        spike = path(
            [(-1.22, back), (-1.2, back + rise * 0.5), (-1.12 - wide * 0.2, ground)],
            [(-1.12 - wide * 0.2, ground), (-1.0 + wide, ground)],
            [(-1.0 + wide, ground), (-1.0 + wide, back + rise * 0.45), (-0.6, back + 0.06)],
        )
        parts.append(Part(spike, replace(base, gloss=0.3), 0.8, 0.07))
    glossy = replace(cloth, gloss=max(cloth.gloss, 0.3))
    if toe == "open":
        parts.append(Part(np.vstack([line, under]), base, 0.5, 0.06))
        parts += straps(terms, glossy, back, ground - plate, tip)
        return parts
    front = path(
        [(-1.24, back + 0.02), (-1.26, back - 0.3), (-1.16, back - 0.52)],
        [
            (-1.16, back - 0.52),
            (-0.8, back - 0.1),
            (-0.1, back * 0.55 + 0.02),
            (0.5, ground - plate - 0.24),
        ],
        [(0.5, ground - plate - 0.24), (1.0, ground - plate - 0.2), (tip, ground - plate - 0.02)],
        line[::-1],
    )
    shine = [
        (
            stroke(
                [
                    (0.5, ground - plate - 0.12),
                    (0.9, ground - plate - 0.12),
                    (tip - 0.1, ground - plate - 0.06),
                ],
                0.08,
            ),
            0.4,
        )
    ]
    low = ground - plate - 0.24
    inner = path(
        [(-1.15, back - 0.5), (-0.75, back - 0.06), (-0.1, back * 0.55 + 0.06), (0.5, low)],
        [(0.5, low), (0.0, back * 0.55 - 0.13), (-0.68, back - 0.27), (-1.15, back - 0.5)],
    )
    parts.append(Part(inner, Fabric((0.85, 0.74, 0.62), (0, 0, 0), "leather"), 0.4, 0.06))
    parts.append(Part(front, glossy, 1.2, 0.16, folds=shine))
    parts.append(Part(np.vstack([line - np.array([0.0, 0.03]), under]), base, 0.4, 0.04))
    if terms.get("closure") == "buckle":
        strap = band([(-1.18, back - 0.42), (-0.8, back - 0.58), (-0.45, back - 0.5)], 0.07)
        parts.append(Part(strap, glossy, 0.7, 0.03, lift=0.4))
    return parts


def straps(terms: Terms, cloth: Fabric, back: float, ground: float, tip: float) -> list[Part]:
    """Draw the bands of an open shoe: over the toes, over the instep, around the ankle."""
    parts = []
    for x, high in ((0.75, 0.26), (0.42, 0.34)):
        arc = [(x - 0.2, ground + 0.03), (x - 0.08, ground - high), (x + 0.2, ground - high)]
        strap = limb([*arc, (x + 0.34, ground + 0.02)], [0.1, 0.075, 0.075, 0.1])
        parts.append(Part(strap, cloth, 1.0, 0.06, lift=0.4))
    heel_cup = path(
        [(-1.2, back + 0.08), (-1.25, back - 0.25), (-1.15, back - 0.45)],
        [(-1.05, back - 0.42), (-1.02, back - 0.15), (-0.85, back + 0.08)],
    )
    parts.append(Part(heel_cup, cloth, 0.9, 0.08, lift=0.3))
    ankle = band([(-1.12, back - 0.38), (-0.8, back - 0.56), (-0.5, back - 0.52)], 0.1)
    parts.append(Part(ankle, cloth, 0.8, 0.04, lift=0.4))
    if terms.get("closure") == "buckle":
        parts.append(
            Part(rounded(-0.88, back - 0.62, -0.76, back - 0.47, 0.02), METAL, 0.6, 0.02, lift=0.4)
        )
    instep = band(
        [(-0.5, back - 0.52), (-0.1, (back + ground) / 2 - 0.2), (0.3, ground - 0.02)], 0.09
    )
    parts.append(Part(instep, cloth, 0.8, 0.04, lift=0.3))
    return parts


def flat(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw ballerinas and other flats."""
    tip = 1.55 if terms.get("toe") == "pointed" else 1.42
    if terms.get("toe") == "open":
        return sandal("flats", terms, cloth, rng)
    upper = path(
        [(-1.36, 0.14), (-1.4, -0.15), (-1.28, -0.42)],
        [(-1.28, -0.42), (-0.7, -0.08), (0.1, -0.02), (0.62, -0.22)],
        [(0.62, -0.22), (1.05, -0.16), (tip, 0.06), (tip, 0.14)],
    )
    inner = path(
        [(-1.25, -0.4), (-0.5, -0.26), (0.6, -0.2)], [(0.1, 0.0), (-0.7, -0.06), (-1.25, -0.4)]
    )
    parts = [Part(inner, Fabric((0.86, 0.76, 0.64), (0, 0, 0), "leather"), 0.4, 0.06)]
    trim = [Seam(spline([(-1.28, -0.38), (-0.7, -0.04), (0.1, 0.02), (0.6, -0.17)]), 0.02, -0.45)]
    parts.append(Part(upper, cloth, 1.1, 0.14, seams=trim))
    if terms.get("closure") == "buckle":
        strap = band([(-0.75, -0.05), (-0.4, -0.4), (-0.05, -0.45)], 0.08)
        parts.append(Part(strap, cloth, 0.7, 0.03, lift=0.4))
    elif rng.random() < 0.6:
        for way in (-1, 1):
            loop = ellipse(0.68 + 0.12 * way, -0.23, 0.12, 0.07)
            parts.append(Part(loop, cloth.plain(cloth.accent), 0.9, 0.05, lift=0.5))
        parts.append(
            Part(ellipse(0.68, -0.22, 0.05), cloth.plain(cloth.accent), 0.9, 0.03, lift=0.5)
        )
    parts.append(
        Part(
            path(
                [(-1.38, 0.12), (0, 0.14), (tip + 0.02, 0.1)],
                [(tip, 0.2), (-0.9, 0.22), (-0.95, 0.27), (-1.36, 0.27)],
            ),
            DARK.plain((0.3, 0.22, 0.17)),
            0.4,
            0.04,
        )
    )
    return parts
