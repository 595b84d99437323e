"""The figures of docs/results.md, on images that are drawn.

``python -m tests.benchmarks.figures --out docs`` draws a small catalogue and writes

- ``attributes.png``: items and what is recognised of each (the paper's Figure 2);
- ``guided.png``: one outfit, guided by each of its categories: box, attributes and the catalogue's
  products that look most like it (the paper's Figure 8).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from houndstooth.commands import main as houndstooth
from houndstooth.mappings.features import Box, ScoredTerm
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch

SHOWN = ("t-shirt", "dress", "jeans", "heels", "sports-shoes", "handbag", "watch", "coat")
HITS = 4


def main() -> None:
    """Draw the catalogue, then the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.figures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=31, help="of the drawings (31)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    taxonomy = Taxonomy.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(240, options.seed, folder / "items", outfits=0.0, progress=True)
        generate(40, options.seed + 1, folder / "outfits", outfits=1.0, progress=True)
        extractor = load_extractor(taxonomy)
        attributes(folder / "items", extractor, taxonomy, options.out / "attributes.png")
        engine = f"sqlite:///{folder}/catalogue.db"
        houndstooth(["ingest", str(folder / "items" / "feed.csv"), "--engine", engine])
        search = VisualSearch(extractor, open_engine(engine), taxonomy, Settings())
        guided(folder, search, taxonomy, options.out / "guided.png")


def attributes(folder: Path, extractor: ImageExtractor, taxonomy: Taxonomy, picture: Path) -> None:
    """Eight items, each with its category and attributes and how sure they are."""
    records = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    first = {record["category"]: record for record in reversed(records)}
    figure, axes = plt.subplots(2, 4, figsize=(13, 8.4), layout="tight")
    for axis, category in zip(axes.flat, SHOWN, strict=True):
        path = folder / first[category]["file"]
        [seen] = extractor.extract([extractor.decode(path.read_bytes())])
        show(axis, path, seen.box)
        axis.set_title(f"{taxonomy.label_of(seen.category.term)} {seen.category.confidence:.2f}")
        axis.set_xlabel(words(seen.best_attributes(), 8), fontsize=8)
    figure.savefig(picture, dpi=70)


def guided(folder: Path, search: VisualSearch, taxonomy: Taxonomy, picture: Path) -> None:
    """The outfit with the most large items, asked by each of their categories."""
    lines = (folder / "outfits" / "labels.jsonl").read_text().splitlines()
    record = max(map(json.loads, lines), key=plainly_visible)
    items = sorted(record["items"], key=lambda item: -item["box"][2] * item["box"][3])
    categories = list(dict.fromkeys(item["category"] for item in items))[:4]
    path = folder / "outfits" / record["file"]
    figure, axes = plt.subplots(
        len(categories), HITS + 1, figsize=(13, 3.6 * len(categories)), layout="tight"
    )
    for row, category in zip(axes, categories, strict=True):
        answer = search.search(path.read_bytes(), SearchRequest(category=category, top=HITS))
        show(row[0], path, answer.box)
        row[0].set_title(f"{taxonomy.label_of(category)} (box: {answer.box_source})", fontsize=9)
        row[0].set_xlabel(words(answer.attributes, 6), fontsize=8)
        for axis, hit in zip(row[1:], answer.hits, strict=True):
            show(axis, folder / "items" / str(hit.product["image"]))
            axis.set_title(textwrap.shorten(str(hit.product["title"]), 34), fontsize=8)
            axis.set_xlabel(f"score {hit.score:.2f}", fontsize=8)
    figure.savefig(picture, dpi=70)


def plainly_visible(record: dict[str, Any]) -> float:
    """How many items of an outfit are large: the fourth largest box's share of the image."""
    areas = sorted(item["box"][2] * item["box"][3] for item in record["items"])
    return float(areas[-4]) if len(areas) >= 4 else 0.0


def show(axis: Axes, path: Path, box: Box | None = None) -> None:
    """An image, and the item's box on it."""
    with Image.open(path) as image:
        axis.imshow(image)
        width, height = image.size
    if box is not None:
        corner, sides = (box.x * width, box.y * height), (box.w * width, box.h * height)
        axis.add_patch(Rectangle(corner, *sides, fill=False, edgecolor="#c23434", linewidth=2))
    axis.set_xticks([])
    axis.set_yticks([])
    for side in axis.spines.values():
        side.set_color("#dddddd")


def words(terms: Sequence[ScoredTerm], most: int) -> str:
    """``colour red 0.93 · sleeve long 0.99``, two a line."""
    said = [f"{t.term.replace(':', ' ')} {t.confidence:.2f}" for t in terms[:most]]
    return "\n".join(" · ".join(said[i : i + 2]) for i in range(0, len(said), 2))


if __name__ == "__main__":
    main()
