"""The brush of the drawings: a canvas that paints parts with soft light and drawn detail.

Outlines are rasterised at `SUPER` times the size and reduced, so edges are smooth; the light is
worked out from the part's own coverage: blurred, it is a cushion whose slope faces the lamp.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from houndstooth.models.synthetic.geometry import Pair, Points
from houndstooth.models.synthetic.parts import Decal, Frame, Light, Part
from houndstooth.models.synthetic.surfaces import Plane, plane, surface

SUPER = 3


class Canvas:
    """A picture being painted: `rgb` (h, w, 3) float 0..1, and the coverage of each item so far."""

    def __init__(self, background: Plane, frame: Frame, light: Light) -> None:
        self.rgb = background
        self.frame, self.light = frame, light
        self.height, self.width = background.shape[:2]
        self.items: list[Plane] = []
        self.solid = np.zeros((self.height, self.width), np.float32)
        self.ground = self.solid

    def item(self, parts: Sequence[Part]) -> int:
        """Paint an item over what is there; returns its number in `items`."""
        self.items.append(np.zeros((self.height, self.width), np.float32))
        self.ground = np.zeros_like(self.solid)
        for part in parts:
            self._paint(part)
        return len(self.items) - 1

    def _paint(self, part: Part) -> None:
        pixels = self.frame(part.outline)
        low, high = np.floor(pixels.min(0)) - 2, np.ceil(pixels.max(0)) + 2
        x0, y0 = (int(v) for v in np.maximum(low, 0))
        x1, y1 = (int(v) for v in np.minimum(high, (self.width, self.height)))
        if x1 - x0 < 1 or y1 - y0 < 1:
            return
        where, origin = np.s_[y0:y1, x0:x1], (x0, y0)
        size = (x1 - x0, y1 - y0)
        cover = self._cover([part.outline], part.holes, origin, size)
        if part.clip:
            cover = cover * self.ground[where]
        if part.lift:
            self._cast(cover, origin, part.lift)
        shade = self._shade(part, cover, origin, size)
        colour = self._colour(part, origin, size)
        lit = colour * (1 + 0.62 * shade[..., None]) + 0.055 * shade[..., None]
        if part.fabric.gloss:
            lit += (part.fabric.gloss * np.clip(shade - 0.12, 0, 1) ** 1.5)[..., None]
        cover = cover * np.float32(part.opacity)
        self.rgb[where] += cover[..., None] * (np.clip(lit, 0, 1) - self.rgb[where])
        for mask in self.items[:-1]:
            mask[where] *= 1 - cover
        if part.ground:
            self.ground[:] = 0
        for mask in (self.items[-1], self.solid, self.ground):
            mask[where] += (1 - mask[where]) * cover

    def _cover(
        self,
        outlines: Sequence[Points],
        holes: Sequence[Points],
        origin: Pair,
        size: tuple[int, int],
    ) -> Plane:
        sheet = Image.new("L", (size[0] * SUPER, size[1] * SUPER))
        pen = ImageDraw.Draw(sheet)
        for shapes, value in ((outlines, 255), (holes, 0)):
            for shape in shapes:
                pen.polygon(((self.frame(shape) - origin) * SUPER).ravel().tolist(), fill=value)
        return plane(sheet.reduce(SUPER))

    def _cast(self, cover: Plane, origin: tuple[int, int], lift: float) -> None:
        """Darken what lies under a part, a little away from the light."""
        spread = max(1.0, 0.05 * self.frame.scale)
        pad = int(3 * spread) + 1
        sheet = Image.fromarray((np.pad(cover, pad) * 255).astype(np.uint8))
        soft = plane(sheet.filter(ImageFilter.GaussianBlur(spread)))
        x = origin[0] - pad - round(self.light.x * spread)
        y = origin[1] - pad - round(self.light.y * spread)
        x0, y0 = max(x, 0), max(y, 0)
        x1 = min(x + soft.shape[1], self.width)
        y1 = min(y + soft.shape[0], self.height)
        if x1 <= x0 or y1 <= y0:
            return
        where = np.s_[y0:y1, x0:x1]
        dark = soft[y0 - y : y1 - y, x0 - x : x1 - x] * self.solid[where]
        self.rgb[where] *= (1 - 0.45 * lift * dark)[..., None]

    def _shade(self, part: Part, cover: Plane, origin: Pair, size: tuple[int, int]) -> Plane:
        shade = np.full(cover.shape, part.tone, np.float32)
        if part.relief:
            shade += self._form(part, cover, size)
        if part.folds:
            shade += self._strokes(part, origin, size)
        if part.seams:
            shade += self._lines(part, origin, size)
        shade *= np.float32(self.light.strength)
        texture = surface(part.fabric.texture)
        x, y = int(origin[0]) % 128, int(origin[1]) % 96
        height, width = min(size[1], 512 - y), min(size[0], 512 - x)
        shade[:height, :width] += texture[y : y + height, x : x + width]
        return shade

    def _form(self, part: Part, cover: Plane, size: tuple[int, int]) -> Plane:
        """Shade a part as a cushion: blurred coverage is its height, lit from the side."""
        radius = max(part.softness * self.frame.scale, 0.8)
        step = 1 if radius < 5 else 2 if radius < 12 else 4
        pad = int(2 * radius / step) + 2
        sheet = Image.fromarray((cover * 255).astype(np.uint8))
        small = sheet.resize(
            (max(1, -(-size[0] // step)), max(1, -(-size[1] // step))), Image.Resampling.BOX
        )
        soft = Image.new("L", (small.width + 2 * pad, small.height + 2 * pad))
        soft.paste(small, (pad, pad))
        soft = soft.filter(ImageFilter.GaussianBlur(radius / step))
        height = plane(soft)[pad:-pad, pad:-pad]
        slope_y, slope_x = (
            np.gradient(height) if min(height.shape) > 1 else (height * 0, height * 0)
        )
        facing = -(slope_x * self.light.x + slope_y * self.light.y) * (radius / step) * 1.1
        form = facing - 0.42 * np.clip(1 - height, 0, 1) ** 1.6 + 0.06
        lit = Image.fromarray(form.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
        return np.asarray(lit, np.float32) * np.float32(part.relief)

    def _strokes(self, part: Part, origin: Pair, size: tuple[int, int]) -> Plane:
        """Paint folds: soft dark strokes, each with a light flank towards the lamp."""
        half = (max(1, size[0] // 2), max(1, size[1] // 2))
        dark, light = Image.new("L", half), Image.new("L", half)
        flank = 0.035 * self.frame.scale
        for stroke, tone in part.folds:
            pixels = (self.frame(stroke) - origin) / 2
            value = int(255 * min(abs(tone), 1))
            first, second = (dark, light) if tone < 0 else (light, dark)
            ImageDraw.Draw(first).polygon(pixels.ravel().tolist(), fill=value)
            shift = pixels - np.array([self.light.x, self.light.y]) * flank * (
                1 if tone > 0 else -1
            )
            ImageDraw.Draw(second).polygon(shift.ravel().tolist(), fill=value * 2 // 3)
        blur = ImageFilter.GaussianBlur(max(0.6, 0.02 * self.frame.scale))
        lit, shaded = (
            plane(sheet.filter(blur).resize(size, Image.Resampling.BILINEAR))
            for sheet in (light, dark)
        )
        return lit - shaded

    def _lines(self, part: Part, origin: Pair, size: tuple[int, int]) -> Plane:
        total = np.zeros((size[1], size[0]), np.float32)
        for sign in (-1, 1):
            seams = [seam for seam in part.seams if seam.tone * sign > 0]
            if not seams:
                continue
            sheet = Image.new("L", (size[0] * 2, size[1] * 2))
            pen = ImageDraw.Draw(sheet)
            for seam in seams:
                width = max(1, round(seam.width * self.frame.scale * 2))
                value = int(255 * min(abs(seam.tone), 1))
                pixels = (self.frame(seam.line) - origin) * 2
                for piece in _dashes(pixels, seam.dash * self.frame.scale * 2):
                    pen.line(piece.ravel().tolist(), fill=value, width=width, joint="curve")
            total += sign * plane(sheet.reduce(2))
        return total

    def _colour(self, part: Part, origin: Pair, size: tuple[int, int]) -> Plane:
        """Compute the unlit colours (h, w, 3): swatch and decal mapped into garment units."""
        swatch = part.fabric.swatch
        if swatch is None and part.decal is None:
            return np.asarray(part.fabric.colour, np.float32)[None, None]
        if swatch is None:
            sheet = Image.new("RGB", size, tuple(round(255 * c) for c in part.fabric.colour))
        else:
            sheet = self._repeat(swatch.tile, swatch.period, part.axis, origin, size)
        if part.decal:
            self._print(sheet, part.decal, origin)
        return plane(sheet)

    def _repeat(
        self, tile: Image.Image, period: float, axis: float, origin: Pair, size: tuple[int, int]
    ) -> Image.Image:
        """Repeat the tile over an area of pixels, turned with the part."""
        side = max(4, round(period * self.frame.scale * 1.25))
        small = np.asarray(
            tile.resize(
                (side, side),
                Image.Resampling.BOX if side < tile.width else Image.Resampling.BILINEAR,
            )
        )
        angle = self.frame.angle + axis
        zoom = side / (period * self.frame.scale)
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        to_tile = np.array([[cos, sin], [-sin, cos]])
        corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size]) @ to_tile.T
        shift = to_tile @ (np.asarray(origin) - [self.frame.x, self.frame.y])
        start = np.floor((corners.min(0) + shift) / side) * side - shift
        reach = np.ceil((corners.max(0) - start) / side).astype(int) + 1
        wide = Image.fromarray(np.tile(small, (int(reach[1]), int(reach[0]), 1)))
        matrix = (cos, sin, -start[0], -sin, cos, -start[1])
        return wide.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)

    def _print(self, sheet: Image.Image, decal: Decal, origin: Pair) -> None:
        width = max(2, round(decal.width * self.frame.scale))
        height = max(2, round(width * decal.picture.height / decal.picture.width))
        picture = decal.picture.resize((width, height), Image.Resampling.LANCZOS)
        picture = picture.rotate(
            -np.degrees(self.frame.angle), Image.Resampling.BICUBIC, expand=True
        )
        x, y = (self.frame(np.array([decal.centre]))[0] - origin).tolist()
        sheet.paste(picture, (round(x - picture.width / 2), round(y - picture.height / 2)), picture)


def _dashes(line: Points, dash: float) -> list[Points]:
    """Cut a polyline into dashes with gaps of two thirds; whole where `dash` is 0."""
    if not dash or len(line) < 2:
        return [line]
    step = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    starts = np.arange(0, step[-1], dash * 5 / 3)
    ends = np.minimum(starts + dash, step[-1])
    ends_of = [np.interp(at, step, line[:, k]) for at in (starts, ends) for k in (0, 1)]
    return [np.array([[a, b], [c, d]]) for a, b, c, d in zip(*ends_of, strict=True)]


def bounds(mask: Plane) -> tuple[int, int, int, int]:
    """Compute the tight box (left, top, right, bottom), pixels, of a coverage of at least half."""
    rows, columns = np.flatnonzero((mask >= 0.5).any(1)), np.flatnonzero((mask >= 0.5).any(0))
    if not len(rows):
        return (0, 0, 0, 0)
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
