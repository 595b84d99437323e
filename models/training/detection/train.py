"""``python -m models.training.detection.train CONFIG.toml --street DIR --products CSV --synthetic …``.

From photos with boxes to ``models/weights/NAME-VERSION.onnx``, its card and its log. An interrupted
run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torchvision.models.detection import FasterRCNN

from houndstooth.mappings.errors import HoundstoothError, InvalidConfig
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.networks.faster_rcnn import faster_rcnn
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.detection.card import write_detector
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.composites import cut_out
from houndstooth.models.training.detection.export import load_exported
from houndstooth.models.training.detection.fit import DetectorRecipe, fit
from houndstooth.models.training.detection.pseudo_labels import casual_photos, worn_products
from houndstooth.models.training.detection.samples import (
    STREET_LABELS,
    lone_products,
    street_images,
    synthetic_images,
)
from houndstooth.models.training.detection.views import Sources
from houndstooth.models.training.recipe import read_recipe
from houndstooth.models.training.trained_file import trained_file


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, export, and write the card and the log."""
    options = _options(arguments)
    recipe = read_recipe(DetectorRecipe, options.config)
    recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
    sources = read_sources(options)
    print(sources.sizes())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.seed)
    network = faster_rcnn(
        len(CLASSES), recipe.width, recipe.hidden, recipe.frozen_blocks, encoder=recipe.encoder
    )
    options.out.mkdir(parents=True, exist_ok=True)
    if recipe.init_from:
        fine_tune_from(network, options.out, recipe.init_from)
    stem = options.out / f"{recipe.name}-{recipe.version}"
    log = EpochLog(stem.with_name(stem.name + ".log.csv"))
    checkpoint = stem.with_name(stem.name + ".checkpoint.pt")
    trained = fit(
        network,
        lambda epoch: sources.epoch(
            recipe.shares, recipe.images, recipe.batch, (recipe.seed, epoch)
        ),
        recipe,
        device,
        checkpoint,
        log.after_epoch,
    )
    held = list(street_images(options.street, {"validation"}))
    seen = hashlib.sha256((options.street / STREET_LABELS).read_bytes()).hexdigest()
    facts = {
        "command": options.command_line,
        "trained_on": [seen],
        "training_images": sources.sizes(),
    }
    write_detector(stem, trained, recipe, facts, held)
    checkpoint.unlink(missing_ok=True)


def fine_tune_from(network: FasterRCNN, out: Path, name: str) -> None:
    """Load a trained detector's weights, from ``out`` or the shipped ones.

    Raises:
        InvalidConfig: there is none of that name, or it is of another shape.
    """
    path = trained_file(out, f"{name}.onnx")
    if not path.is_file():
        raise InvalidConfig(f"expected {name}.onnx in {out} or among the shipped ones; got none")
    load_exported(network, path)


def read_sources(options: argparse.Namespace) -> Sources:
    """The training sides of everything, in memory."""
    products, casual = options.products, options.casual_photos
    teacher = Detector(options.teacher) if options.teacher else None
    alone = list(lone_products(products)) if products else []
    return Sources(
        street=list(street_images(options.street, {"train"})),
        products=alone,
        synthetic=list(synthetic_images(options.synthetic)) if options.synthetic else [],
        cutouts=[c for c in map(cut_out, alone) if c and CLASSES[c.label - 1].sizes],
        worn=list(worn_products(products, teacher)) if products and teacher else [],
        casual=list(casual_photos(casual, teacher)) if casual and teacher else [],
    )


class EpochLog:
    """One line of CSV an epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def after_epoch(self, epoch: int, losses: dict[str, float], network: FasterRCNN) -> None:
        """Write and show the line."""
        row = {"epoch": epoch + 1} | {name: round(loss, 4) for name, loss in losses.items()}
        with self.path.open("w" if epoch == 0 else "a", newline="") as file:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if epoch == 0:
                writer.writeheader()
            writer.writerow(row)
        print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.detection.train", description=__doc__
    )
    parser.add_argument("config", type=Path, help="a recipe, such as training/configs/*.toml")
    parser.add_argument("--street", type=Path, required=True, help="a folder with street.jsonl")
    parser.add_argument("--products", type=Path, help="a products.csv")
    parser.add_argument("--synthetic", type=Path, help="a labels.jsonl of the studio")
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="STEM",
        help="a trained detector's files without .onnx; it marks what is worn in the products' "
        "photos and where the one thing of an casual photo is",
    )
    parser.add_argument(
        "--casual-photos",
        type=Path,
        metavar="CSV",
        help="photos of one thing; see training.everyday",
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where to write (models/weights)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    options = parser.parse_args(arguments)
    if options.casual_photos and not options.teacher:
        parser.error("--casual-photos needs a --teacher, which marks where the thing is")
    given = " --products PRODUCTS/products.csv" if options.products else ""
    given += " --synthetic SYNTHETIC/labels.jsonl" if options.synthetic else ""
    given += f" --casual-photos CSV/{options.casual_photos.name}" if options.casual_photos else ""
    given += f" --teacher models/weights/{options.teacher.name}" if options.teacher else ""
    options.command_line = (
        f"python -m models.training.detection.train models/training/configs/{options.config.name} "
        f"--street STREET{given}"
    )
    return options


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"train: {error}")
