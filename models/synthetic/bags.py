"""Handbags, clutches and wallets, seen from the front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.fittings import GOLD, STEEL, Terms, sag, stitch, zip_line
from houndstooth.models.synthetic.geometry import (
    band,
    ellipse,
    mirrored,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric


def handbag(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a handbag: tote, satchel, hobo or messenger."""
    shape = terms.get("bag-shape", "tote")
    metal = GOLD if rng.random() < 0.6 else STEEL
    glossy = replace(cloth, gloss=max(cloth.gloss, 0.12))
    dark = glossy.shade(-0.15)
    wide, tall = rng.uniform(1.05, 1.25), rng.uniform(0.85, 1.1)
    reach = rng.uniform(0.75, 1.1)
    parts: list[Part] = []
    if shape == "hobo":
        strap = mirrored(
            path(
                [(0, -2.0), (0.45, -1.8), (0.85, -0.9), (1.0, -0.2)],
                [(0.82, -0.2), (0.7, -0.85), (0.38, -1.6), (0, -1.82)],
            )
        )
        body = mirrored(
            path(
                [(0, -0.2), (0.5, -0.25), (1.02, -0.5)],
                [(1.02, -0.5), (1.35, 0.3), (1.05, 0.95), (0, 1.1)],
            )
        )
        parts += [
            Part(strap, dark, 0.9, 0.08),
            Part(body, glossy, 1.2, 0.35, folds=sag(1.0, 0.0, 0.9)),
        ]
        parts += zip_line(-0.75, 0.75, -0.12, cloth, metal)
        return parts
    handle = band(
        [
            (-0.5, -tall + 0.1),
            (-0.45, -tall - reach * 0.7),
            (0, -tall - reach),
            (0.45, -tall - reach * 0.7),
            (0.5, -tall + 0.1),
        ],
        0.09,
    )
    back_handle = handle * (0.92, 1.0) + np.array([0, -0.08])
    taper = rng.uniform(0.78, 1.0)
    body = mirrored(
        path(
            [(0, -tall), (wide * taper, -tall)],
            [(wide * taper, -tall), (wide, tall - 0.12)],
            [(wide, tall - 0.12), (wide - 0.03, tall - 0.03), (wide - 0.1, tall)],
            [(wide - 0.1, tall), (0, tall + 0.03)],
        )
    )
    if shape != "messenger":
        parts += [Part(back_handle, dark.shade(-0.2), 0.7, 0.04)]
    else:
        parts += [
            Part(
                band(
                    [
                        (-wide * 0.95, -tall + 0.1),
                        (-0.6, -tall - 1.3),
                        (0, -tall - 1.6),
                        (0.6, -tall - 1.3),
                        (wide * 0.95, -tall + 0.1),
                    ],
                    0.14,
                ),
                dark,
                0.7,
                0.05,
            )
        ]
    parts.append(
        Part(
            body,
            glossy,
            1.1,
            0.3,
            seams=stitch(body, cloth),
            folds=sag(wide, -tall, tall) if shape == "tote" else [],
        )
    )
    if shape in ("satchel", "messenger"):
        flap = mirrored(
            path(
                [(0, -tall - 0.02), (wide * taper, -tall)],
                [(wide * (taper + 0.02), -0.15), (wide * 0.75, 0.15)],
                [(wide * 0.75, 0.15), (0, 0.22)],
            )
        )
        parts.append(Part(flap, glossy, 0.8, 0.15, seams=stitch(flap, cloth), lift=1.0))
        parts.append(Part(rounded(-0.12, 0.08, 0.12, 0.32, 0.04), metal, 0.8, 0.05, lift=0.7))
    else:
        parts.append(Part(rounded(-2, -tall - 0.1, 2, -tall + 0.14, 0), dark, 0.4, 0.06, clip=True))
        if rng.random() < 0.5:
            parts.append(
                Part(
                    rounded(-2, tall - 0.35, 2, tall + 0.1, 0), dark, 0.3, 0.06, clip=True, lift=0.4
                )
            )
    if shape != "messenger":
        parts.append(Part(handle, dark, 0.9, 0.05, lift=0.5))
        for x in (-0.5, 0.5):
            parts.append(
                Part(
                    rounded(x - 0.09, -tall + 0.02, x + 0.09, -tall + 0.22, 0.04),
                    metal,
                    0.8,
                    0.04,
                    lift=0.5,
                )
            )
    if rng.random() < 0.4:
        parts.append(
            Part(band([(0.52, -tall + 0.2), (0.58, 0.0)], 0.03), dark, 0.6, 0.02, lift=0.5)
        )
        parts.append(Part(ellipse(0.59, 0.1, 0.11), metal, 0.8, 0.05, lift=0.6))
    return parts


def clutch(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a small evening bag with an envelope flap or a framed clasp."""
    metal = GOLD if rng.random() < 0.7 else STEEL
    glossy = replace(cloth, gloss=max(cloth.gloss, 0.25))
    wide, tall = rng.uniform(1.25, 1.45), rng.uniform(0.68, 0.85)
    body = rounded(-wide, -tall, wide, tall, 0.14)
    parts = [Part(body, glossy, 1.1, 0.22)]
    if rng.random() < 0.55:
        point = rng.uniform(0.1, 0.4)
        flap = mirrored(
            path(
                [(0, -tall - 0.02), (wide - 0.1, -tall - 0.01), (wide + 0.01, -tall + 0.1)],
                [(wide + 0.01, -tall + 0.12), (0.12, point), (0, point + 0.03)],
            )
        )
        parts.append(Part(flap, glossy, 0.8, 0.1, lift=1.0, seams=stitch(flap, cloth)))
        parts.append(Part(ellipse(0, point - 0.06, 0.1), metal, 0.9, 0.05, lift=0.7))
    else:
        parts.append(
            Part(
                rounded(-wide - 0.02, -tall - 0.06, wide + 0.02, -tall + 0.1, 0.05),
                metal,
                0.9,
                0.05,
                lift=0.7,
            )
        )
        for x in (-0.07, 0.07):
            parts.append(Part(ellipse(x, -tall - 0.1, 0.09), metal, 0.9, 0.05, lift=0.4))
        folds = [
            (stroke([(x * 0.8, -tall), (x, 0), (x * 0.95, tall)], 0.12), -0.35)
            for x in np.linspace(-1.1, 1.1, 6)
        ]
        parts[0] = replace(parts[0], folds=folds)
    if rng.random() < 0.3:
        chain = spline(
            [
                (-wide + 0.05, -tall + 0.05),
                (-0.6, -tall - 0.9),
                (0.5, -tall - 0.9),
                (wide - 0.05, -tall + 0.05),
            ]
        )
        parts.insert(
            0, Part(band(chain, 0.06), metal, 0.7, 0.03, seams=[Seam(chain, 0.03, -0.6, 0.05)])
        )
    return parts


def wallet(category: str, terms: Terms, cloth: Fabric, rng: np.random.Generator) -> list[Part]:
    """Draw a folded wallet, upright or broad, with its stitched edge."""
    glossy = replace(cloth, gloss=max(cloth.gloss, 0.2))
    broad = terms.get("gender") in ("women", "girls") or rng.random() < 0.3
    wide, tall = (1.5, 0.8) if broad else (1.2, 0.95)
    back = rounded(-wide + 0.05, -tall - 0.06, wide + 0.05, tall - 0.04, 0.1)
    body = rounded(-wide, -tall, wide, tall, 0.1)
    parts = [
        Part(back, glossy.shade(-0.3), 0.5, 0.05),
        Part(body, glossy, 0.9, 0.14, seams=stitch(body, cloth, 0.09)),
    ]
    if broad:
        flap = mirrored(
            path(
                [(0, -tall), (wide, -tall)],
                [(wide, 0.05), (wide - 0.1, 0.12)],
                [(wide - 0.1, 0.12), (0, 0.14)],
            )
        )
        parts.append(Part(flap, glossy, 0.5, 0.08, seams=stitch(flap, cloth, 0.08), lift=0.9))
        parts.append(Part(ellipse(0, 0.0, 0.08), GOLD, 0.9, 0.04, lift=0.5))
    else:
        parts.append(
            Part(band([(-wide, -0.02), (wide, 0.0)], 0.02), glossy.shade(-0.4), 0.2, 0.02)
            if rng.random() < 0.3
            else Part(
                rounded(wide - 0.5, tall - 0.32, wide - 0.18, tall - 0.18, 0.02),
                glossy.shade(-0.15),
                0.5,
                0.03,
            )
        )
        parts.append(
            Part(
                band([(-wide + 0.06, -tall + 0.02), (-wide + 0.05, tall - 0.02)], 0.1),
                glossy.shade(0.05),
                0.8,
                0.06,
            )
        )
    return parts
