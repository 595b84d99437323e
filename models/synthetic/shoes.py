"""Sneakers and formal shoes from the side, toe to the right, about three units long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.colours import luminance
from houndstooth.models.synthetic.fittings import DARK, METAL, RUBBER, Terms
from houndstooth.models.synthetic.geometry import (
    along,
    band,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def laces(
    cloth: Fabric, top: tuple[float, float], low: tuple[float, float], count: int
) -> list[Part]:
    """Draw crossed laces between two points of the instep, with a bow's loops at the top."""
    cord = cloth.plain((0.95, 0.95, 0.93) if luminance(cloth.colour) < 0.75 else (0.35, 0.36, 0.4))
    out = []
    for t in np.linspace(0, 1, count):
        x, y = along([top, low], float(t))
        out.append(
            Part(
                band([(x - 0.14, y + 0.1), (x - 0.02, y - 0.01), (x + 0.13, y - 0.03)], 0.05),
                cord,
                0.8,
                0.03,
                lift=0.5,
            )
        )
    x, y = top
    for line in (
        [(x, y), (x + 0.16, y - 0.1), (x + 0.25, y + 0.02), (x + 0.05, y + 0.05)],
        [(x, y), (x - 0.05, y + 0.2), (x - 0.14, y + 0.26)],
    ):
        out.append(Part(band(line, 0.035), cord, 0.8, 0.02, lift=0.5))
    return out


def sole(cloth: Fabric, thick: float, toe: float, heel: float = -1.45, tip: float = 1.5) -> Part:
    """Draw a rubber sole that curls up a little at the toe."""
    outline = path(
        [(heel, -0.0), (heel - 0.03, thick * 0.6), (heel + 0.1, thick)],
        [(heel + 0.1, thick), (0, thick + 0.01), (tip - 0.45, thick)],
        [(tip - 0.45, thick), (tip - 0.05, thick * 0.75 - toe), (tip + 0.03, -0.05 - toe)],
        [(tip + 0.03, -0.05 - toe), (0.3, -0.04), (heel, -0.02)],
    )
    groove = [
        Seam(
            spline([(heel, thick * 0.55), (0, thick * 0.6), (tip, thick * 0.45 - toe)]),
            0.018,
            -0.35,
        )
    ]
    return Part(outline, cloth, 0.7, 0.1, seams=groove)


def sneaker(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw sports and casual shoes with laces, slip-ons with none."""
    sporty = category == "sports-shoes"
    high = not sporty and rng.random() < 0.3 and terms.get("closure") == "lace-up"
    thick = rng.uniform(0.26, 0.36) if sporty else rng.uniform(0.2, 0.28)
    ankle = -0.95 if high else -0.62
    upper = path(
        [(-1.42, 0.05), (-1.46, -0.3), (-1.36, ankle - 0.08)],
        [(-1.36, ankle - 0.08), (-1.0, ankle + (0.12 if high else 0.2)), (-0.55, ankle - 0.02)],
        [
            (-0.55, ankle - 0.02),
            (-0.1, -0.58),
            (0.55, -0.36),
            (1.15, -0.28),
            (1.46, -0.1),
            (1.48, 0.05),
        ],
    )
    collar = path(
        [(-1.34, ankle - 0.02), (-1.0, ankle + 0.1), (-0.58, ankle)],
        [(-0.6, ankle + 0.12), (-1.0, ankle + 0.26), (-1.33, ankle + 0.1)],
    )
    creases = [
        (stroke([(0.5, -0.3), (0.62, -0.15), (0.6, 0.02)], 0.07), -0.35),
        (stroke([(0.75, -0.28), (0.85, -0.14), (0.82, 0.0)], 0.06), -0.3),
    ]
    tongue = path(
        [(-0.72, ankle + 0.05), (-0.62, ankle - 0.24), (-0.36, ankle - 0.2)],
        [(0.1, -0.45), (-0.4, -0.4)],
    )
    parts = [
        Part(tongue, cloth.shade(0.06), 0.7, 0.08),
        Part(upper, cloth, 1.1, 0.22, folds=creases),
    ]
    parts.append(Part(collar, cloth.shade(-0.35), 0.5, 0.06, clip=True))
    accent = cloth.plain(cloth.accent, cloth.gloss)
    toe_cap = path([(0.98, 0.1), (0.92, -0.12), (1.06, -0.35)], [(1.6, -0.4), (1.6, 0.1)])
    heel_tab = path(
        [(-1.6, 0.1), (-1.6, ankle - 0.1), (-1.32, ankle - 0.12)], [(-1.14, -0.25), (-1.1, 0.1)]
    )
    if sporty:
        parts.append(Part(heel_tab, accent, 0.4, 0.08, clip=True, lift=0.3))
        parts.append(Part(toe_cap, cloth.shade(-0.12), 0.3, 0.08, clip=True, lift=0.3))
        for k in range(int(rng.integers(1, 4))):
            x = -0.75 + 0.24 * k
            stripe = band([(x, 0.1), (x + 0.16, -0.18), (x + 0.5, -0.5)], 0.1)
            parts.append(Part(stripe, accent, 0.3, 0.04, clip=True, lift=0.3))
    elif high or rng.random() < 0.5:
        cap = RUBBER if cloth.texture == "canvas" else cloth.shade(-0.08)
        parts.append(Part(toe_cap, cap, 0.6, 0.1, clip=True, lift=0.3))
        parts.append(Part(heel_tab, cloth.shade(-0.12), 0.4, 0.06, clip=True, lift=0.3))
    if terms.get("closure") == "velcro":
        for k in (0, 1):
            x = -0.5 + 0.42 * k
            strap = band([(x - 0.25, -0.12), (x, -0.38), (x + 0.22, -0.58 + 0.12 * k)], 0.2)
            parts.append(Part(strap, cloth.shade(0.08), 0.5, 0.05, clip=True, lift=0.7))
    elif terms.get("closure") == "lace-up":
        parts += laces(
            cloth, (-0.4, ankle + 0.02 if high else -0.58), (0.42, -0.36), 6 if high else 5
        )
    else:
        gore = path([(-0.5, -0.62), (-0.2, -0.56), (-0.42, -0.2), (-0.62, -0.3)])
        parts.append(Part(gore, cloth.shade(-0.3), 0.3, 0.05, clip=True))
    base = RUBBER if luminance(cloth.colour) > 0.25 or rng.random() < 0.6 else DARK
    parts.append(
        sole(base.plain(cloth.accent) if sporty and rng.random() < 0.3 else base, thick, 0.06)
    )
    if sporty:
        parts.append(
            Part(
                band([(-1.46, thick), (0, thick + 0.02), (1.3, thick - 0.03)], 0.07),
                DARK,
                0.4,
                0.03,
            )
        )
    return parts


def formal(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw oxfords, monk straps and loafers on a thin sole with a stacked heel."""
    tip = {"pointed": 1.62, "square": 1.5}.get(terms.get("toe", "round"), 1.5)
    blunt = {"pointed": 0.0, "square": 0.1}.get(terms.get("toe", "round"), 0.05)
    upper = path(
        [(-1.38, 0.1), (-1.42, -0.25), (-1.32, -0.62)],
        [(-1.32, -0.62), (-0.95, -0.48), (-0.5, -0.62)],
        [
            (-0.5, -0.62),
            (0.0, -0.44),
            (0.6, -0.2),
            (1.2, -0.14 - blunt),
            (tip, 0.0 - blunt * 0.5),
            (tip, 0.1),
        ],
    )
    glossy = replace(cloth, gloss=max(cloth.gloss, 0.4))
    folds = [(stroke([(0.45, -0.2), (0.55, -0.08), (0.52, 0.05)], 0.06), -0.35)]
    shine = [(stroke([(0.8, -0.1), (1.1, -0.07), (tip - 0.15, -0.02)], 0.1), 0.4)]
    stitches = [
        Seam(spline([(0.72, 0.12), (0.78, -0.08), (0.92, -0.22)]), 0.02, -0.5),
        Seam(spline([(-0.75, 0.12), (-0.5, -0.1), (-0.15, -0.2), (0.3, -0.3)]), 0.018, -0.45),
        Seam(spline([(-1.1, 0.1), (-1.05, -0.3), (-1.1, -0.55)]), 0.018, -0.4),
    ]
    parts = [Part(upper, glossy, 1.2, 0.2, folds=folds + shine, seams=stitches)]
    inside = path([(-1.3, -0.6), (-0.95, -0.46), (-0.53, -0.6)], [(-0.9, -0.4), (-1.28, -0.52)])
    parts.append(Part(inside, cloth.shade(-0.5), 0.2, 0.05))
    closure = terms.get("closure", "lace-up")
    if closure == "lace-up":
        parts += laces(cloth.plain((0.8, 0.8, 0.8)), (-0.4, -0.56), (0.18, -0.36), 4)
    elif closure == "buckle":
        strap = band([(-0.62, -0.1), (-0.3, -0.3), (0.0, -0.46)], 0.16)
        parts.append(Part(strap, glossy.shade(-0.05), 0.6, 0.05, clip=True, lift=0.8))
        parts.append(
            Part(
                rounded(-0.5, -0.3, -0.32, -0.14, 0.03),
                METAL,
                0.7,
                0.03,
                holes=[rounded(-0.46, -0.26, -0.36, -0.18, 0.01)],
                lift=0.6,
            )
        )
    else:
        saddle = band([(-0.2, 0.0), (0.05, -0.28), (0.2, -0.42)], 0.17)
        parts.append(Part(saddle, glossy.shade(-0.08), 0.5, 0.05, clip=True, lift=0.6))
    under = path(
        [(-1.4, 0.08), (0, 0.1), (tip + 0.02, 0.04)],
        [(tip, 0.16), (-0.6, 0.19)],
        [(-0.64, 0.36), (-1.38, 0.36)],
    )
    parts.append(Part(under, Fabric((0.2, 0.14, 0.1), (0, 0, 0), "leather", 0.2), 0.6, 0.05))
    return [part.moved((1.0, 1.28)) for part in parts]
