"""``python -m tests.benchmarks.sent_photos --products CSV --engine URL [--limit N] [--views A,B]``.

Does a photo find the same products when it was changed on its way? Photos of the test part are
changed as people change them, each in every way, and asked; the catalogue must be in the engine
(``search_quality`` leaves it there). Prints for each way the share of the first ten hits that is
kept, the bits of the code that differ, and the share of photos whose first colour is another.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from houndstooth.mappings.features import Features
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.feed import catalogue_and_queries

FIRST = 10
Change = Callable[[Image.Image], Image.Image]


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, round(size)))


def screenshot(photo: Image.Image) -> Image.Image:
    """Show the photo in a shop's page on a phone."""
    width, height = round(photo.width * 1.25), round(photo.height * 1.9)
    page = Image.new("RGB", (width, height), "white")
    page.paste(photo, ((width - photo.width) // 2, round(height * 0.14)))
    pen, unit = ImageDraw.Draw(page), height / 40
    pen.text((unit, unit / 3), "9:41", fill=(20, 20, 20), font=_font(unit))
    pen.text((width - 4 * unit, unit / 3), "LTE", fill=(20, 20, 20), font=_font(unit))
    pen.text((unit, 2 * unit), "< shop.example", fill=(60, 60, 60), font=_font(unit * 1.4))
    for line, text in enumerate(("New in this week", "49.90", "4.6 (213 reviews)", "Size guide")):
        at = (unit, height * 0.14 + photo.height + (1 + 2 * line) * unit)
        pen.text(at, text, fill=(40, 40, 40), font=_font(unit * 1.3))
    box = (unit, height - 4 * unit, width - unit, height - unit)
    pen.rectangle(box, fill=(20, 20, 20))
    pen.text((width / 3, height - 3.4 * unit), "Add to bag", fill="white", font=_font(unit * 1.3))
    return page


def banner(photo: Image.Image) -> Image.Image:
    """Paste a sale banner over the lower edge."""
    out, high = photo.copy(), photo.height // 8
    pen = ImageDraw.Draw(out)
    pen.rectangle((0, photo.height - high, photo.width, photo.height), fill=(200, 20, 40))
    at = (photo.width * 0.1, photo.height - high * 0.85)
    pen.text(at, "SALE  -50%", fill="white", font=_font(high * 0.6))
    return out


def watermark(photo: Image.Image) -> Image.Image:
    """Write a pale watermark over all of it."""
    layer = Image.new("RGBA", photo.size)
    pen, size = ImageDraw.Draw(layer), photo.height / 12
    for row in range(5):
        at = (photo.width * 0.05, row * photo.height / 5)
        pen.text(at, "shop.example   shop.example", fill=(128, 128, 128, 90), font=_font(size))
    return Image.alpha_composite(photo.convert("RGBA"), layer).convert("RGB")


def bars(photo: Image.Image) -> Image.Image:
    """Put black bars left and right, as a square player does."""
    side = max(photo.size)
    out = Image.new("RGB", (round(side * 1.1), side), "black")
    out.paste(photo, ((out.width - photo.width) // 2, (side - photo.height) // 2))
    return out


def collage(photo: Image.Image, columns: int, rows: int) -> Image.Image:
    """Show the photo several times, every second one mirrored."""
    out = Image.new("RGB", (columns * photo.width, rows * photo.height), "white")
    mirrored = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for at in range(columns * rows):
        place = (at % columns * photo.width, at // columns * photo.height)
        out.paste(mirrored if at % 2 else photo, place)
    return out


def scaled(photo: Image.Image, share: float) -> Image.Image:
    """Scale the photo down."""
    size = (max(16, round(photo.width * share)), max(16, round(photo.height * share)))
    return photo.resize(size, Image.Resampling.LANCZOS)


def recompressed(photo: Image.Image) -> Image.Image:
    """Compress it as messengers do."""
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=30)
    return Image.open(buffer).convert("RGB")


def on_ground(photo: Image.Image, level: int) -> Image.Image:
    """Replace the white ground, as far as it reaches from the corners, by a grey level."""
    mask = photo.convert("RGB")
    marker = (1, 254, 1)
    right, low = mask.width - 1, mask.height - 1
    for corner in ((0, 0), (right, 0), (0, low), (right, low)):
        if mask.getpixel(corner) != marker and min(mask.getpixel(corner)) > 225:
            ImageDraw.floodfill(mask, corner, marker, thresh=40)
    pixels = np.asarray(photo).copy()
    pixels[(np.asarray(mask) == marker).all(axis=2)] = level
    return Image.fromarray(pixels)


def lit(photo: Image.Image, gains: tuple[float, float, float]) -> Image.Image:
    """Change the white point."""
    return Image.fromarray((np.asarray(photo) * np.array(gains)).clip(0, 255).astype(np.uint8))


VIEWS: dict[str, Change] = {
    "a quarter left": lambda p: p.transpose(Image.Transpose.ROTATE_90),
    "a quarter right": lambda p: p.transpose(Image.Transpose.ROTATE_270),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "screenshot": screenshot,
    "sale banner": banner,
    "watermark": watermark,
    "black bars": bars,
    "collage of two": lambda p: collage(p, 2, 1),
    "collage of four": lambda p: collage(p, 2, 2),
    "half the size": lambda p: scaled(p, 0.5),
    "recompressed": recompressed,
    "light grey ground": lambda p: on_ground(p, 225),
    "grey ground": lambda p: on_ground(p, 160),
    "dark grey ground": lambda p: on_ground(p, 80),
    "clear border turned black": lambda p: on_ground(p, 0),
    "warmer": lambda p: lit(p, (1.06, 1.0, 0.92)),
    "cooler": lambda p: lit(p, (0.93, 1.0, 1.06)),
}


def ask(search: VisualSearch, photo: Image.Image) -> tuple[Features, list[str]]:
    """Search by a photo; return its features and the first hits."""
    [features] = search.extractor.extract([photo])
    answer = search.search_features(features, SearchRequest(top=FIRST))
    return features, [hit.product_id for hit in answer.hits]


def first_colour(features: Features) -> str:
    """The likeliest colour term."""
    found = [t for t in features.attributes if t.term.startswith("colour:")]
    return max(found, key=lambda t: t.confidence).term if found else ""


def main() -> None:
    """Ask all photos, print a line for each view."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.sent_photos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--engine", required=True, help="with the catalogue in it")
    parser.add_argument("--limit", type=int, default=200, help="so many photos (200)")
    parser.add_argument("--views", help="these alone, separated by commas")
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    options = parser.parse_args()
    names = options.views.split(",") if options.views else list(VIEWS)
    _, queries = catalogue_and_queries(product_rows(options.products), options.split)
    queries = queries[:: max(1, len(queries) // options.limit)][: options.limit]
    taxonomy, settings = Taxonomy.load(), Settings.from_env()
    extractor = load_extractor(taxonomy, **settings.extractor_options)
    search = VisualSearch(extractor, open_engine(options.engine), taxonomy, settings)
    kept: dict[str, list[float]] = {name: [] for name in names}
    bits: dict[str, list[int]] = {name: [] for name in names}
    other: dict[str, list[bool]] = {name: [] for name in names}
    for row in tqdm(queries, unit=" photos"):
        photo = extractor.decode((options.products.parent / row["file"]).read_bytes())
        features, hits = ask(search, photo)
        for name in names:
            changed, found = ask(search, VIEWS[name](photo))
            kept[name].append(len(set(hits) & set(found)) / max(1, len(hits)))
            differ = np.bitwise_count(features.binary_code ^ changed.binary_code)
            bits[name].append(int(differ.sum()))
            other[name].append(first_colour(features) != first_colour(changed))
    size = 8 * len(features.binary_code)
    print(f"{extractor.model}, {len(queries)} photos, codes of {size} bits")
    print("| view | first ten kept | s.e. | bits that differ | another first colour |")
    print("|---|---|---|---|---|")
    for name in names:
        error = np.std(kept[name]) / len(queries) ** 0.5
        print(
            f"| {name} | {np.mean(kept[name]):.3f} | {error:.3f} | {np.mean(bits[name]):.0f} | "
            f"{np.mean(other[name]):.3f} |"
        )
    search.engine.close()


if __name__ == "__main__":
    main()
