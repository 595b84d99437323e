"""Shoes, bags and accessories as a standing figure shows them: small, from the front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.bags import clutch, handbag
from houndstooth.models.synthetic.figure import LENGTHS, Body, foot
from houndstooth.models.synthetic.fittings import DARK, RUBBER, STEEL
from houndstooth.models.synthetic.geometry import band, ellipse, flip, limb, mirrored, path, rounded
from houndstooth.models.synthetic.headwear import hat
from houndstooth.models.synthetic.luggage import long_bag
from houndstooth.models.synthetic.neckwear import scarf, tie
from houndstooth.models.synthetic.parts import Part
from houndstooth.models.synthetic.patterns import Fabric


def worn_shoes(category: str, terms: Mapping[str, str], body: Body, cloth: Fabric) -> list[Part]:
    """Draw both shoes, one on each foot."""
    high = terms.get("heel") in ("high", "wedge", "platform")
    out: list[Part] = []
    for side in (1, -1):
        shape = foot(body, side, 0.14 if high else 0.0)
        x, y = (float(v) for v in body.leg(1 if side > 0 else -1)[2] * (side, 1))
        tip = float(shape[:, 1].max())
        out += _shoe(category, terms, body, cloth, side, (abs(x), y, tip))
    return out


def _shoe(
    category: str,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    side: int,
    place: tuple[float, float, float],
) -> list[Part]:
    x, y, tip = place
    glossy = replace(cloth, gloss=max(cloth.gloss, 0.15))
    open_ = category in ("sandals", "flip-flops") or terms.get("toe") == "open"
    low = {"heels": 0.22, "flats": 0.26, "formal-shoes": 0.02}.get(category, -0.06)
    point = -0.06 if terms.get("toe") == "pointed" else 0.02
    vamp = path(
        [(x - 0.15, y + low), (x - 0.18, y + 0.28), (x - 0.15, tip - 0.12), (x + 0.0, tip + 0.02)],
        [(x + 0.0, tip + 0.02), (x + 0.16 + point, tip + 0.03), (x + 0.25, tip - 0.12)],
        [(x + 0.25, tip - 0.12), (x + 0.23, y + 0.26), (x + 0.16, y + low)],
        [(x + 0.16, y + low), (x + 0.02, y + low + 0.1), (x - 0.15, y + low)],
    )
    parts: list[tuple[Part, bool]] = []

    def put(
        points: np.ndarray[tuple[int, ...], np.dtype[np.float64]], stuff: Fabric, soft: float
    ) -> None:
        parts.append((Part(points if side > 0 else flip(points), stuff, 0.9, soft), True))

    if category == "boots":
        top = LENGTHS["knee"] + 0.25 if terms.get("length") == "knee" else y - 0.45
        leg = body.leg(1 if side > 0 else -1) * (side, 1)
        start = leg[1] + (leg[2] - leg[1]) * (top - leg[1][1]) / (leg[2][1] - leg[1][1])
        put(
            limb([start, (start + leg[2]) / 2, leg[2] + np.array([0, 0.15])], [0.25, 0.22, 0.17]),
            glossy,
            0.12,
        )
    rubber = RUBBER if category in ("casual-shoes", "sports-shoes") else DARK
    put(
        band(
            [
                (x - 0.17, tip - 0.12),
                (x - 0.02, tip + 0.03),
                (x + 0.16, tip + 0.05),
                (x + 0.26, tip - 0.1),
            ],
            0.09,
        ),
        rubber,
        0.03,
    )
    if open_:
        for at in (0.2, 0.38) if category != "flip-flops" else (0.3,):
            put(
                band([(x - 0.17, y + at), (x + 0.03, y + at - 0.03), (x + 0.22, y + at)], 0.1),
                glossy,
                0.04,
            )
    else:
        put(vamp, glossy, 0.1)
        if category in ("casual-shoes", "sports-shoes"):
            for at in (0.12, 0.2, 0.28):
                put(band([(x - 0.06, y + at), (x + 0.1, y + at)], 0.035), RUBBER, 0.02)
    return [part for part, _ in parts]


def carried(
    category: str,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
) -> list[Part]:
    """Draw a worn bag, tie, scarf, belt, cap, hat or watch, or worn sunglasses."""
    place = {"tie": _tie, "scarf": _scarf, "belt": _belt, "cap": _cap, "hat": _hat, "watch": _watch}
    if category in place:
        return place[category](body, cloth)
    return _bag(category, terms, body, cloth, rng)


def _bag(
    category: str,
    terms: Mapping[str, str],
    body: Body,
    cloth: Fabric,
    rng: np.random.Generator,
) -> list[Part]:
    """Draw the still of a bag, shrunk and hung from a hand."""
    side = 1 if abs(sum(body.arms[0])) < 0.4 else -1
    wrist = body.arm(side)[2]
    draw = {"handbag": handbag, "clutch": clutch}.get(category, long_bag)
    parts = draw(category, terms, cloth, rng)
    size = {"handbag": 0.55, "clutch": 0.45}.get(category, 0.5)
    top = min(float(part.outline[:, 1].min()) for part in parts)
    at = np.array([wrist[0] + 0.04 * side, wrist[1] + 0.3 - top * size])
    if category == "clutch":
        at = np.array([wrist[0] - 0.1 * side, wrist[1] + 0.45])
    return [part.moved((size, size), at) for part in parts]


def _tie(body: Body, cloth: Fabric) -> list[Part]:
    parts = tie("tie", {}, cloth, np.random.default_rng(0))
    return [part.moved((0.47, 0.47), np.array([0.0, 2.45])) for part in parts[2:]]


def _scarf(body: Body, cloth: Fabric) -> list[Part]:
    parts = scarf("scarf", {}, cloth, np.random.default_rng(0))
    return [part.moved((0.58, 0.58), np.array([0.0, 2.3])) for part in parts[:-1]]


def _belt(body: Body, cloth: Fabric) -> list[Part]:
    wide = body.half(3.38) + 0.05
    run = [(-wide, 3.36), (0, 3.42), (wide, 3.36)]
    buckle = rounded(-0.11, 3.33, 0.11, 3.51, 0.03)
    hole = rounded(-0.06, 3.37, 0.06, 3.47, 0.02)
    return [
        Part(band(run, 0.14), replace(cloth, gloss=0.25), 0.7, 0.04, lift=0.5),
        Part(buckle, STEEL, 0.9, 0.03, holes=[hole], lift=0.6),
    ]


def _cap(body: Body, cloth: Fabric) -> list[Part]:
    crown = mirrored(
        path([(0, -0.1), (0.3, -0.03), (0.43, 0.26), (0.43, 0.36)], [(0.43, 0.36), (0, 0.28)])
    )
    brim = mirrored(path([(0, 0.22), (0.42, 0.32)], [(0.47, 0.42), (0.3, 0.47), (0, 0.44)]))
    return [
        Part(crown, cloth, 1.0, 0.18, lift=0.4),
        Part(brim, cloth.plain(cloth.accent), 0.9, 0.06, lift=0.7),
    ]


def _hat(body: Body, cloth: Fabric) -> list[Part]:
    parts = hat("hat", {}, cloth, np.random.default_rng(0))
    return [part.moved((0.56, 0.56), np.array([0.0, 0.06])) for part in parts]


def _watch(body: Body, cloth: Fabric) -> list[Part]:
    side = -1
    _, elbow, wrist = body.arm(side)
    way = (wrist - elbow) / np.hypot(*(wrist - elbow))
    at, across = wrist - 0.02 * way, np.array([-way[1], way[0]])
    return [
        Part(band([at - across * 0.13, at + across * 0.13], 0.1), cloth, 0.8, 0.03, lift=0.4),
        Part(ellipse(float(at[0]), float(at[1]), 0.1, n=20), STEEL, 1.0, 0.03, lift=0.5),
        Part(
            ellipse(float(at[0]), float(at[1]), 0.07, n=20),
            cloth.plain((0.95, 0.95, 0.94)),
            0.3,
            0.02,
        ),
    ]
