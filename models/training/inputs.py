"""What the training commands are given: a recipe, labelled images, and where to write."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.runtime.card import WEIGHTS, Card
from houndstooth.models.training.backgrounds import read_backgrounds, white_background
from houndstooth.models.training.crops import load_crops
from houndstooth.models.training.datasets import READERS
from houndstooth.models.training.fit import TrainingSet
from houndstooth.models.training.recipe import Recipe, read_recipe
from houndstooth.models.training.samples import Sample, Split
from houndstooth.models.training.soft_labels import SoftLabels
from houndstooth.models.training.trained_file import trained_file
from houndstooth.models.training.vocabulary import Vocabulary

# Views are cut from crops this much larger, so that turning and scaling lose no detail.
OVERSIZE = 8 / 7


@dataclass(frozen=True)
class Inputs:
    """The options of a training command, read.

    Attributes:
        sources: paths by the name of their reader.
        out: the folder to write into.
        backgrounds: a plain CSV of photos whose corners are the recipe's backgrounds.
        detector: name of the detector that finds items worn with others, or ``none``.
        taxonomy: the shipped one or a shop's own.
        command_line: to say in a card, without the caller's folders.
    """

    recipe: Recipe
    sources: dict[str, list[Path]]
    out: Path
    backgrounds: Path | None
    detector: str
    taxonomy: Taxonomy
    command_line: str

    @cached_property
    def samples(self) -> list[Sample]:
        """All samples of all sources, of categories that the network gone on from knows."""
        samples = [
            sample
            for name, paths in self.sources.items()
            for path in paths
            for sample in READERS[name].read(path, self.taxonomy)
        ]
        if self._learned is None:
            return samples
        return [s for s in samples if s.category in self._learned.heads[CATEGORY]]

    @cached_property
    def _learned(self) -> Vocabulary | None:
        """Of the network that the recipe goes on from: with another nothing of it would fit."""
        if not self.recipe.init_from:
            return None
        card = Card.read(trained_file(self.out, f"{self.recipe.init_from}.json").with_suffix(""))
        return Vocabulary(card.heads)

    def of(self, split: Split) -> list[Sample]:
        """The samples of one side of the split."""
        return [sample for sample in self.samples if sample.split == split]

    def training_and_validation(self) -> tuple[list[Sample], list[Sample]]:
        """What every training needs.

        Raises:
            InvalidFeed: no photo to train on, or none to validate with.
        """
        training, validation = self.of("train"), self.of("validation")
        if not (training and validation):
            raise InvalidFeed(
                "expected training and validation photos; "
                f"got {len(training)} and {len(validation)}"
            )
        return training, validation

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms of the training samples, or those that the network gone on from has."""
        return self._learned or Vocabulary.of(self.of("train"), self.taxonomy)

    @property
    def stem(self) -> Path:
        """Of the files that are written."""
        return self.out / f"{self.recipe.name}-{self.recipe.version}"

    @cached_property
    def soft_labels(self) -> SoftLabels:
        """Those that the recipe names, from ``out`` or the shipped ones; else none at all."""
        if not self.recipe.soft_labels:
            return SoftLabels.none()
        return SoftLabels.read(trained_file(self.out, f"{self.recipe.soft_labels}.soft.npz"))

    @cached_property
    def _locator(self) -> Locator:
        none = self.detector == "none"
        return Locator(None if none else Detector(WEIGHTS / self.detector, 1), self.taxonomy)

    def load(self, samples: Sequence[Sample], side: int) -> TrainingSet:
        """Crops as the network sees them when it serves, and their labels of both kinds."""
        pixels, boxes = load_crops(samples, side, self._locator)
        labels = self.vocabulary.labels(samples, self.taxonomy)
        return TrainingSet(pixels, boxes, labels, self.soft_labels.of(samples, self.vocabulary))

    def training_set(self) -> TrainingSet:
        """Of the training samples, large enough for views of the recipe's size.

        Raises:
            InvalidConfig: the recipe asks for backgrounds, and none are given.
            InvalidFeed: no training photo is there to be one.
        """
        data = self.load(self.of("train"), round(self.recipe.training_side * OVERSIZE))
        if not self.recipe.backgrounds:
            return data
        if self.backgrounds is None:
            raise InvalidConfig(
                "expected --backgrounds, as the recipe lays views on others; got none"
            )
        return replace(
            data,
            white=white_background(data.pixels),
            backgrounds=read_backgrounds(self.backgrounds),
        )

    def real_rows(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Which training samples are photos, not drawn ones; all where none is."""
        real = np.array([not s.group.startswith("synthetic-") for s in self.of("train")])
        return np.flatnonzero(real if real.any() else ~real)

    def digests(self) -> list[str]:
        """SHA-256 of the label files, so that an evaluation knows what was seen."""
        files = [path for paths in self.sources.values() for path in paths if path.is_file()]
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def read_inputs(module: str, description: str | None, arguments: Sequence[str] | None) -> Inputs:
    """Parse a training command's options, and read its recipe.

    Raises:
        InvalidConfig: no such recipe.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("config", type=Path, help="a recipe, such as training/configs/*.toml")
    for name, reader in READERS.items():
        parser.add_argument(
            f"--{name}", type=Path, action="append", default=[], help=reader.help, metavar="PATH"
        )
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where to write (models/weights)")
    parser.add_argument(
        "--backgrounds",
        type=Path,
        metavar="CSV",
        help="CSV with columns file and split: corners of its training photos are the backgrounds that "
        "the recipe asks for",
    )
    parser.add_argument("--taxonomy", type=Path, help="a shop's own (the shipped one)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument(
        "--detector",
        default=DEFAULT_DETECTOR,
        help=f"finds items worn with others: a name, or none ({DEFAULT_DETECTOR})",
    )
    options = parser.parse_args(arguments)
    sources = {name: getattr(options, name) for name in READERS if getattr(options, name)}
    if not sources:
        parser.error(f"expected data: one of {', '.join('--' + name for name in READERS)}")
    recipe = read_recipe(Recipe, options.config)
    command_line = " ".join(
        [f"python -m {module} models/training/configs/{options.config.name}"]
        + [
            f"--{name} {name.upper()}/{path.name}"
            for name, paths in sources.items()
            for path in paths
        ]
        + ([f"--taxonomy {options.taxonomy.name}"] if options.taxonomy else [])
        + ([f"--backgrounds CSV/{options.backgrounds.name}"] if options.backgrounds else [])
    )
    options.out.mkdir(parents=True, exist_ok=True)
    return Inputs(
        replace(recipe, epochs=options.epochs or recipe.epochs),
        sources,
        options.out,
        options.backgrounds,
        options.detector,
        Taxonomy.load(options.taxonomy),
        command_line,
    )
