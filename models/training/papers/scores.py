"""Scores of a trained row on validation and test photos, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from houndstooth.models.loading import open_recogniser
from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.curves import accuracies
from houndstooth.models.training.export import exported_weights
from houndstooth.models.training.fit import TrainingSet, batches, scores_of
from houndstooth.models.training.inputs import Inputs
from houndstooth.models.training.new_network import load_weights, new_network
from houndstooth.models.training.samples import Split
from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary

BATCH, TIMED_PHOTOS, TIMES = 32, 128, 3
"""Photos of one network run, and of all runs, when images/s are measured; and how often again."""


class Scored:
    """Scores and labels of the photos of one split.

    Attributes:
        scores: of all heads side by side, [n, classes]: what the kind's objective calls scores.
        features: the representation that all heads share, [n, d].
        labels, multi_hot: see Vocabulary.
        vocabulary: the network's terms by head.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], split: Split, heads: Any) -> None:
        names = ("scores", "features", "labels", "multi_hot")
        self.scores, self.features, self.labels, self.multi_hot = (
            arrays[f"{split}_{name}"] for name in names
        )
        self.vocabulary = Vocabulary({head: tuple(terms) for head, terms in heads.items()})

    @property
    def known(self) -> NDArray[np.bool_]:
        """Mark the terms of which it is known whether they are true, bool [n, classes]."""
        known = self.labels != UNKNOWN
        for column, where in enumerate(self.vocabulary.slices().values()):
            known[:, column] |= self.multi_hot[:, where].any(axis=1)
        return np.repeat(known, self.vocabulary.sizes, axis=1)

    def of(self, head: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return a head's scores [n, classes] and labels [n]."""
        column = list(self.vocabulary.heads).index(head)
        return self.scores[:, self.vocabulary.slices()[head]], self.labels[:, column]


def trained_network(inputs: Inputs) -> tuple[ItemReader, Any]:
    """Build a trained row's network, with the weights that are served, and its objective."""
    network, objective = new_network(inputs.vocabulary, inputs.taxonomy, inputs.recipe)
    load_weights(network, exported_weights(inputs.stem))
    return network.eval(), objective


def evaluate_row(inputs: Inputs) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Evaluate a trained row on the validation and the test photos.

    Returns:
        Its facts, and the arrays of ``Scored`` by split.
    """
    network, objective = trained_network(inputs)
    facts: dict[str, Any] = {"heads": inputs.vocabulary.heads, "accuracy": {}}
    arrays: dict[str, NDArray[Any]] = {}
    splits: tuple[Split, ...] = ("validation", "test")
    for split in splits:
        data = inputs.load(inputs.split(split), inputs.recipe.side)
        scores = scores_of(network, data, objective, torch.device("cpu"), inputs.recipe.side)
        arrays |= {
            f"{split}_scores": scores,
            f"{split}_features": _features(network, data, inputs.recipe.side),
            f"{split}_labels": data.labels,
            f"{split}_multi_hot": data.multi_hot,
        }
        facts["accuracy"][split] = accuracies(scores, data, inputs.vocabulary)
    facts["images_per_s"] = images_per_s(inputs, data)
    return facts, arrays


@torch.no_grad()
def _features(network: ItemReader, data: TrainingSet, side: int) -> NDArray[np.float16]:
    """Compute the pooled features that all heads share, [n, d]."""
    cpu = torch.device("cpu")
    parts = [network.encode(batch.images, batch.boxes) for batch in batches(data, cpu, side)]
    return torch.cat(parts).numpy().astype(np.float16)


def images_per_s(inputs: Inputs, data: TrainingSet, times: int = 1) -> float | None:
    """Measure how fast onnxruntime recognises crops; None where a network cannot serve.

    Args:
        data: photos of the size that is served; the first TIMED_PHOTOS are timed.
        times: how often; the best counts, as other work only makes it less.
    """
    if CATEGORY not in inputs.vocabulary.heads:
        return None
    recogniser = open_recogniser(inputs.stem, inputs.taxonomy)
    photos = np.arange(TIMED_PHOTOS) % len(data.pixels)
    crops = [Crop(data.pixels[row], *data.boxes[row]) for row in photos]
    encode_and_predict(recogniser, crops[:BATCH], [None] * BATCH)
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        for first in range(0, len(crops), BATCH):
            encode_and_predict(recogniser, crops[first : first + BATCH], [None] * BATCH)
        seconds.append(time.perf_counter() - start)
    return round(len(crops) / min(seconds), 1)


def time_again(inputs: Inputs) -> float | None:
    """Measure the images/s of a finished row again, the best of TIMES."""
    photos = inputs.split("test")[:TIMED_PHOTOS]
    return images_per_s(inputs, inputs.load(photos, inputs.recipe.side), TIMES)
