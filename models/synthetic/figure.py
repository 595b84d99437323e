"""The body that garments are cut for, and the faceless figure that wears them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from houndstooth.models.synthetic.colours import Rgb, shifted
from houndstooth.models.synthetic.geometry import (
    Points,
    ellipse,
    flip,
    limb,
    mirrored,
    path,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part
from houndstooth.models.synthetic.patterns import Fabric

NECK, SHOULDER, ARMPIT, CHEST, WAIST, HIP, CROTCH, KNEE, ANKLE = (
    1.32, 1.62, 2.2, 2.3, 3.15, 4.0, 4.32, 5.9, 7.45,
)  # fmt: skip
LENGTHS = {
    "cropped": 3.05, "waist": 3.6, "hip": 4.15, "mini": 4.95, "knee": 5.8, "midi": 6.5,
    "maxi": 7.5, "ankle": 7.35, "tucked": 3.45,
}  # fmt: skip

SKINS: tuple[Rgb, ...] = (
    (0.93, 0.79, 0.69), (0.86, 0.67, 0.54), (0.72, 0.52, 0.39), (0.52, 0.36, 0.26),
    (0.36, 0.25, 0.19), (0.88, 0.87, 0.85), (0.8, 0.78, 0.75),
)  # fmt: skip


@dataclass(frozen=True)
class Body:
    """Half widths in units, and the pose: each arm's and leg's (turn outwards, bend) in radians."""

    shoulder: float
    chest: float
    waist: float
    hip: float
    arms: tuple[tuple[float, float], tuple[float, float]] = ((0.25, 0.0), (0.25, 0.0))
    legs: tuple[tuple[float, float], tuple[float, float]] = ((0.05, 0.0), (0.05, 0.0))
    sway: float = 0.0

    def half(self, y: float) -> float:
        """Compute the half width of the trunk at height y."""
        heights = (SHOULDER, CHEST, WAIST, HIP, CROTCH, 8.0)
        widths = (self.shoulder, self.chest, self.waist, self.hip, self.hip, self.hip)
        return float(np.interp(y, heights, widths))

    def arm(self, side: int) -> Points:
        """Compute shoulder, elbow and wrist (3, 2) of the right (+1) or left (-1) arm."""
        turn, bend = self.arms[0 if side > 0 else 1]
        root = np.array([self.shoulder - 0.15, SHOULDER + 0.08])
        elbow = root + 1.3 * np.array([np.sin(turn), np.cos(turn)])
        wrist = elbow + 1.2 * np.array([np.sin(turn + bend), np.cos(turn + bend)])
        points = np.vstack([root, elbow, wrist])
        return points if side > 0 else flip(points)

    def leg(self, side: int) -> Points:
        """Compute hip joint, knee and ankle (3, 2)."""
        turn, bend = self.legs[0 if side > 0 else 1]
        root = np.array([self.hip * 0.5, HIP + 0.15])
        knee = root + (KNEE - root[1]) * np.array([np.tan(turn), 1.0])
        ankle = knee + (ANKLE - KNEE) * np.array([np.tan(turn + bend), 1.0])
        points = np.vstack([root, knee, ankle])
        return points if side > 0 else flip(points)


BUILDS = {
    "women": (0.78, 0.62, 0.47, 0.66),
    "men": (0.95, 0.76, 0.65, 0.67),
    "unisex": (0.88, 0.7, 0.57, 0.67),
    "girls": (0.76, 0.64, 0.56, 0.62),
    "boys": (0.82, 0.68, 0.62, 0.63),
}


def flat_body(gender: str, rng: np.random.Generator) -> Body:
    """Make the body of a garment laid flat: symmetrical, arms a little away."""
    turn = rng.uniform(0.16, 0.34)
    bend = rng.uniform(-0.12, 0.05)
    spread = rng.uniform(0.03, 0.1)
    return Body(*BUILDS[gender], arms=((turn, bend),) * 2, legs=((spread, -0.02),) * 2)


def posed_body(gender: str, rng: np.random.Generator) -> Body:
    """Draw a standing pose: contrapposto, arms hanging or a hand on the hip."""
    arms = [(rng.uniform(0.1, 0.26), rng.uniform(-0.2, 0.05)) for _ in range(2)]
    if rng.random() < 0.25:
        arms[int(rng.integers(2))] = (rng.uniform(0.6, 0.75), rng.uniform(-1.75, -1.5))
    legs = [(rng.uniform(0.0, 0.12), rng.uniform(-0.07, 0.03)) for _ in range(2)]
    return Body(
        *BUILDS[gender],
        arms=(arms[0], arms[1]),
        legs=(legs[0], legs[1]),
        sway=rng.uniform(-0.09, 0.09),
    )


def foot(body: Body, side: int, tiptoe: float = 0.0) -> Points:
    """Compute the outline of a foot seen from the front, a little turned out."""
    ankle = body.leg(side)[2]
    x, y = abs(float(ankle[0])), float(ankle[1]) - 0.05
    points = spline(
        [
            (x - 0.12, y), (x - 0.14, y + 0.25), (x - 0.12, y + 0.52 + tiptoe),
            (x + 0.04, y + 0.62 + tiptoe), (x + 0.2, y + 0.55 + tiptoe), (x + 0.2, y + 0.3),
            (x + 0.12, y),
        ]
    )  # fmt: skip
    return points if side > 0 else flip(points)


def hand(body: Body, side: int) -> Points:
    """Compute a mitten of a hand at the wrist."""
    _, elbow, wrist = body.arm(side)
    way = (wrist - elbow) / np.hypot(*(wrist - elbow))
    return limb([wrist - 0.05 * way, wrist + 0.25 * way, wrist + 0.5 * way], [0.12, 0.17, 0.05])


def figure(body: Body, skin: Rgb) -> list[Part]:
    """Draw the figure's own parts, feet first, head last; the head is a plain oval."""
    cloth = Fabric(skin, skin, "silk", 0.06)
    parts: list[Part] = []
    for side in (1, -1):
        leg = body.leg(side)
        parts.append(Part(foot(body, side), cloth, softness=0.1))
        parts.append(Part(limb(leg, [0.36, 0.31, 0.2, 0.2, 0.12]), cloth, softness=0.16))
        parts.append(Part(hand(body, side), cloth, softness=0.08))
        parts.append(Part(limb(body.arm(side), [0.2, 0.18, 0.15, 0.14, 0.1]), cloth, softness=0.1))
    parts.append(Part(trunk(body), cloth, softness=0.3))
    neck = path([(0, 0.8), (0.2, 0.8), (0.2, 1.2), (0.34, 1.46), (0, 1.56)])
    parts.append(Part(mirrored(neck), cloth, softness=0.12, relief=0.7, tone=-0.1))
    head = ellipse(0, 0.52, 0.385, 0.52)
    shine = stroke([(-0.16, 0.3), (-0.2, 0.5), (-0.14, 0.75)], 0.1)
    parts.append(Part(head, cloth, softness=0.25, lift=0.5, folds=[(shine, 0.12)]))
    return parts


def trunk(body: Body) -> Points:
    """Compute the outline of the torso from neck to crotch."""
    return mirrored(
        path(
            [(0, 1.3), (0.2, 1.34), (0.4, 1.48), (body.shoulder - 0.08, SHOULDER - 0.06)],
            [
                (body.shoulder - 0.02, SHOULDER + 0.06), (body.chest + 0.03, ARMPIT),
                (body.chest, CHEST + 0.1), (body.waist, WAIST), (body.hip, HIP),
                (0.3, CROTCH + 0.2),
            ],
            [(0.3, CROTCH + 0.2), (0, CROTCH + 0.05)],
        )
    )  # fmt: skip


def hair_colour(rng: np.random.Generator) -> Fabric:
    """Choose one of a few natural hair tones."""
    tones = ((0.13, 0.1, 0.09), (0.26, 0.17, 0.11), (0.45, 0.31, 0.18), (0.62, 0.47, 0.28))
    tone = tones[int(rng.integers(len(tones)))]
    return Fabric(tone, shifted(tone, 0.2), "silk", 0.12)


def hair_behind(cloth: Fabric, low: float) -> list[Part]:
    """Draw long hair behind the head down to `low`; painted before the body."""
    side = [(0, -0.06), (0.36, 0.05), (0.5, 0.5), (0.5, low - 0.2), (0.36, low), (0, low + 0.05)]
    strands = [(stroke([(x, 0.3), (x * 1.2, low - 0.1)], 0.08), -0.4) for x in (-0.35, 0.33, 0.42)]
    return [Part(mirrored(path(side)), cloth, 1.0, 0.16, folds=strands, tone=-0.1)]


def hair(cloth: Fabric, long: bool) -> list[Part]:
    """Draw the hair over the brow: a short cap, or a parting with locks at the temples."""
    low = 0.62 if long else 0.46
    cap = [(0, -0.06), (0.28, 0.0), (0.42, 0.25), (0.42, low)]
    brow = [(0.36, low - 0.02), (0.3, 0.3), (0.0, 0.12 if long else 0.2)]
    return [Part(mirrored(path(cap, brow)), cloth, softness=0.14, lift=0.3)]
