"""Backgrounds: white for single items; gradients, streets and rooms behind figures."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from houndstooth.models.synthetic.surfaces import Plane, plane

Ink = tuple[int, int, int]


def _ink(hue: float, saturation: float, value: float) -> Ink:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def white(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Make white paper, (h, w, 3) in 0..1, at times a little grey below."""
    paper = np.ones((size[1], size[0], 3), np.float32)
    if rng.random() < 0.3:
        paper *= np.linspace(1, rng.uniform(0.95, 0.985), size[1], dtype=np.float32)[:, None, None]
    return paper


def backdrop(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Draw a studio wall with a soft pool of light and a floor."""
    hue, saturation = rng.random(), rng.uniform(0.0, 0.3)
    value = rng.uniform(0.6, 0.93)
    wall = np.asarray(_ink(hue, saturation, value), np.float32) / 255
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    pool = np.exp(-(((x / size[0] - 0.5) / 0.6) ** 2 + ((y / size[1] - 0.4) / 0.6) ** 2))
    light = 0.84 + 0.2 * pool
    floor = np.clip((y / size[1] - rng.uniform(0.86, 0.9)) * 14, 0, 1) * 0.07
    return np.asarray(np.clip(wall * (light - floor)[..., None], 0, 1), dtype=np.float32)


def street(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Draw house fronts with windows and doors over a pavement, out of focus."""
    width, height = size
    hue = rng.random()
    sheet = Image.new("RGB", size, _ink(0.57 + rng.uniform(-0.03, 0.03), 0.22, 0.93))
    pen = ImageDraw.Draw(sheet)
    ground = int(height * rng.uniform(0.78, 0.86))
    x = -int(rng.integers(0, 60))
    while x < width:
        wide = int(rng.integers(70, 150))
        roof = int(rng.integers(-40, 70))
        wall = _ink(hue + rng.uniform(-0.08, 0.08), rng.uniform(0.08, 0.35), rng.uniform(0.6, 0.85))
        pen.rectangle((x, roof, x + wide, ground), fill=wall)
        pane = _ink(0.58, 0.2, rng.uniform(0.35, 0.6))
        frame = _ink(hue, 0.05, 0.92)
        step = int(rng.integers(26, 36))
        for wx in range(x + 10, x + wide - 16, step):
            for wy in range(roof + 16, ground - 70, 48):
                pen.rectangle((wx - 2, wy - 2, wx + 18, wy + 30), fill=frame)
                pen.rectangle((wx, wy, wx + 16, wy + 28), fill=pane)
        pen.rectangle((x, ground - 62, x + wide, ground - 54), fill=_ink(rng.random(), 0.45, 0.5))
        pen.rectangle((x + 8, ground - 54, x + wide - 8, ground), fill=_ink(0.58, 0.15, 0.4))
        pen.rectangle((x + wide - 2, roof, x + wide, ground), fill=_ink(hue, 0.1, 0.4))
        x += wide
    pen.rectangle((0, ground, width, height), fill=_ink(0.09, 0.05, rng.uniform(0.55, 0.72)))
    pen.rectangle((0, ground, width, ground + 5), fill=_ink(0.1, 0.05, 0.45))
    for k in range(-6, 14):
        pen.line(
            (width / 2 + (k - 4) * 36, ground + 6, width / 2 + (k - 4) * 80, height),
            fill=_ink(0.1, 0.04, 0.55),
        )
    return plane(sheet.filter(ImageFilter.GaussianBlur(rng.uniform(2.0, 4.0))))


def room(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Draw a wall with a window or pictures, a skirting board, wooden floor and a plant."""
    width, height = size
    hue = rng.random()
    wall = _ink(hue, rng.uniform(0.04, 0.22), rng.uniform(0.78, 0.93))
    sheet = Image.new("RGB", size, wall)
    pen = ImageDraw.Draw(sheet)
    ground = int(height * rng.uniform(0.8, 0.87))
    pen.rectangle((0, ground, width, height), fill=_ink(0.08, 0.35, rng.uniform(0.5, 0.7)))
    for k in range(-6, 14):
        pen.line(
            (width / 2 + (k - 4) * 40, ground, width / 2 + (k - 4) * 76, height),
            fill=_ink(0.07, 0.4, 0.45),
        )
    pen.rectangle((0, ground - 12, width, ground), fill=_ink(hue, 0.02, 0.96))
    side = int(rng.choice([0, 1]))
    left = 18 if side else width - 110
    if rng.random() < 0.5:
        pen.rectangle((left, 30, left + 92, 190), fill=(250, 250, 248))
        for px in (left + 6, left + 49):
            for py in (36, 113):
                pen.rectangle((px, py, px + 37, py + 71), fill=_ink(0.55, 0.2, 0.95))
    else:
        for py in (40, 120):
            pen.rectangle((left + 10, py, left + 74, py + 62), fill=_ink(0.1, 0.3, 0.3))
            pen.rectangle(
                (left + 16, py + 6, left + 68, py + 56), fill=_ink(rng.random(), 0.3, 0.85)
            )
    base = width - 46 if side else 12
    for k in range(9):
        lean = (k - 4) * 9
        top = ground - 110 - int(rng.integers(0, 60))
        pen.line(
            (base + 17, ground - 34, base + 17 + lean, top),
            fill=_ink(0.33, 0.5, 0.3 + 0.04 * k),
            width=7,
        )
    pen.polygon(
        (base, ground - 40, base + 34, ground - 40, base + 28, ground + 2, base + 6, ground + 2),
        fill=_ink(0.05, 0.5, 0.65),
    )
    return plane(sheet.filter(ImageFilter.GaussianBlur(rng.uniform(1.6, 3.2))))


def scene(size: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Choose a background for a figure, (h, w, 3) in 0..1."""
    make = (backdrop, backdrop, street, room)[int(rng.integers(4))]
    return make(size, rng)


def ground_shadow(
    picture: Plane, centre: tuple[float, float], reach: tuple[float, float], dark: float
) -> None:
    """Darken an elliptic pool (pixels) in place: the shadow where something stands."""
    height, width = picture.shape[:2]
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    pool = np.exp(-2.0 * (((x - centre[0]) / reach[0]) ** 2 + ((y - centre[1]) / reach[1]) ** 2))
    picture *= (1 - dark * pool)[..., None].astype(np.float32)
