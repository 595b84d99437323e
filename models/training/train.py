"""``python -m models.training.train CONFIG.toml --products CSV [--studio LABELS.jsonl]``.

From photos to ``models/weights/NAME-VERSION.onnx`` and its card, on a GPU where there is one.
"""

from __future__ import annotations

import argparse
import csv
import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mappings.taxonomy import Taxonomy
from models.networks.attribute_heads import AttributeHeads
from models.networks.encoders import EfficientNetLite0
from models.training.calibrate import fit_temperatures
from models.training.crops import load_crops
from models.training.export import export_recogniser
from models.training.fit import Recipe, TrainingSet, fit, predict
from models.training.samples import Sample, product_samples, studio_samples
from models.training.vocabulary import UNKNOWN, Vocabulary

WEIGHTS = Path(__file__).parent.parent / "weights"
# Views are cut from crops this much larger, so that turning and scaling lose no detail.
OVERSIZE = 8 / 7


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, calibrate, export, and write the card and the log."""
    options = _options(arguments)
    recipe = Recipe(**tomllib.loads(options.config.read_text()))
    recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
    taxonomy = Taxonomy.load()
    samples = list(product_samples(options.products, taxonomy))
    for labels in options.studio:
        samples += studio_samples(labels, taxonomy)
    training = [s for s in samples if s.split == "train"]
    validation = [s for s in samples if s.split == "validation"]
    vocabulary = Vocabulary.of(training, taxonomy)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    print(f"{len(training)} training, {len(validation)} validation, {sum(vocabulary.sizes)} terms")

    data = _training_set(training, vocabulary, round(recipe.training_side * OVERSIZE))
    held = _training_set(validation, vocabulary, recipe.side)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / f"{recipe.name}-{recipe.version}"
    log = EpochLog(stem.with_suffix(".log.csv"), vocabulary, held, recipe, device)
    network = _new_network(vocabulary, recipe)
    checkpoint = stem.with_suffix(".checkpoint.pt")
    network = fit(network, data, vocabulary, recipe, device, checkpoint, log.after_epoch)

    _, logits = predict(network, held.pixels, held.boxes, device, recipe.side)
    features, _ = predict(network, data.pixels, data.boxes, device, recipe.side)
    export_recogniser(network, recipe.side, stem.with_suffix(".onnx"))
    real = np.array([not s.group.startswith("studio-") for s in training])
    card = {
        "name": recipe.name,
        "version": recipe.version,
        "made": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "source": "fine-tuned from EfficientNet-Lite0 (ImageNet weights, Apache-2.0)",
        "command": options.command_line,
        "split": {"seed": 1, "test": 0.2, "validation": 0.08, "by": "group"},
        "training_images": len(training),
        "recipe": asdict(recipe),
        "side": recipe.side,
        "heads": vocabulary.heads,
        "temperatures": fit_temperatures(logits, held.labels, vocabulary),
        "validation_accuracy": accuracies(logits, held.labels, vocabulary),
        "thresholds": [round(float(t), 5) for t in np.median(features[real], axis=0)],
    }
    stem.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
    checkpoint.unlink()
    print(f"wrote {stem.with_suffix('.onnx')}")


def accuracies(
    logits: NDArray[np.float32], labels: NDArray[np.int64], vocabulary: Vocabulary
) -> dict[str, float]:
    """Share of right first choices by head, over the samples whose label is known."""
    found = {}
    for column, (head, where) in enumerate(vocabulary.slices().items()):
        known = labels[:, column] != UNKNOWN
        if known.any():
            right = logits[known][:, where].argmax(1) == labels[known, column]
            found[head] = round(float(right.mean()), 4)
    return found


class EpochLog:
    """One line of CSV an epoch: the loss and the accuracy of each head on validation photos."""

    def __init__(
        self,
        path: Path,
        vocabulary: Vocabulary,
        held: TrainingSet,
        recipe: Recipe,
        device: torch.device,
    ) -> None:
        self.path, self.vocabulary, self.held = path, vocabulary, held
        self.recipe, self.device = recipe, device

    def after_epoch(self, epoch: int, loss: float, network: AttributeHeads) -> None:
        """Write and show the line."""
        _, logits = predict(
            network, self.held.pixels, self.held.boxes, self.device, self.recipe.side
        )
        row = {"epoch": epoch + 1, "loss": round(loss, 4)}
        row |= accuracies(logits, self.held.labels, self.vocabulary)
        with self.path.open("w" if epoch == 0 else "a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if epoch == 0:
                writer.writeheader()
            writer.writerow(row)
        shown = ("epoch", "loss", "category", "colour", "gender", "usage", "season")
        print("  ".join(f"{name} {row[name]}" for name in shown if name in row), flush=True)


def _new_network(vocabulary: Vocabulary, recipe: Recipe) -> AttributeHeads:
    torch.manual_seed(recipe.seed)
    return AttributeHeads(EfficientNetLite0(), vocabulary.sizes)


def _training_set(samples: Sequence[Sample], vocabulary: Vocabulary, side: int) -> TrainingSet:
    pixels, boxes = load_crops(samples, side)
    return TrainingSet(pixels, boxes, vocabulary.labels(samples))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.training.train", description=__doc__)
    parser.add_argument("config", type=Path, help="a recipe, such as training/configs/*.toml")
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--studio", type=Path, action="append", default=[], help="a labels.jsonl")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where to write (models/weights)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    options = parser.parse_args(arguments)
    studio = " --studio STUDIO/labels.jsonl" * len(options.studio)
    options.command_line = (
        f"python -m models.training.train models/training/configs/{options.config.name} "
        f"--products PRODUCTS/products.csv{studio}"
    )
    return options


if __name__ == "__main__":
    main()
