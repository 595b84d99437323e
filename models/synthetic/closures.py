"""What closes a garment and what sits on its front: buttons, zips, plackets, pockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.colours import luminance, shifted
from houndstooth.models.synthetic.cut import NECKS, Cut, shoulder_y
from houndstooth.models.synthetic.figure import Body
from houndstooth.models.synthetic.geometry import (
    ellipse,
    flip,
    mirrored,
    path,
    rounded,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def buttons(
    x: float, top: float, bottom: float, count: int, cloth: Fabric, size: float = 0.035
) -> list[Part]:
    """Draw a row of buttons."""
    dark = luminance(cloth.colour) < 0.45
    stuff = replace(cloth.plain(shifted(cloth.colour, 0.5 if dark else -0.4)), gloss=0.5)
    return [
        Part(ellipse(x, float(y), size, n=12), stuff, 0.8, 0.03, lift=0.4)
        for y in np.linspace(top, bottom, count)
    ]


def zip_parts(x: float, top: float, bottom: float, cloth: Fabric) -> list[Part]:
    """Draw a zip fastener with its teeth and puller."""
    metal = Fabric((0.62, 0.63, 0.66), (0.6, 0.6, 0.6), "metal", 0.5)
    line = np.array([[x, top], [x, bottom]])
    teeth = [Seam(line, 0.05, -0.5, 0.035)]
    return [
        Part(
            rounded(x - 0.06, top, x + 0.06, bottom, 0.01), cloth.shade(-0.25), 0.3, 0.05, clip=True
        ),
        Part(
            rounded(x - 0.022, top, x + 0.022, bottom, 0.01),
            metal,
            0.2,
            0.02,
            seams=teeth,
            clip=True,
        ),
        Part(rounded(x - 0.03, top + 0.05, x + 0.03, top + 0.22, 0.02), metal, 0.6, 0.03, lift=0.5),
    ]


def front(
    category: str,
    cut: Cut,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
) -> list[Part]:
    """Draw the placket, zip, buttons and pockets of a front."""
    closure = terms.get("closure")
    top = shoulder_y(0.27) + NECKS[cut.collar][1]
    parts: list[Part] = []
    if closure == "zip":
        parts += zip_parts(0.0, top - 0.04, cut.hem + 0.05, cloth)
    elif closure in ("button", "snap") and cut.collar == "lapel":
        parts += buttons(
            0.05, 2.85, min(cut.hem - 0.7, 3.6), 2 if cut.hem < 4.6 else 3, cloth, 0.05
        )
    elif closure in ("button", "snap") and category not in ("sweater",):
        short = cut.collar == "polo" or category in ("kurta", "tunic", "top", "t-shirt")
        end = top + 0.62 if short else cut.hem + 0.06
        edges = [
            Seam(np.array([[s * 0.075, top - 0.2], [s * 0.075, end]]), 0.013, -0.45)
            for s in (-1, 1)
        ]
        parts.append(
            Part(
                rounded(-0.075, top - 0.1, 0.075, end, 0.01),
                cloth,
                0.25,
                0.05,
                seams=edges,
                clip=True,
            )
        )
        parts += buttons(0.0, top + 0.1, end - (0.1 if short else 0.25), 3 if short else 7, cloth)
    elif closure == "button":
        parts.append(
            Part(rounded(-0.06, top, 0.06, cut.hem, 0), cloth.shade(-0.12), 0.3, 0.05, clip=True)
        )
        parts += buttons(0.0, top + 0.15, cut.hem - 0.15, 6, cloth, 0.045)
    if category == "shirt" and rng.random() < 0.6:
        x = 0.42
        shape = path(
            [(x - 0.16, 2.2), (x + 0.16, 2.2)], [(x + 0.16, 2.5), (x, 2.58), (x - 0.16, 2.5)]
        )
        parts.append(
            Part(
                shape,
                cloth,
                0.15,
                0.05,
                seams=[Seam(np.vstack([shape, shape[:1]]), 0.012)],
                clip=True,
            )
        )
    if category in ("jacket", "coat", "blazer") and cut.hem > 3.5:
        y = min(cut.hem - 0.75, 3.75)
        for side in (-1, 1):
            flap = path([(0.3, y), (0.62, y - 0.03)], [(0.62, y + 0.12), (0.3, y + 0.15)])
            parts.append(
                Part(flap if side > 0 else flip(flap), cloth, 0.4, 0.05, lift=0.8, clip=True)
            )
    if category == "sweatshirt" and cut.collar == "hooded":
        y = cut.hem - 0.9
        pouch = mirrored(
            path([(0, y), (0.34, y)], [(0.58, y + 0.5), (0.58, y + 0.68), (0, y + 0.68)])
        )
        parts.append(
            Part(
                pouch,
                cloth.plain(),
                0.3,
                0.06,
                seams=[Seam(np.vstack([pouch, pouch[:1]]), 0.014)],
                lift=0.3,
                clip=True,
            )
        )
    return parts
