"""Skirts, and the shapes that dresses share with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from houndstooth.models.synthetic.closures import buttons, zip_parts
from houndstooth.models.synthetic.colours import shifted
from houndstooth.models.synthetic.figure import HIP, LENGTHS, Body
from houndstooth.models.synthetic.geometry import (
    Points,
    ellipse,
    limb,
    path,
    spline,
)
from houndstooth.models.synthetic.parts import Part, Seam
from houndstooth.models.synthetic.patterns import Fabric

TOP = 3.3


def skirt_outline(
    terms: Mapping[str, str], body: Body, top: float, hem: float, rng: np.random.Generator
) -> Points:
    """Compute the outline of a skirt from its waist to a waved hem."""
    shape = terms.get("silhouette", "a-line")
    waist, hip = body.half(top) + 0.03, body.hip + 0.04
    reach = hem - HIP
    spread = {
        "pencil": -0.05,
        "fitted": -0.03,
        "straight": 0.04,
        "a-line": 0.24,
        "flared": 0.45,
        "shift": 0.08,
        "empire": 0.26,
        "wrap": 0.16,
    }
    end = hip + spread.get(shape, 0.2) * reach
    full = shape in ("a-line", "flared", "empire")
    side = [(waist, top), (hip + (0.1 if full else 0.0), HIP), (end, hem)]
    if full and shape != "a-line":
        side = [(waist, top), (waist + (end - waist) * 0.35, top + (hem - top) * 0.3), (end, hem)]
    x = np.linspace(end, -end, 15)
    wave = 0.05 * np.sin(np.linspace(0, rng.uniform(4, 6) * np.pi, 15)) * (1.0 if full else 0.1)
    bottom = np.column_stack([x, hem + 0.1 * (1 - (x / end) ** 2) + wave])
    mirror = [(-a, b) for a, b in side[::-1]]
    return path([(-waist, top), (0, top + 0.06), (waist, top)], side, bottom, mirror)


def skirt_folds(
    terms: Mapping[str, str], body: Body, top: float, hem: float, rng: np.random.Generator
) -> list[tuple[Points, float]]:
    """Draw folds fanning out from the waist."""
    full = terms.get("silhouette") in ("a-line", "flared", "empire", "wrap")
    spread = (1.7 if full else 1.0) * body.hip
    out: list[tuple[Points, float]] = []
    count = 9 if full else 4
    for i in range(count):
        t = (i + 0.5 + rng.uniform(-0.25, 0.25)) / count * 2 - 1
        start = top + (0.05 if full else rng.uniform(0.8, 1.4))
        line = [
            (t * body.half(top) * 0.95, start),
            (t * spread * 0.62, (start + hem) / 2),
            (t * spread, hem + 0.1),
        ]
        points = limb(line, [0.0, 0.03, 0.06, 0.08 if full else 0.02])
        out.append((points, -rng.uniform(0.15, 0.38) if full else -0.2))
    return out


def skirt(
    category: str,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
    worn: bool = False,
) -> list[Part]:
    """Draw a skirt with its waistband; a wrap shows its edge and tie."""
    hem = LENGTHS[terms.get("length", "knee")] + rng.uniform(-0.1, 0.1)
    top = TOP - 0.15
    outline = skirt_outline(terms, body, top, hem, rng)
    folds = skirt_folds(terms, body, top, hem, rng)
    seams = [Seam(spline([(-2, hem - 0.1), (0, hem), (2, hem - 0.1)]), 0.014, -0.3)]
    if terms.get("silhouette") == "wrap":
        edge = spline([(body.waist * 0.5, top), (body.hip * 0.7, HIP), (body.hip * 0.2, hem + 0.2)])
        seams += [Seam(edge, 0.03, -0.7), Seam(edge - np.array([0.05, 0]), 0.02, 0.25)]
    parts: list[Part] = []
    waist = body.half(top) + 0.03
    if not worn:
        parts.append(Part(ellipse(0, top + 0.02, waist, 0.06), cloth.shade(-0.4), 0.3, 0.05))
    parts.append(Part(outline, cloth, 1.0, 0.3, folds=folds, seams=seams))
    ring = path(
        [(-waist, top), (0, top + 0.06), (waist, top)],
        [(waist + 0.02, top + 0.17), (0, top + 0.23), (-waist - 0.02, top + 0.17)],
    )
    parts.append(Part(ring, cloth.plain(shifted(cloth.colour, -0.05)), 0.5, 0.06, lift=0.5))
    closure = terms.get("closure")
    if closure == "button":
        parts += buttons(0.0, top + 0.35, hem - 0.25, 6, cloth, 0.05)
    elif closure == "zip":
        parts += zip_parts(waist * 0.72, top + 0.04, top + 0.75, cloth)
    return parts
