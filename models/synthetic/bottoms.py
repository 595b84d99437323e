"""Trousers, jeans, shorts and leggings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.colours import luminance
from houndstooth.models.synthetic.figure import CROTCH, HIP, KNEE, LENGTHS, Body
from houndstooth.models.synthetic.geometry import (
    Points,
    band,
    ellipse,
    flip,
    mirrored,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric

TOP = 3.3
KNEE_WIDTH = {  # half widths at thigh, knee and hem
    "skinny": (0.34, 0.22, 0.155), "straight": (0.37, 0.29, 0.26), "bootcut": (0.36, 0.26, 0.33),
    "flared": (0.36, 0.27, 0.43), "wide-leg": (0.42, 0.44, 0.5), "fitted": (0.33, 0.21, 0.15),
}  # fmt: skip
EASE = {"slim": -0.015, "regular": 0.02, "loose": 0.07}


def leg(
    body: Body, side: int, widths: tuple[float, float, float], ease: float, hem: float
) -> Points:
    """Draw one trouser leg with its half of the hip, waist to hem."""
    hip, knee, ankle = (body.leg(1 if side > 0 else -1) * (side, 1)).tolist()
    t = (hem - knee[1]) / (ankle[1] - knee[1]) if hem > knee[1] else 0.0
    end_x = (
        knee[0] + t * (ankle[0] - knee[0])
        if t
        else float(np.interp(hem, (hip[1], knee[1]), (hip[0], knee[0])))
    )
    _, at_knee, at_hem = widths
    if hem < knee[1] + 0.3:
        at_hem = float(np.interp(hem, (CROTCH, KNEE), (widths[0], at_knee))) + 0.02
    waist, outer = body.half(TOP) + 0.03 + ease / 2, body.hip + 0.03 + ease
    side_run = [(waist, TOP), (outer, HIP), (outer + 0.01, CROTCH + 0.1)]
    inner_run = [(0.03, CROTCH + 0.12), (0.0, CROTCH - 0.05)]
    if hem > knee[1] + 0.3:
        side_run.append((knee[0] + at_knee + ease, knee[1]))
        inner_run.insert(0, (max(knee[0] - at_knee - ease, 0.02), knee[1]))
    right, left = end_x + at_hem + ease, max(end_x - at_hem - ease, 0.03)
    side_run.append((right, hem))
    inner_run.insert(0, (left, hem))
    shape = path(
        [(-0.02, TOP + 0.05), (waist, TOP)],
        side_run,
        [(right, hem), (end_x, hem + 0.05), (left, hem)],
        inner_run,
    )
    return shape if side > 0 else flip(shape)


def trousers(
    category: str,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
    worn: bool = False,
) -> list[Part]:
    """Draw trousers, jeans, shorts and other garments with two legs."""
    hem = {"shorts": LENGTHS[terms.get("length", "knee")] - 0.15, "capris": 6.4}.get(category, 7.35)
    silhouette = terms.get("silhouette", "skinny" if category == "leggings" else "straight")
    ease = EASE[terms.get("fit", "regular")] + (
        0.06 if category in ("shorts", "track-pants") else 0
    )
    hem += rng.uniform(-0.08, 0.08)
    parts: list[Part] = []
    if not worn:
        waist = body.half(TOP)
        parts.append(
            Part(
                mirrored(
                    path(
                        [(0, TOP - 0.06), (waist * 0.6, TOP - 0.05), (waist, TOP)],
                        [(waist, TOP + 0.15), (0, TOP + 0.2)],
                    )
                ),
                cloth.shade(-0.35),
                0.4,
                0.1,
            )
        )
    for side in (-1, 1):
        shape = leg(body, side, KNEE_WIDTH[silhouette], ease, hem)
        folds = leg_folds(body, side, hem, rng, category)
        seams = leg_seams(category, body, side, hem, cloth)
        parts.append(Part(shape, cloth, 1.1, 0.2, folds=folds, seams=seams, lift=0.3))
        if category == "track-pants":
            parts += side_stripe(shape, cloth, side)
    parts += fly(category, body, cloth, hem)
    return parts


def leg_folds(
    body: Body, side: int, hem: float, rng: np.random.Generator, category: str
) -> list[tuple[Points, float]]:
    """Draw whiskers at the crotch, creases at knee and hem; denim is pale on the thigh."""
    hip, knee, ankle = body.leg(side).tolist()
    out: list[tuple[Points, float]] = []
    for _ in range(3):
        y = CROTCH + rng.uniform(-0.2, 0.15)
        line = [
            (0.05 * side, y),
            (0.3 * side, y + rng.uniform(-0.12, 0.05)),
            (0.55 * side, y - rng.uniform(0.1, 0.3)),
        ]
        out.append((stroke(line, rng.uniform(0.04, 0.08)), -rng.uniform(0.2, 0.4)))
    spots = [knee] if hem > KNEE else []
    spots += [ankle, ankle] if hem > 7 else []
    for x, y in spots:
        for _ in range(2):
            at, tilt = y + rng.uniform(-0.4, 0.05), rng.uniform(-0.1, 0.1)
            line = [(x - 0.22, at - tilt), (x, at + 0.03), (x + 0.22, at + tilt)]
            out.append((stroke(line, rng.uniform(0.05, 0.09)), -rng.uniform(0.25, 0.45)))
    if category == "jeans":
        line = [(hip[0], HIP + 0.35), ((hip[0] + knee[0]) / 2, 5.0), (knee[0], KNEE + 0.2)]
        out.append((stroke(line, 0.4), 0.75))
    return out


def leg_seams(category: str, body: Body, side: int, hem: float, cloth: Fabric) -> list[Seam]:
    """Draw pressed creases, pocket edges and hems."""
    hip, knee, ankle = body.leg(side).tolist()
    seams = [Seam(np.array([[-2.0, hem - 0.08], [2.0, hem - 0.08]]), 0.013, -0.35)]
    if category == "trousers":
        seams.append(
            Seam(spline([(hip[0], HIP - 0.2), (knee[0], knee[1]), (ankle[0], hem)]), 0.02, 0.18)
        )
    if category in ("jeans", "trousers", "shorts"):
        tone, dash = (
            (0.35, 0.03) if category == "jeans" and luminance(cloth.colour) < 0.5 else (-0.5, 0.0)
        )
        wide = body.half(TOP)
        pocket = spline(
            [
                (side * wide * 0.45, TOP + 0.14),
                (side * wide * 0.62, TOP + 0.42),
                (side * (wide + 0.12), TOP + 0.5),
            ]
        )
        seams += [Seam(pocket, 0.02, -0.5), Seam(pocket + np.array([0, 0.04]), 0.014, tone, dash)]
    return seams


def side_stripe(shape: Points, cloth: Fabric, side: int) -> list[Part]:
    """Draw two pale stripes down the outer seam."""
    outer = shape[shape[:, 0] * side > 0]
    outer = outer[2 : len(outer) // 2 + 2]
    stripe = cloth.plain(cloth.accent)
    return [
        Part(band(outer - (side * inset, 0), 0.045), stripe, 0.3, 0.04, clip=True)
        for inset in (0.07, 0.15)
    ]


def fly(category: str, body: Body, cloth: Fabric, hem: float) -> list[Part]:
    """Draw waistband, fly, button and loops, or elastic and strings of soft trousers."""
    waist = body.half(TOP) + 0.02
    soft = category in ("track-pants", "leggings")
    depth = 0.2 if soft else 0.15
    ring = mirrored(
        path(
            [(0, TOP + 0.05), (waist * 0.6, TOP + 0.03), (waist + 0.02, TOP)],
            [
                (waist + 0.05, TOP + depth),
                (waist * 0.6, TOP + depth + 0.03),
                (0, TOP + depth + 0.05),
            ],
        )
    )
    lines = [
        Seam(np.array([[x, TOP], [x, TOP + 0.3]]), 0.014, -0.3)
        for x in np.linspace(-waist, waist, 34)
    ]
    parts = [
        Part(
            ring, cloth.plain() if soft else cloth, 0.5, 0.06, seams=lines if soft else [], lift=0.5
        )
    ]
    if category == "leggings":
        return parts
    if soft:
        for side in (-1, 1):
            string = band(
                [(0.05 * side, TOP + 0.15), (0.1 * side, TOP + 0.4), (0.07 * side, TOP + 0.75)],
                0.035,
            )
            parts.append(Part(string, cloth.plain(cloth.accent), 0.6, 0.02, lift=0.5))
        return parts
    stitch = spline([(0.13, TOP + 0.2), (0.13, CROTCH - 0.3), (0.0, CROTCH - 0.1)])
    tone = 0.4 if category == "jeans" else -0.4
    flap = path(
        [(-0.01, TOP + 0.17), (0.16, TOP + 0.17)], [(0.16, CROTCH - 0.3), (0.0, CROTCH - 0.06)]
    )
    parts.append(Part(flap, cloth, 0.12, 0.05, seams=[Seam(stitch, 0.016, tone, 0.03)], clip=True))
    for x in (-0.62, -0.3, 0.3, 0.62):
        at = x * waist / 0.62
        parts.append(
            Part(
                rounded(at - 0.03, TOP - 0.01, at + 0.03, TOP + 0.2, 0.01),
                cloth.shade(-0.06),
                0.3,
                0.03,
                lift=0.5,
            )
        )
    knob = (
        Fabric((0.7, 0.55, 0.35), (0, 0, 0), "metal", 0.6)
        if category == "jeans"
        else replace(cloth.shade(-0.35), gloss=0.4)
    )
    parts.append(Part(ellipse(0.02, TOP + 0.13, 0.045, n=12), knob, 0.8, 0.03, lift=0.5))
    return parts
