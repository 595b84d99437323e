"""Garments of the upper body, from t-shirt to coat: one cut, varied."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from houndstooth.models.synthetic.closures import front
from houndstooth.models.synthetic.collars import collar_parts, hood_back
from houndstooth.models.synthetic.colours import luminance, mix, shifted
from houndstooth.models.synthetic.cut import (
    NECKS,
    Cut,
    bodice,
    cut_of,
    folds_of,
    shoulder_y,
    sleeve,
)
from houndstooth.models.synthetic.figure import Body
from houndstooth.models.synthetic.geometry import (
    Points,
    along,
    flip,
    mirrored,
    path,
    rounded,
    spline,
    stroke,
)
from houndstooth.models.synthetic.parts import Decal, Part, Seam
from houndstooth.models.synthetic.patterns import Fabric
from houndstooth.models.synthetic.prints import graphic


def upper(
    category: str,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
    worn: bool = False,
) -> list[Part]:
    """Draw an upper garment, back to front; worn ones leave out the inside of the back."""
    cut = cut_of(category, terms, rng)
    half = bodice(cut, body)
    parts: list[Part] = []
    if not worn:
        parts += inside(cut, body, cloth)
    blocked = terms.get("pattern") == "colour-block"
    trim = cloth.plain(cloth.accent) if blocked and cut.sleeve < 0.5 else cloth
    parts += hood_back(cloth, worn) if cut.collar == "hooded" else []
    ribbed = category in ("sweater", "sweatshirt") or (category == "jacket" and cut.hem < 4.0)
    if cut.sleeve:
        for side in (1, -1):
            parts += sleeve_parts(category, cut, body, trim, rng, side, ribbed)
    folds = folds_of(cut, body, rng)
    decal = None
    if terms.get("pattern") == "graphic":
        size = body.chest * rng.uniform(0.85, 1.15)
        decal = Decal(graphic(cloth.colour, rng), (0.0, 2.55 + rng.uniform(-0.1, 0.1)), size)
    seams = [Seam(np.column_stack([half[-17:, 0], half[-17:, 1] - 0.1]), 0.014, -0.3)]
    seams += [Seam(flip(seam.line), seam.width, seam.tone) for seam in seams]
    if cut.open_ or (category in ("blazer", "coat", "waistcoat") and cut.collar == "lapel"):
        parts += open_front(category, cut, half, cloth, folds, seams)
    else:
        parts.append(
            Part(
                mirrored(half),
                cloth,
                1.0,
                0.34,
                folds=folds,
                seams=seams,
                decal=decal,
                ground=True,
                lift=0.5,
            )
        )
    if blocked:
        yoke = rounded(-2, 0, 2, rng.uniform(2.0, 2.45))
        parts.append(Part(yoke, cloth.plain(cloth.accent), 0.0, clip=True, folds=folds))
    if ribbed:
        parts += rib_hem(cut, half, cloth)
    parts += front(category, cut, terms, body, cloth, rng)
    parts += collar_parts(category, cut, cloth, terms, worn)
    return parts


def inside(cut: Cut, body: Body, cloth: Fabric) -> list[Part]:
    """Draw the inner side of the back, seen through the neck, with the maker's label."""
    width, depth = NECKS[cut.collar]
    if cut.collar == "off-shoulder":
        return []
    top = shoulder_y(width)
    low = top + depth + 0.15
    wide = [(0, top + 0.09), (width * 0.6, top + 0.06), (width, top)]
    shape = mirrored(path(wide, [(width + 0.15, top + 0.1), (width + 0.1, low), (0, low)]))
    if cut.open_:
        hip = body.chest * 0.9
        shape = mirrored(
            path(
                wide,
                [(width + 0.15, top + 0.1), (hip, 2.5)],
                [(hip, cut.hem - 0.1), (0, cut.hem - 0.1)],
            )
        )
    lining = cloth.plain(mix(shifted(cloth.colour, -0.3), (0.3, 0.3, 0.32), 0.2))
    label = rounded(-0.09, top + 0.12, 0.09, top + 0.22, 0.01)
    tag = cloth.plain((0.85, 0.84, 0.8) if luminance(cloth.colour) < 0.6 else (0.2, 0.2, 0.25))
    seam = [Seam(spline([(-width, top + 0.06), (0, top + 0.15), (width, top + 0.06)]), 0.02)]
    return [Part(shape, lining, 0.6, 0.3, seams=seam), Part(label, tag, 0, clip=True)]


def sleeve_parts(
    category: str,
    cut: Cut,
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
    side: int,
    ribbed: bool,
) -> list[Part]:
    """Draw a sleeve with its folds and cuff."""
    shape, line = sleeve(cut, body, side)
    way = line[-1] - line[0]
    axis = float(np.arctan2(-way[0], way[1]))
    folds = []
    for t in np.linspace(0.25, 0.9, 2 if cut.sleeve < 0.5 else 5):
        x, y = along(line, float(t) + rng.uniform(-0.05, 0.05))
        reach = 0.2 * side * rng.choice([-1, 1])
        crease = stroke(
            [(x - reach, y - 0.12), (x, y), (x + reach, y + 0.06)], rng.uniform(0.05, 0.1)
        )
        folds.append((crease, -rng.uniform(0.25, 0.5)))
    parts = [Part(shape, cloth, 1.1, 0.2, axis=axis, folds=folds, lift=0.3)]
    end = line[-1] - line[-2]
    end = end / np.hypot(*end)
    size = (
        0.26
        if ribbed and cut.sleeve > 0.5
        else 0.14
        if category == "shirt" and cut.sleeve > 0.5
        else 0.07
    )
    across = np.array([-end[1], end[0]]) * 0.6
    edge = line[-1] - end * size
    ribbon = np.vstack(
        [edge - across, edge + across, line[-1] + across + end * 0.3, line[-1] - across + end * 0.3]
    )
    seams = [Seam(np.vstack([edge - across, edge + across]), 0.016, -0.5)]
    if ribbed:
        for t in np.linspace(-0.5, 0.5, 14):
            foot = edge + across * t
            seams.append(Seam(np.vstack([foot, foot + end * 0.4]), 0.012, -0.3))
    parts.append(Part(ribbon, cloth, 0.3, 0.1, axis=axis, seams=seams, clip=True))
    return parts


def open_front(
    category: str,
    cut: Cut,
    half: Points,
    cloth: Fabric,
    folds: list[tuple[Points, float]],
    seams: list[Seam],
) -> list[Part]:
    """Draw two front panels, meeting at a point or hanging apart."""
    gap = 0.2 if cut.open_ else 0.0
    meet = 2.75 if cut.collar == "lapel" else 1.9
    panel = half[half[:, 0] > 0.0]
    hem = float(half[-1, 1])
    panel = panel[~((panel[:, 0] < gap + 0.16) & (panel[:, 1] > hem - 0.3))]
    inner = [(gap + 0.12, hem), (gap * 0.9 - 0.03, hem - 0.3), (gap * 0.6 - 0.05, meet)]
    neck = panel[0]
    shape = np.vstack(
        [panel, spline([*inner]), np.array([[max(neck[0], 0.02), min(neck[1], meet)]])]
    )
    parts = []
    for side in (-1, 1):
        outline = shape if side > 0 else flip(shape)
        parts.append(
            Part(outline, cloth, 1.0, 0.3, folds=folds, seams=seams, ground=side < 0, lift=0.6)
        )
    return parts


def rib_hem(cut: Cut, half: Points, cloth: Fabric) -> list[Part]:
    """Draw a knitted welt along the hem."""
    top = cut.hem - 0.22
    seams = [
        Seam(np.array([[x, top], [x, cut.hem + 0.2]]), 0.012, -0.28)
        for x in np.linspace(-1.2, 1.2, 60)
    ]
    seams.append(Seam(np.array([[-2, top], [2, top + 0.01]]), 0.02, -0.5))
    return [
        Part(
            rounded(-2, top, 2, cut.hem + 0.3, 0), cloth.plain(), 0.25, 0.2, seams=seams, clip=True
        )
    ]
