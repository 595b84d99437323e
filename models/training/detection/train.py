"""Training of a detector, from photos with boxes to a network that serves, with its card."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torchvision.models.detection import FasterRCNN
from tqdm import tqdm

from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.networks.faster_rcnn import Limits, faster_rcnn
from houndstooth.models.runtime.card import DETECTOR
from houndstooth.models.training.detection.card import write_detector
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.composites import cut_out
from houndstooth.models.training.detection.export import load_exported
from houndstooth.models.training.detection.fit import DetectorRecipe, fit
from houndstooth.models.training.detection.pseudo_labels import casual_photos, worn_products
from houndstooth.models.training.detection.samples import (
    STREET_LABELS,
    BoxedImage,
    isolated_products,
    street_images,
    synthetic_images,
)
from houndstooth.models.training.detection.views import Sources
from houndstooth.models.training.trained_file import trained_file

REQUIRED = {
    "composite": ("products",),
    "product": ("products",),
    "paper": ("products",),
    "synthetic": ("synthetic",),
    "worn": ("products", "teacher"),
    "casual": ("casual_photos", "teacher"),
}
"""The inputs that a recipe's shares need, besides street photos."""


CALIBRATION_IMAGES = 48
"""More change the ranges of activations little."""


@dataclass(frozen=True)
class DetectorInputs:
    """The inputs of a run that trains a detector.

    Attributes:
        street: a folder with ``street.jsonl`` and its photos.
        products: a products.csv.
        synthetic: a labels.jsonl of drawn images.
        casual_photos: a plain CSV of photos of a single item.
        teacher: a trained detector, which makes pseudo-labels: its name, or its path without
            ``.onnx``.
        out: the folder to write to.
        command_line: the command for the card, without the caller's folders.
    """

    recipe: DetectorRecipe
    street: Path
    products: Path | None
    synthetic: Path | None
    casual_photos: Path | None
    teacher: Path | None
    out: Path
    command_line: str

    @property
    def stem(self) -> Path:
        """The path of the files to write, without their suffixes."""
        return self.out / f"{self.recipe.name}-{self.recipe.version}"

    def check(self) -> None:
        """Check that all that the recipe needs is there, before any image is read.

        Raises:
            InvalidConfig: a trained detector or a source of the recipe's shares is missing.
        """
        if self.recipe.init_from:
            trained_file(self.out, self.recipe.init_from, DETECTOR)
        for share in (name for name, value in self.recipe.shares.items() if value):
            for name in REQUIRED.get(share, ()):
                if getattr(self, name) is None:
                    option = "--" + name.replace("_", "-")
                    raise InvalidConfig(
                        f"expected {option}, for the share of {share} in {self.recipe.name}; "
                        "got none"
                    )
        if self.casual_photos and not self.teacher:
            raise InvalidConfig("expected a --teacher, to locate the items of --casual-photos")
        self.teacher_stem()

    def teacher_stem(self) -> Path | None:
        """Find the teacher's files, by their path or by its name.

        Raises:
            InvalidConfig: there is no such detector.
        """
        if self.teacher is None or self.teacher.with_name(self.teacher.name + DETECTOR).is_file():
            return self.teacher
        return trained_file(self.out, self.teacher.name, DETECTOR).with_name(self.teacher.name)

    def read(self) -> Sources:
        """Read the training images of all sources into memory.

        Raises:
            InvalidFeed: a source cannot be read.
        """
        products, casual, stem = self.products, self.casual_photos, self.teacher_stem()
        teacher = Detector(stem) if stem else None
        isolated = _collect("isolated products", isolated_products(products)) if products else []
        return Sources(
            street=_collect("street photos", street_images(self.street, {"train"})),
            products=isolated,
            synthetic=_collect("drawn images", synthetic_images(self.synthetic))
            if self.synthetic
            else [],
            cutouts=[c for c in map(cut_out, isolated) if c and CLASSES[c.label - 1].sizes],
            worn=_collect("worn garments", worn_products(products, teacher))
            if products and teacher
            else [],
            casual=_collect("casual photos", casual_photos(casual, teacher))
            if casual and teacher
            else [],
        )


def _collect(description: str, images: Iterator[BoxedImage]) -> list[BoxedImage]:
    """Read images into memory, with a progress bar."""
    return list(tqdm(images, description, unit=" photos", leave=False))


def train_detector(inputs: DetectorInputs) -> tuple[str, ...]:
    """Train and export a detector; write its card and log.

    An interrupted run continues after its last whole epoch.

    Returns:
        The suffixes of the files written at ``inputs.stem``.

    Raises:
        InvalidConfig: a source that the recipe needs is missing, or a trained detector.
        InvalidFeed: a source cannot be read.
    """
    recipe, stem = inputs.recipe, inputs.stem
    sources = inputs.read()
    if not sources.street:
        raise InvalidFeed(f"expected street photos in {inputs.street}; got none")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    sizes = sources.sizes()
    print(f"images: {', '.join(f'{name} {n}' for name, n in sizes.items())}; on {device}")
    torch.manual_seed(recipe.seed)
    network = faster_rcnn(
        len(CLASSES),
        recipe.width,
        recipe.hidden,
        recipe.frozen_blocks,
        limits=Limits(proposals=recipe.proposals),
        encoder=recipe.encoder,
    )
    if recipe.init_from:
        load_exported(network, trained_file(inputs.out, recipe.init_from, DETECTOR))
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
    validation_set = list(street_images(inputs.street, {"validation"}))
    facts: dict[str, object] = {
        "command": inputs.command_line,
        "trained_on": [hashlib.sha256((inputs.street / STREET_LABELS).read_bytes()).hexdigest()],
        "training_images": sizes,
    }
    some = sources.street[:: max(1, len(sources.street) // CALIBRATION_IMAGES)]
    write_detector(stem, trained, recipe, facts, validation_set, some[:CALIBRATION_IMAGES])
    checkpoint.unlink(missing_ok=True)
    return (DETECTOR, ".json", *([".log.csv"] if recipe.epochs else []))


class EpochLog:
    """Writes ``STEM.log.csv``: a line of losses for each epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def after_epoch(self, epoch: int, losses: dict[str, float], network: FasterRCNN) -> None:
        """Write and print an epoch's line."""
        row = {"epoch": epoch + 1} | {name: round(loss, 4) for name, loss in losses.items()}
        with self.path.open("w" if epoch == 0 else "a", newline="") as file:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if epoch == 0:
                writer.writeheader()
            writer.writerow(row)
        print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
