"""Does the copy that the page sends of a large photo find the same products?

``python -m tests.benchmarks.reduced_photos --folder var [--photos DIR] [--count N]``

Draws photos of 12 megapixels of products of a demo's catalogue (``--folder`` is that of
``houndstooth demo``), with the grain of a sensor. Each is asked as it is, as the copy that the
page's script makes of it in Chromium, and as copies of other sides and qualities. Prints for each
the size of the file, the share of the first ten hits that is kept, whether the first hit is, and
the bits of the code that differ.
"""

from __future__ import annotations

import argparse
import base64
import io
import logging
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean

import numpy as np
from flask import Flask
from PIL import Image
from tqdm import tqdm

from houndstooth.mappings.features import Features
from houndstooth.mappings.search import SearchRequest
from houndstooth.models.synthetic.catalogue import Product, plan
from houndstooth.models.synthetic.drawing import draw_item, draw_outfit
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from houndstooth.web.app import create_app
from tests.benchmarks.demo_catalogue import database_of
from tests.integration.conftest import serve
from tests.integration.page import Page, start_chromium

SIZE = (3000, 4000)
GRAIN = 5.0
"""Standard deviation of a sensor's noise, of 255."""
SEED, OUTFITS = 7, 0.3
"""Those of ``houndstooth demo``."""
FIRST = 10
COPIES = [(1024, 95), (1024, 80), (768, 95), (512, 95)]
REDUCE = """
const [bytes, done] = arguments;
const { reduced } = await import("/static/js/reduce.js");
const data = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
const copy = await reduced(new File([data], "photo.jpg", { type: "image/jpeg" }));
const reader = new FileReader();
reader.onload = () => done(reader.result.split(",")[1]);
reader.readAsDataURL(copy);
"""


def take_photo(product: Product, seed: int) -> bytes:
    """Draw a product as a large photo; the file as a phone would write it."""
    if product.outfit:
        image = draw_outfit(product.outfit, SIZE, seed).image
    else:
        image = draw_item(product.spec, SIZE, seed).image
    grain = np.random.default_rng(seed).normal(0, GRAIN, (SIZE[1], SIZE[0], 1))
    pixels = (np.asarray(image, dtype=np.float32) + grain).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def take_photos(folder: Path, count: int) -> list[bytes]:
    """Draw photos, or read those that were drawn before."""
    folder.mkdir(parents=True, exist_ok=True)
    products = list(plan(300, SEED, OUTFITS))
    for number in tqdm(range(count), unit=" photos drawn"):
        file = folder / f"{number:03}.jpg"
        if not file.exists():
            file.write_bytes(take_photo(products[number * len(products) // count], 1000 + number))
    return [file.read_bytes() for file in sorted(folder.glob("*.jpg"))[:count]]


def by_browser(page: Page, photo: bytes) -> bytes:
    """Reduce a photo by the page's own script."""
    text = base64.b64encode(photo).decode()
    return base64.b64decode(page.driver.execute_async_script(f"(async () => {{{REDUCE}}})()", text))


def by_pillow(side: int, quality: int, photo: bytes) -> bytes:
    """Reduce a photo to a side and a quality."""
    with Image.open(io.BytesIO(photo)) as image:
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def again(photo: bytes) -> bytes:
    """Write the whole photo anew, for comparison: what any change of a file costs."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def ask(search: VisualSearch, photo: bytes) -> tuple[Features, list[str]]:
    """Search by a file; return its features and the first hits."""
    [features] = search.extractor.extract([search.extractor.decode(photo)])
    answer = search.search_features(features, SearchRequest(top=FIRST))
    return features, [hit.product_id for hit in answer.hits]


def compare(app: Flask, page: Page, photos: list[bytes]) -> None:
    """Ask all photos in every way, print a line for each way."""
    search = app.extensions["houndstooth"].search
    ways: dict[str, Callable[[bytes], bytes]] = {
        "the page's copy, by Chromium": partial(by_browser, page),
        "written anew at full size": again,
    }
    for side, quality in COPIES:
        ways[f"{side} px, quality {quality}"] = partial(by_pillow, side, quality)
    rows: dict[str, list[tuple[int, float, bool, int]]] = {name: [] for name in ways}
    for photo in tqdm(photos, unit=" photos asked"):
        features, hits = ask(search, photo)
        for name, way in ways.items():
            copy = way(photo)
            changed, found = ask(search, copy)
            kept = len(set(hits) & set(found)) / max(1, len(hits))
            bits = int(np.bitwise_count(features.binary_code ^ changed.binary_code).sum())
            rows[name].append((len(copy), kept, hits[:1] == found[:1], bits))
    print(f"{len(photos)} photos of {mean(map(len, photos)) / 1e6:.1f} MB in the mean")
    print("| copy | kB | first ten kept | same first | bits that differ |\n|---|---|---|---|---|")
    for name, found_rows in rows.items():
        size, kept, first, bits = (mean(column) for column in zip(*found_rows, strict=True))
        print(f"| {name} | {size / 1e3:.0f} | {kept:.3f} | {first:.2f} | {bits:.1f} |")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.reduced_photos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=Path("var"), help="of a demo (var)")
    parser.add_argument("--photos", type=Path, default=Path("var/large"), help="kept (var/large)")
    parser.add_argument("--count", type=int, default=24, help="photos (24)")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    photos = take_photos(given.photos, given.count)
    engine = open_engine(f"sqlite:///{database_of(given.folder)}")
    app = create_app(replace(Settings.from_env(), images=given.folder / "drawn"), engine=engine)
    with tempfile.TemporaryDirectory() as profile, serve(app) as address:
        driver = start_chromium(Path(profile))
        try:
            page = Page(driver, address)
            page.open()
            compare(app, page, photos)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
