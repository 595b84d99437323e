"""The catalogue: which styles in which colours, photographed how; drawn in parallel and written.

Everything about product number i follows from (seed, i) and from the plan, which is made in one
pass from the seed: the number of jobs changes nothing.
"""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.synthetic.drawing import SIZE, Drawing, ItemSpec, draw_item, draw_outfit
from houndstooth.models.synthetic.outfits import WEARABLE, dress_up
from houndstooth.models.synthetic.shading import bounds
from houndstooth.models.synthetic.titles import BRANDS, price, shelf, title
from houndstooth.models.synthetic.wardrobe import KINDS, draw_terms, palette, variety

FEED_COLUMNS = (
    "id", "title", "category", "price", "currency", "brand", "stock", "gender", "image", "group",
)  # fmt: skip
MIN_VISIBLE = 60  # pixels


@dataclass(frozen=True)
class Product:
    """One row of the feed: the article for sale, and what else the figure wears (if any)."""

    index: int
    spec: ItemSpec
    group: str
    outfit: tuple[ItemSpec, ...]
    photo: int
    row: dict[str, str]

    @property
    def file(self) -> str:
        """The image's path relative to the feed."""
        return f"images/{self.row['id']}.jpg"


def plan(count: int, seed: int, outfits: float) -> Iterator[Product]:
    """Plan the products of a catalogue in order; a shorter one is the start of a longer one."""
    index = style = 0
    deck: list[str] = []
    while index < count:
        rng = np.random.default_rng([seed, 1, style])
        if not deck:
            cards = [name for name, kind in KINDS.items() for _ in range(kind.share)]
            deck = [str(name) for name in rng.permutation(cards)]
        category = deck.pop()
        terms = draw_terms(category, None, rng)
        colours = variety(palette(category, terms), int(rng.choice([1, 1, 2, 3])), rng)
        brand, cost = str(rng.choice(BRANDS)), price(category, rng)
        cut = int(rng.integers(2**31))
        for colour in colours[: count - index]:
            spec = ItemSpec(category, {**terms, "colour": colour}, cut)
            yield _product(index, spec, f"S{seed}-G{style:05d}", seed, outfits, brand, cost)
            index += 1
        style += 1


def _product(
    index: int, spec: ItemSpec, group: str, seed: int, outfits: float, brand: str, cost: float
) -> Product:
    rng = np.random.default_rng([seed, 2, index])
    worn: tuple[ItemSpec, ...] = ()
    gender = spec.terms["gender"]
    if rng.random() < outfits and spec.category in WEARABLE and gender not in ("boys", "girls"):
        worn = tuple(dress_up(spec, rng))
    loose = not worn and rng.random() < 0.08
    identity = f"S{seed}-{index:05d}"
    row = {
        "id": identity,
        "title": title(spec.category, spec.terms, brand, loose, rng),
        "category": shelf(spec.category, gender),
        "price": f"{cost:.2f}",
        "currency": "EUR",
        "brand": brand,
        "stock": str(0 if rng.random() < 0.05 else int(rng.integers(1, 120))),
        "gender": gender.capitalize(),
        "image": f"images/{identity}.jpg",
        "group": group,
    }
    return Product(index, spec, group, worn, int(rng.integers(2**31)), row)


def photograph(product: Product) -> tuple[Drawing, tuple[ItemSpec, ...]]:
    """Draw a product's picture, and list the articles of its masks, in the same order."""
    if not product.outfit:
        return draw_item(product.spec, SIZE, product.photo), (product.spec,)
    woman = product.spec.terms["gender"] == "women" or (
        product.spec.terms["gender"] == "unisex" and product.photo % 2 == 0
    )
    drawing = draw_outfit(product.outfit, SIZE, product.photo, woman)
    if float(drawing.masks[_place(product, product.outfit)].sum()) < MIN_VISIBLE:
        # Covered by the rest of the outfit: nobody would sell it by such a picture.
        return draw_item(product.spec, SIZE, product.photo), (product.spec,)
    return drawing, product.outfit


def _place(product: Product, specs: Sequence[ItemSpec]) -> int:
    """Find the place of the product among the articles of a picture."""
    return next(i for i, spec in enumerate(specs) if spec.seed == product.spec.seed)


def _fractions(mask: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> list[float]:
    left, top, right, bottom = bounds(mask)
    width, height = SIZE
    box = (left / width, top / height, (right - left) / width, (bottom - top) / height)
    return [round(v, 6) for v in box]


def _terms(spec: ItemSpec, taxonomy: Taxonomy) -> list[str]:
    """List an item's terms for the groups that its category has, in taxonomy order."""
    hidden = {"length"} if spec.tucked else set()
    groups = [group for group in taxonomy.groups_of(spec.category) if group not in hidden]
    return [f"{group}:{spec.terms[group]}" for group in groups if group in spec.terms]


def _shoot(product: Product, out: Path, taxonomy: Taxonomy) -> dict[str, object]:
    """Draw one product, write its image and return its label."""
    drawing, specs = photograph(product)
    _save(drawing, out / product.file)
    items = [
        {"category": spec.category, "attributes": _terms(spec, taxonomy), "box": _fractions(mask)}
        for spec, mask in zip(specs, drawing.masks, strict=True)
    ]
    sold = items[_place(product, specs)]
    seen = [float(mask.sum()) >= MIN_VISIBLE for mask in drawing.masks]
    visible = [item for item, shown in zip(items, seen, strict=True) if shown]
    return {"file": product.file, "product_id": product.row["id"], **sold, "items": visible}


def _save(drawing: Drawing, path: Path) -> None:
    """Write a picture so that it is there whole or not at all."""
    part = path.with_suffix(".part")
    drawing.image.save(part, "JPEG", quality=90)
    part.replace(path)


def _draw_missing(product: Product, out: Path) -> None:
    if not (out / product.file).exists():
        _save(photograph(product)[0], out / product.file)


@contextmanager
def draw_in_background(products: Sequence[Product], folder: Path) -> Iterator[Iterator[None]]:
    """Draw the pictures that a folder lacks, in a process of its own.

    Yields an iterator that returns once for each product, in order, when its picture is there. At
    the end of the block what has not been drawn is left.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_leave_interrupts)
    try:
        yield pool.map(partial(_draw_missing, out=folder), products)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the process that drawing is for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def generate(
    count: int,
    seed: int,
    out: Path | str,
    outfits: float = 0.3,
    jobs: int | None = None,
    progress: bool = False,
) -> list[Product]:
    """Draw `count` products into `out`: images/, feed.csv and labels.jsonl.

    `outfits` is the share of wearable products shown on a figure, `jobs` the number of processes
    (None: one a core). Raises `InvalidConfig` where a number is out of range or `out` cannot be
    written.
    """
    if count < 1:
        raise InvalidConfig(f"expected a count of 1 or more, got {count}")
    if not 0 <= outfits <= 1:
        raise InvalidConfig(f"expected a share of outfits from 0 to 1, got {outfits}")
    if seed < 0:
        raise InvalidConfig(f"expected a seed of 0 or more, got {seed}")
    if jobs is not None and jobs < 1:
        raise InvalidConfig(f"expected 1 job or more, got {jobs}")
    folder = Path(out)
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        products = list(plan(count, seed, outfits))
        _write_labels(folder, products, jobs or os.cpu_count() or 1, progress)
        write_feed(folder, products)  # last: where it is, the pictures are
    except OSError as error:
        raise InvalidConfig(
            f"expected a folder that can be written, got {folder}: {error}"
        ) from error
    return products


def write_feed(folder: Path, products: Sequence[Product]) -> Path:
    """Write ``feed.csv``, a row for each product; return its path."""
    path = folder / "feed.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FEED_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(product.row for product in products)
    return path


def _write_labels(folder: Path, products: Sequence[Product], jobs: int, progress: bool) -> None:
    shoot = partial(_shoot, out=folder, taxonomy=Taxonomy.load())
    with (folder / "labels.jsonl").open("w", encoding="utf-8") as file:
        for label in _each(shoot, products, jobs, progress):
            file.write(json.dumps(label, ensure_ascii=False) + "\n")


def _each(
    shoot: Callable[[Product], dict[str, object]],
    products: Sequence[Product],
    jobs: int,
    progress: bool,
) -> Iterator[dict[str, object]]:
    bar = partial(tqdm, total=len(products), unit="image", desc="drawing", disable=not progress)
    if jobs == 1 or len(products) < 8:
        yield from bar(map(shoot, products))
        return
    # Spawned, for a fork of a process that has threads (a test run, a service) can hang.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from bar(pool.map(shoot, products, chunksize=4))
