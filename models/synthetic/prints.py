"""Pictures printed on a chest: badges, sunsets, stripes and invented words."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from houndstooth.models.synthetic.colours import BRIGHT, Rgb, companion, luminance, paint

WORDS = (
    "NORTH", "WILD", "COAST", "1984", "STUDIO", "LUNA", "RIDGE", "HELLO", "SURF", "ATLAS", "07",
    "PEAK", "TEAM", "FREE", "DUNE", "ECHO",
)  # fmt: skip
SIDE = 240


def _ink(colour: Rgb) -> tuple[int, int, int, int]:
    red, green, blue = (round(255 * c) for c in colour)
    return red, green, blue, 255


def graphic(ground: Rgb, rng: np.random.Generator) -> Image.Image:
    """Draw one print (RGBA) that contrasts with the cloth's colour."""
    first = companion(ground, rng)
    second = paint(str(rng.choice(BRIGHT)), rng)
    if abs(luminance(second) - luminance(ground)) < 0.15:
        second = first
    sheet = Image.new("RGBA", (SIDE, SIDE))
    pen = ImageDraw.Draw(sheet)
    kind = int(rng.integers(5))
    if kind == 0:
        _sun(pen, _ink(second), _ink(first))
    elif kind == 1:
        _badge(pen, _ink(first), _ink(second))
    elif kind == 2:
        _bars(pen, _ink(first), _ink(second))
    elif kind == 3:
        _peaks(pen, _ink(first), _ink(second))
    _word(pen, str(rng.choice(WORDS)), _ink(first), centre=kind == 4)
    return sheet


def _word(pen: ImageDraw.ImageDraw, word: str, ink: tuple[int, ...], centre: bool) -> None:
    size = min(100.0 if centre else 52.0, 300 / len(word))
    font = ImageFont.load_default(size=size)
    y = SIDE / 2 if centre else SIDE - 30
    pen.text((SIDE / 2, y), word, ink, font, anchor="mm", stroke_width=3)
    if centre:
        pen.rectangle((20, y + 55, SIDE - 20, y + 62), fill=ink)


def _sun(pen: ImageDraw.ImageDraw, disc: tuple[int, ...], ink: tuple[int, ...]) -> None:
    pen.ellipse((45, 10, 195, 160), fill=disc)
    for i, y in enumerate(range(90, 165, 15)):
        pen.rectangle((30, y, 210, y + 3 + i), fill=(0, 0, 0, 0))
    pen.line((30, 170, 210, 170), fill=ink, width=5)


def _badge(pen: ImageDraw.ImageDraw, ink: tuple[int, ...], fill: tuple[int, ...]) -> None:
    pen.ellipse((40, 10, 200, 170), outline=ink, width=9)
    angle = np.arange(10) * np.pi / 5 - np.pi / 2
    radius = np.where(np.arange(10) % 2, 26, 60)
    star = np.column_stack([120 + radius * np.cos(angle), 90 + radius * np.sin(angle)])
    pen.polygon(star.ravel().tolist(), fill=fill)


def _bars(pen: ImageDraw.ImageDraw, ink: tuple[int, ...], other: tuple[int, ...]) -> None:
    for i in range(5):
        pen.rectangle((20, 20 + i * 32, 220, 38 + i * 32), fill=other if i % 2 else ink)


def _peaks(pen: ImageDraw.ImageDraw, ink: tuple[int, ...], other: tuple[int, ...]) -> None:
    pen.polygon((15, 165, 95, 40, 175, 165), fill=other)
    pen.polygon((90, 165, 155, 70, 225, 165), fill=ink)
    pen.ellipse((165, 15, 205, 55), fill=other)
