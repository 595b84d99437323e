"""Sunglasses, belts and socks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.colours import luminance
from houndstooth.models.synthetic.fittings import GOLD, STEEL, Terms
from houndstooth.models.synthetic.geometry import (
    band,
    ellipse,
    flip,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric

LENSES: dict[str, list[tuple[float, float]]] = {
    "wayfarer": [
        (0.18, -0.3), (0.7, -0.42), (1.28, -0.34), (1.34, 0.1), (1.0, 0.44), (0.5, 0.4), (0.2, 0.1),
    ],
    "round": [
        (0.76, -0.5), (1.13, -0.35), (1.28, 0.0), (1.13, 0.35), (0.76, 0.5), (0.39, 0.35),
        (0.24, 0.0), (0.39, -0.35),
    ],
    "aviator": [
        (0.2, -0.34), (0.8, -0.36), (1.36, -0.22), (1.26, 0.3), (0.8, 0.62), (0.36, 0.4),
        (0.14, -0.02),
    ],
}  # fmt: skip


def sunglasses(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw two tinted lenses in a frame, the arms folded behind."""
    shape = terms.get("frame", "wayfarer")
    lens = spline(LENSES[shape], closed=True)
    wire = shape == "aviator" or terms.get("material") == "metal"
    grow = 1.07 if wire else 1.2
    middle = lens.mean(0)
    rim = middle + (lens - middle) * grow
    frame = replace(cloth, gloss=0.7 if wire else 0.45)
    tint = ((0.14, 0.13, 0.14), (0.25, 0.17, 0.1), (0.16, 0.22, 0.24), (0.28, 0.24, 0.34))[
        int(rng.integers(4))
    ]
    glass = Fabric(tint, tint, "silk", 0.5)
    parts: list[Part] = []
    for side in (-1, 1):
        arm = path(
            [(1.2, -0.3), (1.5, -0.26)],
            [(1.56, -0.1), (1.46, 0.75), (1.4, 0.8)],
            [(1.34, 0.7), (1.4, -0.1), (1.2, -0.16)],
        )
        parts.append(Part(arm if side > 0 else flip(arm), frame.shade(-0.1), 0.7, 0.04))
    bridge = band([(-0.3, -0.1), (0, -0.2), (0.3, -0.1)], 0.06 if wire else 0.13)
    parts.append(Part(bridge, frame, 0.9, 0.05))
    if shape == "aviator":
        parts.append(Part(band([(-0.6, -0.33), (0, -0.38), (0.6, -0.33)], 0.05), frame, 0.9, 0.04))
    shine = [
        (stroke([(x - 0.1, 0.3), (x + 0.1, 0.0), (x + 0.25, -0.3)], 0.16), 0.5)
        for x in (-0.85, 0.65)
    ]
    for side in (-1, 1):
        parts.append(Part(rim if side > 0 else flip(rim), frame, 1.0, 0.05, lift=0.3))
        parts.append(Part(lens if side > 0 else flip(lens), glass, 0.7, 0.2, folds=shine))
    return parts


def belt(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a rolled belt: a coil, and the buckle end drawn out below it."""
    leather = replace(cloth, gloss=max(cloth.gloss, 0.25))
    metal = GOLD if rng.random() < 0.3 else STEEL
    wide = rng.uniform(0.42, 0.56)
    tone = 0.3 if luminance(cloth.colour) < 0.5 else -0.4
    rx, ry = rng.uniform(1.2, 1.4), rng.uniform(0.42, 0.6)
    parts: list[Part] = []
    for turn in (1.0, 0.86):
        t = np.linspace(np.pi, 2 * np.pi, 30)
        rear = np.column_stack([rx * turn * np.cos(t), ry * turn * np.sin(t)])
        parts.append(
            Part(
                np.vstack([rear, rear[::-1] + np.array([0, wide])]), leather.shade(-0.3), 0.8, 0.12
            )
        )
    t = np.linspace(0, np.pi, 40)
    front = np.column_stack([rx * np.cos(t), ry * np.sin(t)])
    edges = [Seam(front + np.array([0, d]), 0.014, tone, 0.05) for d in (0.07, wide - 0.07)]
    parts.append(
        Part(
            np.vstack([front, front[::-1] + np.array([0, wide])]),
            leather,
            1.0,
            0.16,
            seams=edges,
            lift=0.5,
        )
    )
    at = np.array([0.15, ry])
    tail = path(
        [(0.1, ry - 0.02), (-0.5, ry + 0.02), (-1.2, ry - 0.1)],
        [(-1.45, ry + wide / 2 - 0.12), (-1.2, ry + wide - 0.12)],
        [(-0.5, ry + wide - 0.02), (0.1, ry + wide - 0.04)],
    )
    parts.append(Part(tail, leather, 1.0, 0.1, lift=0.8))
    for k in range(4):
        parts.append(
            Part(
                ellipse(-0.45 - 0.2 * k, ry + wide / 2 - 0.02 * k, 0.035, n=12),
                leather.shade(-0.7),
                0,
            )
        )
    x, y = at
    frame = rounded(x - 0.3, y - 0.1, x + 0.3, y + wide + 0.08, 0.08)
    hole = rounded(x - 0.2, y, x + 0.2, y + wide - 0.02, 0.04)
    parts.append(Part(frame, metal, 1.0, 0.06, holes=[hole], lift=0.9))
    parts.append(
        Part(
            rounded(x - 0.3, y + wide / 2 - 0.05, x + 0.26, y + wide / 2 + 0.02, 0.02),
            metal,
            0.8,
            0.03,
            lift=0.6,
        )
    )
    parts.append(
        Part(
            rounded(x - 0.62, y - 0.06, x - 0.45, y + wide + 0.02, 0.03),
            leather.shade(-0.06),
            0.9,
            0.05,
            lift=0.8,
        )
    )
    return parts


def socks(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a pair of socks, one behind the other."""
    top = {"ankle": -0.5, "knee": -2.3}.get(terms.get("length", "midi"), -1.3)
    outline = path(
        [
            (-0.42, top),
            (-0.4, -0.3),
            (-0.46, 0.2),
            (-0.36, 0.62),
            (0.0, 0.72),
            (0.8, 0.78),
            (1.25, 0.72),
            (1.4, 0.45),
            (1.2, 0.22),
            (0.7, 0.1),
            (0.4, -0.15),
            (0.38, -0.5),
            (0.42, top),
        ],
        [(0.42, top), (0, top + 0.04), (-0.42, top)],
    )
    parts: list[Part] = []
    tip = cloth.plain(cloth.accent)
    for shift in ((-0.38, -0.12), (0.22, 0.1)):
        move = np.asarray(shift)
        folds = [
            (
                stroke(
                    np.array([(0.42, -0.1), (0.1, 0.08), (-0.2, 0.06)]) + move + np.array([0, d]),
                    0.08,
                ),
                -0.4,
            )
            for d in (0.0, 0.16)
        ]
        folds.append(
            (stroke(np.array([(-0.05, top + 0.3), (-0.08, -0.4), (-0.1, 0.1)]) + move, 0.2), 0.25)
        )
        parts.append(Part(outline + move, cloth, 1.1, 0.2, folds=folds, lift=0.7))
        for shape in (
            path([(-0.6, 0.1), (-0.15, 0.3), (0.02, 0.9)], [(-0.7, 0.9)]),
            path([(1.0, 0.0), (0.92, 0.45), (1.02, 0.95)], [(1.6, 0.95), (1.6, 0.0)]),
        ):
            if cloth.swatch is None and luminance(cloth.colour) != 0:
                parts.append(Part(shape + move, tip, 0.4, 0.1, clip=True))
        ribs = [
            Seam(np.array([[x, top - 0.1], [x, top + 0.32]]) + move, 0.02, -0.3)
            for x in np.linspace(-0.4, 0.4, 15)
        ]
        parts.append(
            Part(
                rounded(-0.6, top - 0.1, 0.6, top + 0.3, 0) + move,
                cloth.plain(),
                0.3,
                0.1,
                seams=ribs,
                clip=True,
            )
        )
    return parts
