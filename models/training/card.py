"""The JSON card that stands beside a network: how it was made, and what serving needs to know."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.training.calibrate import fit_temperatures
from models.training.curves import accuracies
from models.training.fit import Network, TrainingSet, batches, scores_of
from models.training.objectives import CATEGORIES, Objective
from models.training.recipe import Recipe
from models.training.samples import TEST_SHARE, VALIDATION_SHARE
from models.training.vocabulary import Vocabulary

# Of the photos of which any attribute is known, so many must have a term of a head that is always
# told.
ALWAYS = 0.95
# The medians of so many photos are those of all.
THRESHOLD_PHOTOS = 2000
SOURCES = {
    "efficientnet_lite0": "fine-tuned from EfficientNet-Lite0 (ImageNet weights, Apache-2.0)",
    "efficientnet_lite1": "fine-tuned from EfficientNet-Lite1 (ImageNet weights, Apache-2.0)",
    "efficientnet_lite2": "fine-tuned from EfficientNet-Lite2 (ImageNet weights, Apache-2.0)",
}


def write_card(
    stem: Path,
    recipe: Recipe,
    vocabulary: Vocabulary,
    network: Network,
    objective: Objective,
    held: TrainingSet,
    photos: TrainingSet,
    device: torch.device,
    *,
    command: str,
    trained_on: list[str],
    training_images: int,
) -> None:
    """Calibrate on ``held``, set the code's thresholds on ``photos``, and write the card.

    Args:
        held: validation photos.
        photos: training photos; each bit of the code is set for half of those looked at.
        trained_on: SHA-256 of the label files, so that an evaluation knows what was seen.
    """
    scores = scores_of(network, held, objective, device, recipe.side)
    some = np.random.default_rng(recipe.seed).permutation(len(photos.pixels))[:THRESHOLD_PHOTOS]
    features = _features(network, photos.take(np.sort(some)), device, recipe.side)
    card = {
        "name": recipe.name,
        "version": recipe.version,
        "decoder": recipe.decoder,
        "made": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "source": SOURCES.get(recipe.encoder, "trained from scratch"),
        "command": command,
        "split": {"seed": 1, "test": TEST_SHARE, "validation": VALIDATION_SHARE, "by": "group"},
        "trained_on": trained_on,
        "training_images": training_images,
        "recipe": asdict(recipe),
        "side": recipe.side,
        "heads": vocabulary.heads,
        "always": always_told(photos.labels, vocabulary),
        "temperatures": fit_temperatures(scores, held.labels, vocabulary),
        "validation_accuracy": accuracies(scores, held.labels, vocabulary),
        "thresholds": [round(float(t), 5) for t in np.median(features, axis=0)],
    }
    path = stem.with_name(stem.name + ".json")
    path.write_text(json.dumps(card, indent=1) + "\n")


def always_told(labels: NDArray[np.int64], vocabulary: Vocabulary) -> list[str]:
    """Heads that nearly every photo of which any attribute is known has a term of.

    Args:
        labels: int64 [n, heads], as ``Vocabulary.labels`` makes them.
    """
    told = labels[(labels[:, CATEGORIES:] >= 0).any(axis=1)]
    share = (told >= 0).mean(axis=0) if len(told) else np.zeros(labels.shape[1])
    heads = list(vocabulary.heads)
    return [heads[column] for column in range(CATEGORIES, len(heads)) if share[column] >= ALWAYS]


@torch.no_grad()
def _features(
    network: Network, data: TrainingSet, device: torch.device, side: int
) -> NDArray[np.float32]:
    """What appearance codes are made of: float32 [n, d]."""
    network.eval()
    found = []
    for batch in batches(data, device, side):
        features = network.pooled(network.maps(batch.images), batch.boxes[:, 1])
        found.append(features.float().cpu().numpy())
    return np.concatenate(found)
