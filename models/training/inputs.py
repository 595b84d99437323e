"""The inputs of a recogniser's training: a recipe, labelled images, and where to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import open_recogniser
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.networks.structure_aware import heads_of_tasks
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.runtime.card import ENCODER, WEIGHTS, Card
from houndstooth.models.training.backgrounds import read_backgrounds, white_background
from houndstooth.models.training.crops import Crops, load_crops
from houndstooth.models.training.fit import TrainingSet
from houndstooth.models.training.labelled import digests, labelled_samples
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.samples import Sample, Split, is_drawn
from houndstooth.models.training.soft_labels import SoftLabels
from houndstooth.models.training.teacher import Answers, Teacher, taught_labels, taught_terms
from houndstooth.models.training.trained_file import SOFT_LABELS, trained_file
from houndstooth.models.training.vocabulary import Vocabulary

OVERSIZE = 8 / 7
"""Training crops are this much larger than views, so that rotation and scaling lose no detail."""


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run that trains recognisers.

    Attributes:
        sources: paths of labelled images by the name of their reader.
        out: the folder to write to.
        backgrounds: a plain CSV; corners of its training photos become backgrounds.
        detector: name of the detector that locates items worn with others, or ``none``.
        taxonomy: the shipped one or a shop's own.
        command_line: the command for the card, without the caller's folders.
    """

    recipe: Recipe
    sources: dict[str, list[Path]]
    out: Path
    backgrounds: Path | None
    detector: str
    taxonomy: Taxonomy
    command_line: str

    def check(self) -> None:
        """Check that all that the recipe names is there, before any image is read.

        Raises:
            InvalidConfig: a network to start from, soft labels or backgrounds are missing.
        """
        recipe = self.recipe
        if recipe.init_from:
            trained_file(self.out, recipe.init_from, ENCODER)
            trained_file(self.out, recipe.init_from, ".json")
        if recipe.soft_labels:
            trained_file(self.out, recipe.soft_labels, SOFT_LABELS)
        if recipe.teacher:
            trained_file(self.out, recipe.teacher, ".json")
        if recipe.backgrounds and self.backgrounds is None:
            raise InvalidConfig(
                f"expected --backgrounds, as {recipe.name} composites views on them; got none"
            )

    @cached_property
    def samples(self) -> list[Sample]:
        """The samples of all sources, without categories unknown to the pretrained network."""
        samples = labelled_samples(self.sources, self.taxonomy)
        if self._pretrained is None:
            return samples
        known = [s for s in samples if s.category in self._pretrained.heads[CATEGORY]]
        if len(known) < len(samples):
            unknown = sorted({s.category for s in samples} - {s.category for s in known})
            print(
                f"left out {len(samples) - len(known)} items of categories that "
                f"{self.recipe.init_from} does not have: {', '.join(unknown)}"
            )
        return known

    @cached_property
    def _pretrained(self) -> Vocabulary | None:
        """The vocabulary of the network to fine-tune, whose heads fit no other."""
        if not self.recipe.init_from:
            return None
        path = trained_file(self.out, self.recipe.init_from, ".json")
        return Vocabulary(Card.read(path.with_suffix("")).heads)

    def split(self, split: Split) -> list[Sample]:
        """Select the samples of one split."""
        return [sample for sample in self.samples if sample.split == split]

    def training_and_validation(self) -> tuple[list[Sample], list[Sample]]:
        """Select the training samples and the validation samples.

        Raises:
            InvalidFeed: there are no training photos, or no validation photos.
        """
        training, validation = self.split("train"), self.split("validation")
        if not (training and validation):
            raise InvalidFeed(
                "expected training and validation photos; "
                f"got {len(training)} and {len(validation)}"
            )
        return training, validation

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the network to fine-tune, else that of the training samples.

        Where the recipe's network has tasks, these heads alone.
        """
        found = self._pretrained or Vocabulary.of(self.split("train"), self.taxonomy)
        tasks = self.recipe.network_options.get("tasks")
        return found if tasks is None else Vocabulary(heads_of_tasks(found.heads, tasks))

    @property
    def stem(self) -> Path:
        """The path of the files to write, without their suffixes."""
        return self.out / f"{self.recipe.name}-{self.recipe.version}"

    @cached_property
    def answers(self) -> Answers | None:
        """The answers of the recipe's teacher for the training samples; None without one."""
        recipe = self.recipe
        if not recipe.teacher:
            return None
        stem = trained_file(self.out, recipe.teacher, ".json").with_suffix("")
        return Teacher(
            open_recogniser(stem, self.taxonomy, weighed=False),
            self.split("train"),
            self.vocabulary,
            self.taxonomy,
            self.locator,
            Path(f"{self.stem}.answers"),
        ).answers()

    @property
    def taught_recipe(self) -> Recipe:
        """The recipe, with the outputs that a teacher's answers call for."""
        if self.answers is None:
            return self.recipe
        outputs = {"terms": list(self.answers.terms), "taught": self.answers.features.shape[1]}
        options = {**self.recipe.network_options, **outputs}
        return replace(self.recipe, network_options=options)

    @cached_property
    def soft_labels(self) -> SoftLabels:
        """The soft labels that the recipe names, or its teacher's; empty where it names none."""
        if self.answers is not None:
            return self.answers.soft_labels
        if not self.recipe.soft_labels:
            return SoftLabels.none()
        return SoftLabels.read(trained_file(self.out, self.recipe.soft_labels, SOFT_LABELS))

    @cached_property
    def locator(self) -> Locator:
        """The locator that crops the photos, as the served one does."""
        return open_locator(self.detector, self.taxonomy)

    def load(self, samples: Sequence[Sample], side: int) -> TrainingSet:
        """Load the crops of samples as the served network gets them, and their labels.

        Args:
            side: side of the crops, pixels.
        """
        pixels, boxes, others = self.crops(samples, side)
        labels = self.vocabulary.labels(samples, self.taxonomy)
        multi_hot = self.vocabulary.multi_hot(samples, self.taxonomy)
        soft_labels = self.soft_labels.of(samples, self.vocabulary)
        heads = list(self.vocabulary.heads)
        category = heads.index(CATEGORY) if CATEGORY in heads else 0
        data = TrainingSet(pixels, boxes, labels, multi_hot, soft_labels, category=category)
        return data if self.answers is None else self._taught(data, samples, self.answers, others)

    def _taught(
        self,
        data: TrainingSet,
        samples: Sequence[Sample],
        answers: Answers,
        others: NDArray[np.float32],
    ) -> TrainingSet:
        """Add a teacher's answers to training samples; others have none.

        Args:
            others: see Crops.
        """
        labels = taught_labels(data.labels, data.soft_labels, self.vocabulary)
        rows = answers.rows(samples)
        if (rows < 0).any():
            return replace(data, labels=labels)
        terms = taught_terms(answers.probabilities[rows], answers.terms, samples)
        taught = (terms, answers.features[rows], others.astype(np.float16))
        return replace(data, labels=labels, taught=taught)

    def crops(self, samples: Sequence[Sample], side: int) -> Crops:
        """Load the crops of samples, and the boxes in them; see load_crops."""
        return load_crops(samples, side, self.locator)

    def training_set(self) -> TrainingSet:
        """Load the training samples, large enough for views of the recipe's size.

        Raises:
            InvalidFeed: there is no training photo to take backgrounds from.
        """
        data = self.load(self.split("train"), round(self.recipe.training_side * OVERSIZE))
        if not self.recipe.backgrounds or self.backgrounds is None:
            return data
        return replace(
            data,
            white=white_background(data.pixels),
            backgrounds=read_backgrounds(self.backgrounds),
        )

    def photo_rows(self) -> NDArray[np.int64]:
        """Select the rows of training samples that are photos, not drawings; all if none is."""
        photo = np.array([not is_drawn(s) for s in self.split("train")])
        return np.flatnonzero(photo if photo.any() else ~photo)

    def digests(self) -> list[str]:
        """Compute the SHA-256 of the label files, so that an evaluation knows the training data."""
        return digests(self.sources)


def open_locator(detector: str, taxonomy: Taxonomy) -> Locator:
    """Open the locator of items by its detector's name; ``none`` has none.

    Raises:
        InvalidConfig: there is no such detector.
    """
    found = None if detector == "none" else Detector(WEIGHTS / detector, 1)
    return Locator(found, taxonomy)
