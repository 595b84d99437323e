"""Dresses and jumpsuits: a bodice from `tops` over a skirt or trousers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from houndstooth.models.synthetic.bottoms import KNEE_WIDTH, leg, leg_folds
from houndstooth.models.synthetic.figure import LENGTHS, WAIST, Body
from houndstooth.models.synthetic.geometry import band, path
from houndstooth.models.synthetic.parts import Part
from houndstooth.models.synthetic.patterns import Fabric
from houndstooth.models.synthetic.skirts import skirt_folds, skirt_outline
from houndstooth.models.synthetic.tops import upper

Terms = Mapping[str, str]


def dress(
    category: str,
    terms: Terms,
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
    worn: bool = False,
) -> list[Part]:
    """Draw a dress; the silhouette sets the waist and how the skirt falls."""
    shape = terms.get("silhouette", "a-line")
    hem = LENGTHS[terms.get("length", "knee")] + rng.uniform(-0.1, 0.1)
    seam = 2.72 if shape == "empire" else 3.0
    top_terms = {**terms, "length": "cropped" if shape == "empire" else "waist", "fit": "slim"}
    if shape == "shift":
        return upper("dress", {**terms, "fit": "regular"}, body, cloth, rng, worn)
    bodice = upper("dress", {**top_terms, "silhouette": "fitted"}, body, cloth, rng, worn)
    outline = skirt_outline(terms, body, seam, hem, rng)
    folds = skirt_folds(terms, body, seam, hem, rng)
    lower = Part(outline, cloth, 1.0, 0.3, folds=folds)
    waist = body.half(seam) + 0.05
    run = [(-waist, seam + 0.06), (0, seam + 0.12), (waist, seam + 0.06)]
    belted = rng.random() < 0.5
    tie = cloth.plain(cloth.accent) if belted and rng.random() < 0.5 else cloth
    sash = Part(band(run, 0.16 if belted else 0.06), tie, 0.6, 0.05, lift=0.5)
    parts = [*bodice, lower, sash]
    if shape == "wrap":
        for drop in (0.8, 1.05):
            ribbon = band(
                [(waist * 0.6, seam + 0.1), (waist * 0.75, seam + 0.4), (waist * 0.6, seam + drop)],
                0.09,
            )
            parts.append(Part(ribbon, tie, 0.7, 0.04, lift=0.6))
    return parts


def jumpsuit(
    category: str,
    terms: Terms,
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
    worn: bool = False,
) -> list[Part]:
    """Draw a bodice and trousers in one."""
    hem = LENGTHS.get(terms.get("length", "ankle"), 7.35)
    widths = KNEE_WIDTH[terms.get("silhouette", "straight")]
    parts: list[Part] = []
    for side in (-1, 1):
        shape = leg(body, side, widths, 0.05, hem)
        parts.append(Part(shape, cloth, 1.1, 0.22, folds=leg_folds(body, side, hem, rng, category)))
    parts += upper(
        "dress", {**terms, "length": "waist", "silhouette": "fitted"}, body, cloth, rng, worn
    )
    waist = body.half(WAIST) + 0.1
    run = [(-waist, WAIST + 0.12), (0, WAIST + 0.18), (waist, WAIST + 0.12)]
    parts.append(Part(band(run, 0.17), cloth.shade(-0.08), 0.7, 0.06, lift=0.6))
    ends = path([(0.02, WAIST + 0.15), (0.1, WAIST + 0.5), (0.04, WAIST + 0.85)])
    parts.append(Part(band(ends, 0.09), cloth.shade(-0.05), 0.7, 0.04, lift=0.6))
    return parts
