"""Fabrics: a base colour, a repeating swatch (stripes, checks, flowers …) and a surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from houndstooth.models.synthetic.colours import Rgb, companion, luminance, mix, paint, shifted

TILE = 192


@dataclass(frozen=True)
class Swatch:
    """A seamless RGB tile; `period` is its side in garment units."""

    tile: Image.Image
    period: float


@dataclass(frozen=True)
class Fabric:
    """The material of a part.

    `texture` names a surface of `shading.surface`; `gloss` 0..1 is how strongly light reflects;
    `accent` is the colour of trims, soles and contrast stitches.
    """

    colour: Rgb
    accent: Rgb
    texture: str = "cotton"
    gloss: float = 0.0
    swatch: Swatch | None = None

    def plain(self, colour: Rgb | None = None, gloss: float | None = None) -> Fabric:
        """Copy a cloth without its pattern, in another colour if given."""
        return replace(
            self,
            colour=self.colour if colour is None else colour,
            gloss=self.gloss if gloss is None else gloss,
            swatch=None,
        )

    def shade(self, by: float) -> Fabric:
        """Copy a cloth without its pattern, lighter (by > 0) or darker (by < 0)."""
        return self.plain(shifted(self.colour, by))


def _bytes(colour: Rgb) -> tuple[int, int, int]:
    red, green, blue = (round(255 * float(np.clip(c, 0, 1))) for c in colour)
    return red, green, blue


def _blank(colour: Rgb) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    tile = Image.new("RGB", (TILE, TILE), _bytes(colour))
    return tile, ImageDraw.Draw(tile)


def striped(base: Rgb, accents: list[Rgb], rng: np.random.Generator) -> Swatch:
    """Draw stripes along one axis, thin or broad, in one or two colours."""
    tile, pen = _blank(base)
    count = int(rng.choice([2, 3, 4, 6]))
    pitch, share = TILE / count, rng.uniform(0.18, 0.5)
    upright = rng.random() < 0.3
    for i in range(count):
        colour = _bytes(accents[i % len(accents)] if count % len(accents) == 0 else accents[0])
        low, high = i * pitch, i * pitch + share * pitch
        pen.rectangle((low, 0, high, TILE) if upright else (0, low, TILE, high), fill=colour)
    return Swatch(tile, rng.uniform(0.5, 0.9))


def checked(base: Rgb, accents: list[Rgb], rng: np.random.Generator) -> Swatch:
    """Draw tartan: translucent bands both ways, with a thin line over them."""
    weave = np.tile(np.asarray(base), (TILE, TILE, 1))
    at = np.arange(TILE) / TILE
    bands = [(0.0, rng.uniform(0.3, 0.5), 0.5, accents[0])]
    bands.append((rng.uniform(0.62, 0.72), 0.05, 0.65, accents[-1]))
    if rng.random() < 0.5:
        bands.append((0.84, 0.05, 0.65, accents[-1]))
    for start, width, strength, colour in bands:
        inside = ((at >= start) & (at < start + width)) * strength
        for cover in (inside[:, None, None], inside[None, :, None]):
            weave += (np.asarray(colour) - weave) * cover
    return Swatch(Image.fromarray((weave * 255).astype(np.uint8)), rng.uniform(0.32, 0.7))


def _scatter(rng: np.random.Generator, count: int, reach: float) -> list[tuple[float, float]]:
    """Choose random places on the torus of a tile, no two nearer than `reach` tile sides."""
    places: list[tuple[float, float]] = []
    for _ in range(count * 12):
        spot = rng.random(2)
        gap = [np.abs((spot - np.asarray(p) / TILE + 0.5) % 1 - 0.5) for p in places]
        if all(float(np.hypot(*g)) > reach for g in gap):
            places.append((float(spot[0]) * TILE, float(spot[1]) * TILE))
        if len(places) == count:
            break
    return places


def _wrapped(x: float, y: float, reach: float) -> list[tuple[float, float]]:
    """List a place and its copies that a tile's neighbours would draw over the edge."""
    xs = [x] + [x - TILE] * (x > TILE - reach) + [x + TILE] * (x < reach)
    ys = [y] + [y - TILE] * (y > TILE - reach) + [y + TILE] * (y < reach)
    return [(a, b) for a in xs for b in ys]


def polka_dot(base: Rgb, accents: list[Rgb], rng: np.random.Generator) -> Swatch:
    """Draw dots on a staggered grid."""
    tile, pen = _blank(base)
    count = int(rng.choice([2, 3]))
    pitch = TILE / count
    radius = pitch * rng.uniform(0.13, 0.2)
    for row in range(2 * count + 1):
        for column in range(count + 1):
            x, y = (column + 0.5 * (row % 2)) * pitch, row * pitch / 2
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_bytes(accents[0]))
    return Swatch(tile, rng.uniform(0.45, 0.8))


def _petals(
    x: float, y: float, size: float, turn: float, count: int, plump: float
) -> list[list[tuple[float, float]]]:
    shapes = []
    t = np.linspace(0, 2 * np.pi, 14)
    for i in range(count):
        angle = turn + 2 * np.pi * i / count
        along, across = size * 0.55 * (1 + np.cos(t)), size * plump * np.sin(t)
        px = x + along * np.cos(angle) - across * np.sin(angle)
        py = y + along * np.sin(angle) + across * np.cos(angle)
        shapes.append(list(zip(px.tolist(), py.tolist(), strict=True)))
    return shapes


def floral(base: Rgb, accents: list[Rgb], rng: np.random.Generator) -> Swatch:
    """Draw blossoms with leaves, scattered."""
    tile, pen = _blank(base)
    leaf = mix((0.25, 0.45, 0.25), base, 0.25)
    places = _scatter(rng, int(rng.integers(9, 15)), 0.22)
    for i, (x, y) in enumerate(places):
        size = TILE * rng.uniform(0.055, 0.1)
        turn, count = rng.uniform(0, 6), int(rng.integers(5, 7))
        colour = accents[i % len(accents)]
        for cx, cy in _wrapped(x, y, 3 * size):
            for shape in _petals(cx, cy, size * 1.45, turn, 2, 0.2):
                pen.polygon(shape, fill=_bytes(leaf))
            for shape in _petals(cx, cy, size, turn, count, 0.42):
                pen.polygon(shape, fill=_bytes(colour))
            for shape in _petals(cx, cy, size * 0.6, turn + 0.5, count, 0.3):
                pen.polygon(shape, fill=_bytes(shifted(colour, -0.18)))
            r = size * 0.24
            heart = (0.96, 0.8, 0.3) if luminance(colour) < 0.8 else (0.85, 0.5, 0.2)
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=_bytes(heart))
    return Swatch(tile, rng.uniform(0.9, 1.4))


def printed(base: Rgb, accents: list[Rgb], rng: np.random.Generator) -> Swatch:
    """Draw an all-over print: leaves, diamonds, brush strokes or rings."""
    tile, pen = _blank(base)
    motif = int(rng.integers(4))
    for i, (x, y) in enumerate(_scatter(rng, 14, 0.21)):
        size, turn = TILE * rng.uniform(0.06, 0.09), rng.uniform(0, 6)
        colour = _bytes(accents[i % len(accents)])
        for cx, cy in _wrapped(x, y, 2 * size):
            if motif == 0:
                for shape in _petals(cx, cy, size * 1.3, turn, 3, 0.25):
                    pen.polygon(shape, fill=colour)
            elif motif == 1:
                for r, fill in ((size, colour), (size * 0.5, _bytes(base))):
                    corners = [(cx, cy - r), (cx + 0.7 * r, cy), (cx, cy + r), (cx - 0.7 * r, cy)]
                    pen.polygon(corners, fill=fill)
            elif motif == 2:
                dx, dy = size * np.cos(turn / 4), size * np.sin(turn / 4)
                pen.line((cx - dx, cy - dy, cx + dx, cy + dy), fill=colour, width=7)
            else:
                pen.ellipse((cx - size, cy - size, cx + size, cy + size), outline=colour, width=6)
                pen.ellipse((cx - 5, cy - 5, cx + 5, cy + 5), fill=colour)
    return Swatch(tile, rng.uniform(0.6, 1.0))


def camouflage(base: Rgb, accents: list[Rgb], rng: np.random.Generator) -> Swatch:
    """Draw blotches in tones of the base."""
    del accents
    field = rng.random((TILE, TILE))
    wave = np.fft.fftfreq(TILE) * TILE
    low = np.exp(-(wave[:, None] ** 2 * 1.6 + wave[None, :] ** 2 * 0.8) / 22)
    tile = np.tile(np.asarray(base), (TILE, TILE, 1))
    for share, tone in ((0.62, shifted(base, -0.45)), (0.68, shifted(base, 0.35))):
        noise = np.fft.ifft2(np.fft.fft2(field) * low).real
        tile[noise > np.quantile(noise, share)] = tone
        field = rng.random((TILE, TILE))
    return Swatch(Image.fromarray((tile * 255).astype(np.uint8)), rng.uniform(1.1, 1.6))


SWATCHES: dict[str, Callable[[Rgb, list[Rgb], np.random.Generator], Swatch]] = {
    "striped": striped,
    "checked": checked,
    "polka-dot": polka_dot,
    "floral": floral,
    "printed": printed,
    "camouflage": camouflage,
}

GLOSS = {"leather": 0.45, "silk": 0.4, "synthetic": 0.15, "metal": 0.9, "suede": 0.0}


def fabric(colour: str, pattern: str, material: str, rng: np.random.Generator) -> Fabric:
    """Make the cloth of an item's terms; `multi` gets several bright accents."""
    base = paint(colour, rng)
    if material == "denim":
        base = mix(base, (0.36, 0.42, 0.5), 0.42 if luminance(base) > 0.2 else 0.2)
    accents = [companion(base, rng)]
    if pattern in ("floral", "printed", "checked") and rng.random() < 0.5:
        accents.append(companion(base, rng))
    if colour == "multi":
        accents = [paint(name, rng) for name in rng.permutation(["yellow", "blue", "green"])]
    make = SWATCHES.get(pattern)
    swatch = None if make is None else make(base, accents, rng)
    texture = "melange" if colour == "grey-melange" else material
    return Fabric(base, accents[0], texture, GLOSS.get(material, 0.0), swatch)
