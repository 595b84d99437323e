"""The card of a trained recogniser: how it was made, and what serving needs to know."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.runtime.card import ENCODER, READER
from houndstooth.models.runtime.session import open_session
from houndstooth.models.training.calibrate import fit_temperatures
from houndstooth.models.training.curves import accuracies
from houndstooth.models.training.fit import TrainingSet, batches, scores_of, served_inputs
from houndstooth.models.training.objective import Objective
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.samples import TEST_SHARE, VALIDATION_SHARE
from houndstooth.models.training.static_quantise import reader_inputs
from houndstooth.models.training.trained_file import RETIRED
from houndstooth.models.training.vocabulary import Vocabulary

MIN_LABELLED_SHARE = 0.95
"""A head is always predicted where at least this share of the photos has a term of it."""

THRESHOLD_PHOTOS = 2000
"""The medians of this many photos are close to those of all."""


def recogniser_card(
    recipe: Recipe,
    vocabulary: Vocabulary,
    network: ItemReader,
    objective: Objective,
    validation_set: TrainingSet,
    photos: TrainingSet,
    device: torch.device,
    *,
    command: str,
    trained_on: list[str],
    training_images: int,
) -> dict[str, Any]:
    """Make a trained recogniser's card: calibrate it, and fit the thresholds of the binary code.

    Args:
        validation_set: validation photos, on which temperatures are fitted.
        photos: training photos, whose medians are the thresholds.
        trained_on: SHA-256 of the label files, so that an evaluation leaves training photos out.
    """
    scores = scores_of(network, validation_set, objective, device, recipe.side)
    some = some_of(photos, THRESHOLD_PHOTOS, recipe.seed)
    features = _features(network, some, device, recipe.side)
    return {
        "name": recipe.name,
        "version": recipe.version,
        "kind": recipe.kind,
        "made": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "source": network.encoder.source,
        "command": command,
        "split": {"seed": 1, "test": TEST_SHARE, "validation": VALIDATION_SHARE, "by": "group"},
        "trained_on": trained_on,
        "training_images": training_images,
        "recipe": asdict(recipe),
        **_retired_teacher(recipe),
        "side": recipe.side,
        "heads": vocabulary.heads,
        "activation": objective.activation,
        "always_predicted": always_predicted(photos.labels, vocabulary),
        "temperatures": fit_temperatures(scores, validation_set, vocabulary, objective.activation),
        "validation_accuracy": accuracies(scores, validation_set, vocabulary),
        "terms": recipe.network_options.get("terms", []),
        "thresholds": _medians(features),
    }


def _retired_teacher(recipe: Recipe) -> dict[str, Any]:
    """Name the commit that holds the recipe's teacher, where it is not shipped any more."""
    if recipe.teacher not in RETIRED:
        return {}
    return {"teacher": {"name": recipe.teacher, "commit": RETIRED[recipe.teacher]}}


def some_of(data: TrainingSet, count: int, seed: int) -> TrainingSet:
    """Select some rows at random, in their order."""
    return data.take(np.sort(np.random.default_rng(seed).permutation(len(data.pixels))[:count]))


def served_thresholds(stem: Path, photos: TrainingSet, recipe: Recipe) -> list[float]:
    """Fit the thresholds of the binary code to the files that serve, in 8 bits.

    Args:
        photos: training photos, whose medians are the thresholds.
    """
    inputs = served_inputs(some_of(photos, THRESHOLD_PHOTOS, recipe.seed), recipe.side)
    reader = open_session(Path(f"{stem}{READER}"))
    feeds = reader_inputs(Path(f"{stem}{ENCODER}"), inputs)
    parts = [reader.run(["features"], feed)[0] for feed in feeds]
    return _medians(np.concatenate(parts))


def _medians(features: NDArray[np.float32]) -> list[float]:
    return [round(float(median), 5) for median in np.median(features, axis=0)]


def always_predicted(labels: NDArray[np.int64], vocabulary: Vocabulary) -> list[str]:
    """List the heads of which nearly every photo with any known attribute has a term.

    Args:
        labels: int64 [n, heads], as ``Vocabulary.labels`` makes them.
    """
    heads = list(vocabulary.heads)
    columns = [i for i, head in enumerate(heads) if head not in (GREAT_CATEGORY, CATEGORY)]
    labelled = labels[(labels[:, columns] >= 0).any(axis=1)]
    share = (labelled >= 0).mean(axis=0) if len(labelled) else np.zeros(labels.shape[1])
    return [heads[column] for column in columns if share[column] >= MIN_LABELLED_SHARE]


@torch.no_grad()
def _features(
    network: ItemReader, data: TrainingSet, device: torch.device, side: int
) -> NDArray[np.float32]:
    """Compute the features that binary codes are made of: float32 [n, d]."""
    network.eval()
    features_of_batches = []
    for batch in batches(data, device, side):
        features = network.pool(network.maps(batch.images), batch.boxes[:, 1])
        features_of_batches.append(features.float().cpu().numpy())
    return np.concatenate(features_of_batches)
