"""Views of photos as people send them: small, recompressed, framed, in collages, written over.

What a photo shows stays the same, so a network learns the same answers for them.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

SIDE = 208
"""Side of drawn overlays, pixels."""

OVERLAYS = 48
"""Number of overlays of each kind."""

SMALLEST, LARGEST = 0.3, 0.65
"""Sides of small views, as a share of the view's."""

QUALITIES = (15, 60)
"""JPEG qualities of recompressed views."""

WORDS = ("SALE", "NEW", "-50%", "-30%", "FREE SHIPPING", "SHOP NOW", "LIMITED", "ONLY 19.99")
LINES = ("Summer dress", "Add to bag", "In stock", "4.7 (128)", "Size guide", "You may like")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

View = tuple[Tensor, Tensor]
"""An image [3, s, s] in [0, 255], and boxes [2, 4] of the foreground and of the item."""

Change = Callable[[Tensor, Tensor], View]
"""Changes an image and its boxes."""


def as_sent(
    views: Tensor, boxes: Tensor, share: float, changed: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Change some views in one way each.

    Args:
        views: [n, 3, s, s] in [0, 255].
        boxes: [n, 2, 4]: the foreground's box and the item's own; left, top, right, bottom in
            [0, 1].
        share: share of the views that are changed.
        changed: those that may be changed, bool [n]; None is all.

    Returns:
        The views and their boxes. A frame is part of the foreground, as it is not plain.
    """
    views, boxes = views.clone(), boxes.clone()
    drawn = torch.rand(len(views)) < share
    rows = drawn if changed is None else drawn & changed.cpu()
    for row in torch.nonzero(rows).flatten().tolist():
        change = CHANGES[int(torch.randint(len(CHANGES), ()))]
        views[row], boxes[row] = change(views[row], boxes[row])
    return views, boxes


def shrink(view: Tensor, boxes: Tensor) -> View:
    """Scale a view down, and up again."""
    side = view.shape[-1]
    small = max(16, round(side * _uniform(SMALLEST, LARGEST)))
    down = F.interpolate(view[None], (small, small), mode="bilinear", antialias=True)
    return F.interpolate(down, (side, side), mode="bilinear")[0], boxes


def recompress(view: Tensor, boxes: Tensor) -> View:
    """Compress a view as JPEG of low quality."""
    quality = int(_uniform(*QUALITIES))
    pixels = view.clamp(0, 255).permute(1, 2, 0).to(torch.uint8).cpu().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    decoded = np.array(Image.open(file))
    return torch.from_numpy(decoded).permute(2, 0, 1).to(view), boxes


def white_point(view: Tensor, boxes: Tensor) -> View:
    """Change the white point: warmer or cooler light, and exposure."""
    warm, green = _uniform(-0.1, 0.1), _uniform(-0.04, 0.04)
    gain = torch.tensor([1 + warm, 1 + green, 1 - warm]) * _uniform(0.85, 1.1)
    return (view * gain.to(view)[:, None, None]).clamp(0, 255), boxes


def bars(view: Tensor, boxes: Tensor) -> View:
    """Put bars of one colour at two opposite edges, as video players do."""
    scale, level = _uniform(0.6, 0.9), _one_of((0.0, 0.0, 0.0, 255.0, 90.0))
    across = _uniform(0, 1) < 0.5
    size = (1.0, scale) if across else (scale, 1.0)
    canvas = torch.full_like(view, level)
    return _place(view, boxes, canvas, ((1 - size[0]) / 2, (1 - size[1]) / 2), size, keep=True)


def screenshot(view: Tensor, boxes: Tensor) -> View:
    """Show a view in a page with lines of text, white or dark."""
    scale = _uniform(0.5, 0.85)
    dark = _uniform(0, 1) < 0.3
    canvas = torch.full_like(view, 25.0 if dark else 255.0)
    text, _ = _overlay("page", view)
    canvas = canvas + (255.0 * dark - canvas) * text
    at = (_uniform(0, 1 - scale), _uniform(0, 1 - scale))
    return _place(view, boxes, canvas, at, (scale, scale))


def collage(view: Tensor, boxes: Tensor) -> View:
    """Show the same item two or four times."""
    tiles = 2 if _uniform(0, 1) < 0.5 else 4
    half = F.interpolate(view[None], scale_factor=0.5, mode="bilinear", antialias=True)[0]
    canvas = torch.full_like(view, 255.0)
    side, edge = half.shape[-1], view.shape[-1] - half.shape[-1]
    places = [(0, 0), (0, edge), (edge, 0), (edge, edge)]
    for number, (y, x) in enumerate(places[:tiles]):
        y = y if tiles == 4 else edge // 2
        canvas[:, y : y + side, x : x + side] = half.flip(2) if number % 2 else half
    whole = torch.tensor([0.0, 0.0, 1.0, 1.0]).to(boxes)
    return canvas, whole.expand(2, 4)


def write_banner(view: Tensor, boxes: Tensor) -> View:
    """Paste a banner or a price tag over an edge or a corner."""
    mask, colour = _overlay("banner", view)
    whole = torch.tensor([0.0, 0.0, 1.0, 1.0]).to(boxes)
    return view + (colour - view) * mask, torch.stack([whole, boxes[1]])


def watermark(view: Tensor, boxes: Tensor) -> View:
    """Write a watermark over the whole view."""
    strength, level = _uniform(0.15, 0.5), _one_of((255.0, 0.0, 128.0))
    mask, _ = _overlay("mark", view)
    return view + (level - view) * mask * strength, boxes


CHANGES: tuple[Change, ...] = (
    *(shrink, shrink, shrink, recompress, white_point),
    *(bars, screenshot, collage, write_banner, watermark),
)
"""All changes; one that is there more often is made more often."""


def _place(
    view: Tensor,
    boxes: Tensor,
    canvas: Tensor,
    at: tuple[float, float],
    size: tuple[float, float],
    *,
    keep: bool = False,
) -> View:
    """Place a view in a canvas: ``at`` and ``size`` are shares of it, across and down.

    Args:
        keep: whether the view keeps its scale, and loses its edges instead.
    """
    side = canvas.shape[-1]
    wide, high = (max(1, round(part * side)) for part in size)
    x, y = min(round(at[0] * side), side - wide), min(round(at[1] * side), side - high)
    canvas = canvas.clone()
    rows, columns = slice(y, y + high), slice(x, x + wide)
    start, scale = torch.tensor([x, y]).to(boxes), torch.tensor([wide, high]).to(boxes)
    if keep:
        canvas[:, rows, columns] = view[:, rows, columns]
        low = torch.maximum(boxes[:, :2], start / side)
        moved = torch.cat([low, torch.minimum(boxes[:, 2:], (start + scale) / side)], 1)
        moved[:, 2:] = torch.maximum(moved[:, 2:], low + 0.05)
    else:
        small = F.interpolate(view[None], (high, wide), mode="bilinear", antialias=True)
        canvas[:, rows, columns] = small[0]
        corners = [start + boxes[:, :2] * scale, start + boxes[:, 2:] * scale]
        moved = torch.cat(corners, 1) / side
    moved[0] = torch.tensor([0.0, 0.0, 1.0, 1.0])
    return canvas, moved.clamp(0, 1)


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))


def _one_of(values: Sequence[float]) -> float:
    return values[int(torch.randint(len(values), ()))]


def _overlay(kind: str, view: Tensor) -> tuple[Tensor, Tensor]:
    """Choose an overlay of a kind: its mask [1, s, s] in [0, 1] and its colours [3, s, s]."""
    pool = _overlays()[kind]
    both = torch.from_numpy(pool[int(torch.randint(len(pool), ()))]).to(view)
    sized = F.interpolate(both[None], view.shape[-2:], mode="bilinear")[0]
    return sized[:1], sized[1:]


@cache
def _overlays() -> dict[str, list[NDArray[np.float32]]]:
    """Draw all overlays, the same in every run: mask and colours, float32 [4, SIDE, SIDE]."""
    generator = random.Random(1)
    drawn = {"page": _draw_page, "banner": _draw_banner, "mark": _draw_mark}
    return {
        kind: [_arrays(*draw(generator)) for _ in range(OVERLAYS)] for kind, draw in drawn.items()
    }


def _arrays(mask: Image.Image, colours: Image.Image) -> NDArray[np.float32]:
    shades = np.asarray(mask, dtype=np.float32)[None] / 255
    return np.concatenate([shades, np.asarray(colours, dtype=np.float32).transpose(2, 0, 1)])


def _font(
    generator: random.Random, low: int, high: int
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(generator.randint(low, high))


def _draw_page(generator: random.Random) -> tuple[Image.Image, Image.Image]:
    mask = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(mask)
    for _ in range(generator.randint(4, 10)):
        at = generator.randint(0, SIDE * 3 // 4), generator.randint(0, SIDE - 10)
        pen.text(at, generator.choice(LINES), fill=255, font=_font(generator, 7, 14))
    pen.text((4, 2), "9:41", fill=255, font=_font(generator, 7, 10))
    return mask, Image.new("RGB", (SIDE, SIDE))


def _draw_banner(generator: random.Random) -> tuple[Image.Image, Image.Image]:
    mask = Image.new("L", (SIDE, SIDE))
    colours = Image.new("RGB", (SIDE, SIDE))
    fill = tuple(generator.randint(0, 255) for _ in range(3))
    ink = (255, 255, 255) if sum(fill) < 380 else (0, 0, 0)
    high = generator.randint(SIDE // 10, SIDE // 5)
    wide = SIDE if generator.random() < 0.6 else generator.randint(SIDE // 4, SIDE // 2)
    x = generator.choice((0, SIDE - wide))
    y = generator.choice((0, SIDE - high, generator.randint(0, SIDE - high)))
    ImageDraw.Draw(mask).rectangle((x, y, x + wide, y + high), fill=255)
    pen = ImageDraw.Draw(colours)
    pen.rectangle((x, y, x + wide, y + high), fill=fill)
    text = generator.choice(WORDS)
    pen.text((x + 6, y + high // 5), text, fill=ink, font=_font(generator, 12, max(13, high // 2)))
    return mask, colours


def _draw_mark(generator: random.Random) -> tuple[Image.Image, Image.Image]:
    mask = Image.new("L", (2 * SIDE, 2 * SIDE))
    pen, font = ImageDraw.Draw(mask), _font(generator, 14, 34)
    text = generator.choice(("shop.example", "SAMPLE", "photo", "(c) studio"))
    step = generator.randint(50, 140)
    for y in range(0, 2 * SIDE, step):
        for x in range(0, 2 * SIDE, 2 * step):
            pen.text((x, y), text, fill=255, font=font)
    half = SIDE // 2
    mask = mask.rotate(generator.choice((0, 30, 45))).crop((half, half, SIDE + half, SIDE + half))
    return mask, Image.new("RGB", (SIDE, SIDE))
