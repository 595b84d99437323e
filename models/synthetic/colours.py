"""The colours of the taxonomy as paint: a centre for each term and a small jitter about it."""

from __future__ import annotations

import colorsys

import numpy as np

Rgb = tuple[float, float, float]

CENTRES: dict[str, str] = {
    "black": "1d1d1f",
    "blue": "2f62b8",
    "white": "f4f4f2",
    "brown": "6b4226",
    "grey": "8b8c8e",
    "red": "c4202b",
    "green": "2e8b46",
    "navy-blue": "1c2749",
    "purple": "6b3a8a",
    "pink": "ee86a8",
    "beige": "dcc7a2",
    "yellow": "f2cf2f",
    "maroon": "6a1a26",
    "silver": "bfc3c8",
    "olive": "6b6c34",
    "steel": "98a0a8",
    "orange": "ee7424",
    "gold": "cfa544",
    "cream": "f4ead0",
    "tan": "c4935c",
    "multi": "d8607a",
    "khaki": "a8996c",
    "off-white": "efebe0",
    "charcoal": "3c4046",
    "magenta": "c32a86",
    "lavender": "b6a3d8",
    "peach": "f8b894",
    "copper": "b4693c",
    "mustard": "d29a24",
    "teal": "17777c",
    "coffee-brown": "452c20",
    "rust": "a8431f",
    "turquoise-blue": "2fb6c4",
    "bronze": "8a6834",
    "taupe": "8f8172",
    "burgundy": "5c1530",
    "sea-green": "3fae8c",
    "grey-melange": "a9abae",
    "metallic": "a4a6b0",
    "lime-green": "94cf33",
    "fluorescent-green": "b6f53a",
    "mushroom-brown": "a48e7c",
    "mauve": "a8748e",
    "nude": "e3bc9f",
}

BRIGHT = [
    "red",
    "blue",
    "yellow",
    "green",
    "orange",
    "pink",
    "turquoise-blue",
    "purple",
    "magenta",
    "lime-green",
]
NEUTRAL = ["white", "cream", "black", "navy-blue", "grey", "beige"]


def centre(term: str) -> Rgb:
    """Look up the RGB in 0..1 at the middle of a colour term (`navy-blue`)."""
    code = CENTRES[term]
    return (int(code[:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:], 16) / 255)


def paint(term: str, rng: np.random.Generator) -> Rgb:
    """Sample a shade of a colour: its centre with jitter of hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(*centre(term))
    hue = (hue + rng.uniform(-0.008, 0.008)) % 1
    saturation = float(np.clip(saturation * rng.uniform(0.92, 1.08), 0, 1))
    value = float(np.clip(value * rng.uniform(0.95, 1.05), 0, 0.97))
    return colorsys.hsv_to_rgb(hue, saturation, value)


def luminance(colour: Rgb) -> float:
    """Compute the luminance of a colour, 0..1."""
    return 0.30 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Mix `one` with the given share of `other`."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def shifted(colour: Rgb, by: float) -> Rgb:
    """Shift a colour towards white (by > 0) or black (by < 0)."""
    return mix(colour, (1.0, 1.0, 1.0) if by > 0 else (0.0, 0.0, 0.0), abs(by))


def companion(colour: Rgb, rng: np.random.Generator) -> Rgb:
    """Choose a second colour that contrasts with the first and mostly goes with it."""
    names = NEUTRAL if rng.random() < 0.6 else BRIGHT
    for _ in range(8):
        other = paint(str(rng.choice(names)), rng)
        if abs(luminance(other) - luminance(colour)) > 0.28:
            return other
    return shifted(colour, 0.75) if luminance(colour) < 0.5 else shifted(colour, -0.7)
