"""From specification to picture: single items on white, outfits on a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from houndstooth.models.synthetic.figure import (
    SKINS,
    Body,
    figure,
    flat_body,
    hair,
    hair_behind,
    hair_colour,
    posed_body,
)
from houndstooth.models.synthetic.geometry import Points
from houndstooth.models.synthetic.parts import Frame, Light, Part
from houndstooth.models.synthetic.patterns import Fabric, fabric
from houndstooth.models.synthetic.scenes import ground_shadow, scene, white
from houndstooth.models.synthetic.shading import Canvas, bounds
from houndstooth.models.synthetic.surfaces import Plane, plane
from houndstooth.models.synthetic.wardrobe import FOOTWEAR
from houndstooth.models.synthetic.workshop import GARMENTS, STILLS
from houndstooth.models.synthetic.worn import carried, worn_shoes

SIZE = (300, 400)
PAIRED = FOOTWEAR - {"flip-flops"}


@dataclass(frozen=True)
class ItemSpec:
    """One article: its category, terms by group (colour among them), and the seed of its cut.

    `tucked` tops end inside the waistband.
    """

    category: str
    terms: Mapping[str, str]
    seed: int
    tucked: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture with each item's visible coverage (h, w) float 0..1 and box in pixels.

    Boxes are (left, top, right, bottom), the last two exclusive.
    """

    image: Image.Image
    masks: Sequence[NDArray[np.float32]]

    @property
    def boxes(self) -> tuple[tuple[int, int, int, int], ...]:
        """The tight box of each item's mask."""
        return tuple(bounds(mask) for mask in self.masks)


def cloth_of(spec: ItemSpec) -> Fabric:
    """Choose the cloth of an article; variants in other colours keep the pattern's layout."""
    rng = np.random.default_rng([spec.seed, 1])
    terms = spec.terms
    return fabric(terms["colour"], terms.get("pattern", "solid"), terms.get("material", ""), rng)


def parts_of(spec: ItemSpec, body: Body, worn: bool) -> list[Part]:
    """Make the parts of an article, lying flat or on a body."""
    rng, cloth = np.random.default_rng(spec.seed), cloth_of(spec)
    if spec.category in GARMENTS:
        terms = {**spec.terms, "length": "tucked"} if spec.tucked else spec.terms
        return GARMENTS[spec.category](spec.category, terms, body, cloth, rng, worn)
    if not worn:
        return STILLS[spec.category](spec.category, spec.terms, cloth, rng)
    if spec.category in FOOTWEAR:
        return worn_shoes(spec.category, spec.terms, body, cloth)
    return carried(spec.category, spec.terms, body, cloth, rng)


def _framed(points: Points, size: tuple[int, int], rng: np.random.Generator) -> Frame:
    """Choose a frame that shows the points whole, with random margin, turn and place."""
    angle = float(np.clip(rng.normal(0, 0.025), -0.06, 0.06))
    turned = Frame(1, 0, 0, angle)(points)
    low, high = turned.min(0), turned.max(0)
    fill = rng.uniform(0.76, 0.92)
    scale = float(min(size[0] * fill / (high[0] - low[0]), size[1] * fill / (high[1] - low[1])))
    room = (np.asarray(size) - scale * (high - low)) / 2
    shift = room * (1 + rng.uniform(-0.45, 0.45, 2)) - scale * low
    return Frame(scale, float(shift[0]), float(shift[1]), angle)


def draw_item(spec: ItemSpec, size: tuple[int, int] = SIZE, seed: int | None = None) -> Drawing:
    """Draw one article on white.

    Args:
        size: width and height, pixels.
        seed: seed of the photograph alone; None is that of the article.
    """
    rng = np.random.default_rng([spec.seed if seed is None else seed, 7])
    parts = parts_of(spec, flat_body(spec.terms.get("gender", "unisex"), rng), worn=False)
    if spec.category in FOOTWEAR:
        mirror = rng.random() < 0.5
        parts = [part.moved((-1.0 if mirror else 1.0, 1.0)) for part in parts]
        if spec.category in PAIRED and rng.random() < 0.35:
            way = -1 if mirror else 1
            behind = (way * rng.uniform(0.3, 0.5), -rng.uniform(0.4, 0.6))
            parts = [*(part.moved((1.0, 1.0), behind) for part in parts), *parts]
    frame = _framed(np.vstack([part.outline for part in parts if not part.clip]), size, rng)
    light = Light(rng.uniform(-0.7, 0.7), -rng.uniform(0.5, 0.8), rng.uniform(0.85, 1.15))
    background = white(size, rng)
    blank = Canvas(background.copy(), frame, light)
    blank.item(parts)
    canvas = blank
    mask = canvas.items[0]
    paper = background * (
        1 - _shadow(mask, light, rng, standing=spec.category in FOOTWEAR)[..., None]
    )
    rgb = paper * (1 - mask[..., None]) + (canvas.rgb - background * (1 - mask[..., None]))
    return Drawing(_picture(rgb), [mask])


def _shadow(mask: Plane, light: Light, rng: np.random.Generator, standing: bool) -> Plane:
    """Compute the drop shadow on the paper, 0..1."""
    left, _, right, bottom = bounds(mask)
    small = Image.fromarray((mask * 255).astype(np.uint8)).reduce(2)
    reach = rng.uniform(2.5, 5.0)
    soft = small.filter(ImageFilter.GaussianBlur(reach)).resize(mask.shape[::-1])
    dark = plane(soft)
    dark = np.roll(dark, (round(-light.y * reach * 1.3), round(-light.x * reach)), (0, 1)) * 0.2
    if standing:
        pool = np.zeros((*mask.shape, 1), np.float32) + 1
        ground_shadow(pool, ((left + right) / 2, bottom - 2.0), ((right - left) * 0.55, 9.0), 0.4)
        dark = dark * 0.4 + (1 - pool[..., 0])
    return np.asarray(dark, dtype=np.float32)


def draw_outfit(
    specs: Sequence[ItemSpec], size: tuple[int, int] = SIZE, seed: int = 0, woman: bool = True
) -> Drawing:
    """Draw articles worn by a faceless figure, in the order they are put on."""
    rng = np.random.default_rng([seed, 11])
    gender = "women" if woman else "men"
    body = posed_body(gender, rng)
    tall = size[1] * rng.uniform(0.84, 0.95) / 8.35
    frame = Frame(
        tall,
        size[0] * rng.uniform(0.43, 0.57),
        (size[1] - tall * 8.1) * rng.uniform(0.4, 0.75),
        float(rng.normal(0, 0.012)),
        body.sway,
    )
    if rng.random() < 0.2:
        frame = Frame(tall * 1.12, frame.x, -tall * 0.9, frame.angle, frame.sway)
    background = scene(size, rng)
    feet = frame(np.array([[0.0, 8.0]]))[0]
    ground_shadow(background, (feet[0], feet[1]), (tall * 1.5, tall * 0.25), 0.5)
    light = Light(rng.uniform(-0.7, 0.7), -rng.uniform(0.45, 0.7), rng.uniform(0.85, 1.15))
    canvas = Canvas(background, frame, light)
    skin = SKINS[int(rng.integers(len(SKINS)))]
    haired, long = rng.random() < 0.65, woman and rng.random() < 0.75
    locks = hair_colour(rng)
    if haired and long:
        canvas.item(hair_behind(locks, rng.uniform(1.15, 2.0)))
    canvas.item(figure(body, skin))
    if haired:
        canvas.item(hair(locks, long))
    first = len(canvas.items)
    for spec in specs:
        canvas.item(parts_of(spec, body, worn=True))
    warmth = np.array([1 + rng.uniform(-0.02, 0.03), 1.0, 1 + rng.uniform(-0.03, 0.02)], np.float32)
    return Drawing(_picture(canvas.rgb * warmth), canvas.items[first:])


def _picture(rgb: Plane) -> Image.Image:
    return Image.fromarray((np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8))
