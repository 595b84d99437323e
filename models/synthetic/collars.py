"""Collars: bound edges, shirt and tailored collars, stands, rolls, hoods and frills."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from houndstooth.models.synthetic.colours import luminance
from houndstooth.models.synthetic.cut import NECKS, Cut, neckline, shoulder_y
from houndstooth.models.synthetic.geometry import (
    Points,
    band,
    flip,
    mirrored,
    path,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def collar_parts(
    category: str, cut: Cut, cloth: Fabric, terms: Mapping[str, str], worn: bool
) -> list[Part]:
    """Draw the collar, or the bound edge of a plain neck."""
    edge = neckline(cut)
    whole = np.vstack([flip(edge)[::-1], edge])
    if cut.collar == "off-shoulder":
        return flounce(whole, cloth)
    if cut.collar in ("round", "v-neck", "scoop", "boat", "square"):
        thick = 0.11 if category in ("sweater", "sweatshirt") else 0.06
        rib = cloth.plain(cloth.accent if terms.get("pattern") == "colour-block" else None)
        return [Part(band(whole, thick), rib, 0.5, 0.04, lift=0.25)]
    if cut.collar == "turtle":
        return turtle(cloth)
    if cut.collar == "hooded":
        return hood_front(cloth)
    make = {"mandarin": mandarin, "lapel": lapels}.get(cut.collar, shirt_collar)
    return [*collar_back(cut, cloth, worn), *make(cut, cloth)]


def collar_back(cut: Cut, cloth: Fabric, worn: bool) -> list[Part]:
    """Draw the collar's back, behind the neck; the wearer's neck hides it."""
    width, _ = NECKS[cut.collar]
    top = shoulder_y(width)
    outer = [(0, top - 0.13), (width * 0.6, top - 0.15), (width * 0.98, top - 0.14)]
    inner = [(width + 0.02, top + 0.04), (width * 0.5, top + 0.1), (0, top + 0.11)]
    return [] if worn else [Part(mirrored(path(outer, inner)), cloth.shade(-0.18), 0.6, 0.08)]


def flounce(edge: Points, cloth: Fabric) -> list[Part]:
    """Draw a gathered frill hanging from a bare-shouldered neck."""
    wave = 0.36 + 0.03 * np.cos(edge[:, 0] * 24)
    drop = np.column_stack([edge[:, 0] * 1.08, edge[:, 1] + wave])
    folds = [
        (stroke([(x, 1.9), (x * 1.05, 2.1), (x * 1.08, 2.4)], 0.06), -0.4)
        for x in np.linspace(-0.62, 0.62, 11)
    ]
    return [Part(np.vstack([edge, drop[::-1]]), cloth, 0.9, 0.1, folds=folds, lift=0.8)]


def mandarin(cut: Cut, cloth: Fabric) -> list[Part]:
    """Draw a low stand whose ends meet in front."""
    width, depth = NECKS["mandarin"]
    top = shoulder_y(width)
    lower = [
        (0.0, top + depth + 0.03),
        (width * 0.7, top + depth * 0.72),
        (width + 0.05, top + 0.02),
    ]
    upper = [
        (width + 0.01, top - 0.13),
        (width * 0.72, top + depth * 0.2),
        (0.025, top + depth - 0.13),
    ]
    shape = path(lower, upper)
    return [Part(side, cloth, 0.6, 0.06, lift=0.5) for side in (shape, flip(shape))]


def turtle(cloth: Fabric) -> list[Part]:
    """Draw a rolled neck."""
    side = [(0.26, 1.2), (0.29, 1.41), (0.15, 1.5), (0, 1.52)]
    tall = path([(0, 1.0), (0.24, 0.98)], side)
    crease = [(stroke([(-0.25, 1.2), (0, 1.27), (0.25, 1.2)], 0.06), -0.5)]
    return [Part(mirrored(tall), cloth.plain(), 0.9, 0.12, folds=crease, lift=0.5)]


def shirt_collar(cut: Cut, cloth: Fabric) -> list[Part]:
    """Draw two pointed leaves on a stand."""
    width, depth = NECKS[cut.collar]
    top = shoulder_y(width)
    leaf = path(
        [(0.02, top + depth * 0.72), (width * 0.5, top + 0.02), (width * 0.92, top - 0.16)],
        [(width + 0.1, top + 0.02), (width + 0.06, top + 0.16)],
        [(width * 0.72, top + depth + 0.22), (0.02, top + depth * 0.72)],
    )
    stitch = [Seam(leaf * 0.94 + np.array([0.015, 0.1]), 0.01, -0.2)]
    parts: list[Part] = []
    for side in (1, -1):
        shape = leaf if side > 0 else flip(leaf)
        parts.append(
            Part(
                shape, cloth, 0.6, 0.06, axis=0.4 * side, seams=stitch if side > 0 else [], lift=0.7
            )
        )
    return parts


def lapels(cut: Cut, cloth: Fabric) -> list[Part]:
    """Draw a tailored collar: notch, roll line and two lapels."""
    width, _ = NECKS["lapel"]
    top = shoulder_y(width)
    lapel = path(
        [(0.03, 2.78), (width * 0.5, 2.15), (width * 0.85, top + 0.2)],
        [(width + 0.28, top + 0.34), (width + 0.3, top + 0.46)],
        [(width + 0.08, 2.3), (0.06, 2.8)],
    )
    collar = path(
        [(width * 0.8, top + 0.26), (width * 0.85, top), (width * 0.7, top - 0.14)],
        [(width, top - 0.1), (width + 0.24, top + 0.1), (width + 0.3, top + 0.3)],
    )
    out: list[Part] = []
    for side in (1, -1):
        for shape, tone in ((lapel, 0.03), (collar, -0.02)):
            points = shape if side > 0 else flip(shape)
            out.append(Part(points, cloth, 0.5, 0.07, axis=0.3 * side, lift=0.8, tone=tone))
    return out


def hood_back(cloth: Fabric, worn: bool) -> list[Part]:
    """Draw the hood behind the neck, or in two bulges beside a wearer's."""
    if worn:
        knots = [(0.14, 1.5), (0.24, 1.28), (0.42, 1.2), (0.56, 1.36), (0.5, 1.6)]
        bulge = spline(knots, closed=True)
        return [Part(side, cloth.plain(), 1.0, 0.12) for side in (bulge, flip(bulge))]
    rim = [(0, 0.72), (0.3, 0.78), (0.5, 1.1), (0.52, 1.45), (0.3, 1.6), (0, 1.62)]
    hollow = [(0, 0.86), (0.22, 0.92), (0.34, 1.2), (0.3, 1.5), (0, 1.72)]
    inside = Part(mirrored(path(hollow)), cloth.shade(-0.35), 0.7, 0.2)
    return [Part(mirrored(path(rim)), cloth, 1.0, 0.2), inside]


def hood_front(cloth: Fabric) -> list[Part]:
    """Draw the overlapping front edges of a hood, and its strings."""
    out: list[Part] = []
    cord = cloth.plain((0.93, 0.93, 0.92) if luminance(cloth.colour) < 0.6 else (0.25, 0.25, 0.28))
    for side in (-1, 1):
        shape = path(
            [(0.06, 1.86), (0.2, 1.66), (0.32, 1.35)],
            [(0.48, 1.3), (0.5, 1.55), (0.3, 1.82), (0.0, 1.98)],
        )
        out.append(Part(shape if side > 0 else flip(shape), cloth.plain(), 0.8, 0.1, lift=0.6))
    for side in (-1, 1):
        string = band([(0.14 * side, 1.82), (0.16 * side, 2.1), (0.13 * side, 2.45)], 0.035)
        out.append(Part(string, cord, 0.7, 0.02, lift=0.4))
    return out
