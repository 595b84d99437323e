"""The measures of upper garments and the outlines that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from houndstooth.models.synthetic.figure import ARMPIT, CHEST, HIP, LENGTHS, WAIST, Body
from houndstooth.models.synthetic.geometry import (
    Points,
    flip,
    limb,
    path,
    spline,
    stroke,
)

SLEEVES = {"sleeveless": 0.0, "short": 0.36, "three-quarter": 0.74, "long": 1.0}
EASE = {"slim": 0.02, "regular": 0.07, "loose": 0.17}
NECKS = {  # half width at the shoulder line, depth of the front edge below it
    "round": (0.3, 0.34), "v-neck": (0.29, 0.75), "scoop": (0.42, 0.68), "boat": (0.58, 0.16),
    "polo": (0.27, 0.3), "shirt": (0.27, 0.28), "mandarin": (0.26, 0.24), "turtle": (0.24, 0.05),
    "hooded": (0.32, 0.36), "lapel": (0.28, 1.35), "square": (0.46, 0.6),
    "off-shoulder": (0.68, 0.5),
}  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """The measures of one upper garment, in units."""

    collar: str
    sleeve: float
    ease: float
    hem: float
    flare: float
    waisted: bool
    open_: bool
    bare: float


def cut_of(category: str, terms: Mapping[str, str], rng: np.random.Generator) -> Cut:
    """Choose the measures of a category and its terms."""
    outer = category in ("jacket", "blazer", "coat", "sweatshirt", "sweater")
    ease = EASE[terms.get("fit", "regular")] + (0.07 if outer else 0.0)
    hem = LENGTHS[terms.get("length", "hip")] + rng.uniform(-0.12, 0.12)
    flare = {"a-line": 0.5, "empire": 0.45, "flared": 0.6, "boxy": 0.06, "fitted": 0.0}.get(
        terms.get("silhouette", ""), 0.05
    ) * max(0.3, (hem - WAIST) / 3)
    return Cut(
        collar=terms.get("collar", "round"),
        sleeve=SLEEVES[terms.get("sleeve", "short")],
        ease=ease,
        hem=hem,
        flare=flare + (0.1 if category in ("kurta", "tunic") else 0.0),
        waisted=terms.get("gender") in ("women", "girls") and terms.get("silhouette") != "boxy",
        open_=terms.get("closure") == "open",
        bare=0.0
        if terms.get("sleeve") != "sleeveless"
        else 0.3
        if category == "waistcoat"
        else 0.2,
    )


def neckline(cut: Cut) -> Points:
    """Compute the right half of the neck edge, from the middle of the front to the shoulder."""
    width, depth = NECKS[cut.collar]
    top = shoulder_y(width)
    low = top + depth
    if cut.collar in ("v-neck", "lapel"):
        return spline([(0.0, low), (width * 0.45, top + depth * 0.5), (width, top)])
    if cut.collar == "square":
        return path([(0.0, low), (width * 0.86, low)], [(width * 0.86, low), (width, top)])
    if cut.collar == "off-shoulder":
        return spline([(0.0, low), (width * 0.6, low - 0.03), (width, low - 0.12)])
    return spline(
        [
            (0.0, low),
            (width * 0.55, low - depth * 0.14),
            (width * 0.93, top + depth * 0.4),
            (width, top),
        ]
    )


def shoulder_y(x: float) -> float:
    """Compute the height of the shoulder slope at a distance from the middle."""
    return float(np.interp(x, (0.2, 1.0), (1.36, 1.62)))


def bodice(cut: Cut, body: Body) -> Points:
    """Compute the right half outline of the trunk: neck, shoulder, armhole, side and hem."""
    neck = neckline(cut)
    tip = body.shoulder + cut.ease * 0.5 - cut.bare
    chest, waist = body.chest + cut.ease, body.waist + cut.ease * 1.3
    if not cut.waisted:
        waist = max(waist, chest - 0.03)
    under = ARMPIT + cut.ease * 0.6
    if cut.collar == "off-shoulder":
        start = neck[-1]
        armhole = [tuple(start), (chest + 0.04, under)]
        shoulder = neck[-2:]
    else:
        armhole = [
            (tip, shoulder_y(tip)),
            (tip - 0.07, 1.85),
            (tip - 0.01, 2.08),
            (chest, under),
        ]
        shoulder = np.array([neck[-1], (tip, shoulder_y(tip))])
    hip = max(body.half(min(cut.hem, HIP)) + cut.ease, waist if cut.hem < 3.6 else 0)
    if cut.hem > HIP - 0.4:
        hip = max(hip, body.hip + 0.09)  # falls outside the trousers
    side = [(chest, under), (chest - 0.01, CHEST + 0.2)]
    if cut.hem > WAIST + 0.5:
        side.append((waist, WAIST))
    if cut.hem > HIP + 0.3:
        side.append((body.hip + cut.ease + cut.flare * 0.3, HIP))
    side.append((hip + cut.flare, cut.hem))
    hem = [(hip + cut.flare, cut.hem), (hip * 0.5, cut.hem + 0.06), (0.0, cut.hem + 0.07)]
    return path(neck, shoulder, armhole, side, hem)


def sleeve(cut: Cut, body: Body, side: int) -> tuple[Points, Points]:
    """Compute the outline of a sleeve and the middle line it follows."""
    arm = body.arm(1 if side > 0 else -1)
    arm = arm if side > 0 else flip(arm)
    arm_line = spline(arm)
    line = arm_line[: max(3, round(len(arm_line) * cut.sleeve))]
    root = 0.25 + cut.ease * 0.55
    cuff = float(np.interp(cut.sleeve, (0.3, 1.0), (0.24, 0.13))) + cut.ease * 0.5
    outline = limb(line, [root, root * 0.97, (root + cuff) / 2, cuff])
    half = len(outline) // 2
    outer, inner = outline[half:][::-1], outline[:half][::-1]
    skip = max(2, round(0.22 * len(arm_line)))
    tip = body.shoulder + cut.ease * 0.5
    top = [(tip - 0.25, shoulder_y(tip - 0.25) + 0.02), (tip, shoulder_y(tip) + 0.01)]
    under = [(body.chest + cut.ease - 0.12, ARMPIT + cut.ease * 0.6 + 0.06)]
    shape = np.vstack(
        [spline([*top, *outer[skip::3].tolist(), outer[-1]]), inner[: half - skip], under]
    )
    return (shape, line) if side > 0 else (flip(shape), flip(line))


def folds_of(cut: Cut, body: Body, rng: np.random.Generator) -> list[tuple[Points, float]]:
    """Compute soft creases: from the armpits, across the waist and down to the hem."""
    out: list[tuple[Points, float]] = []
    chest = body.chest + cut.ease
    for side in (-1, 1):
        for _ in range(int(rng.integers(2, 4))):
            y = ARMPIT + rng.uniform(-0.05, 0.35)
            reach, drop = rng.uniform(0.25, 0.6), rng.uniform(0.2, 0.7)
            line = [
                (chest * 0.96, y),
                (chest - reach * 0.5, y + drop * 0.35),
                (chest - reach, y + drop),
            ]
            points = stroke(line, rng.uniform(0.05, 0.1))
            out.append((points if side > 0 else flip(points), -rng.uniform(0.25, 0.5)))
    depth = cut.hem - WAIST
    for _ in range(int(rng.integers(3, 6))):
        x = rng.uniform(-0.85, 0.85) * body.half(min(cut.hem, HIP))
        top = cut.hem - rng.uniform(0.5, 1.0) * max(0.7, depth)
        line = [
            (x * 0.8, top),
            (x * 0.92 + rng.uniform(-0.05, 0.05), (top + cut.hem) / 2),
            (x, cut.hem),
        ]
        out.append((stroke(line, rng.uniform(0.06, 0.12)), -rng.uniform(0.12, 0.3)))
    return out
