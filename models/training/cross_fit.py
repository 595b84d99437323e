"""Cross-fitting: soft labels for training, by networks that did not train on the photo.

The training photos are split into the recipe's ``folds``. For each fold a network is trained on the
others, and predicts the photos of this one. The result, NAME-VERSION.soft.npz, is named by other
recipes' ``soft_labels``. An interrupted run continues where it stopped.

The accuracy over all folds is printed. It rests on some eight times as many photos as the
validation set, so it tells two recipes apart that the validation set cannot.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from houndstooth.models.recognition.heads_recogniser import head_probabilities
from houndstooth.models.training.calibrate import fit_temperatures
from houndstooth.models.training.curves import EpochLog, accuracies, format_figures
from houndstooth.models.training.fit import TrainingSet, fit, scores_of
from houndstooth.models.training.inputs import Inputs
from houndstooth.models.training.new_network import new_network
from houndstooth.models.training.soft_labels import (
    SoftLabels,
    class_names,
    first_rows,
    fold_of,
)
from houndstooth.models.training.trained_file import SOFT_LABELS
from houndstooth.models.training.vocabulary import Vocabulary


def cross_fit(inputs: Inputs) -> tuple[str, ...]:
    """Train a network for each fold, and write its predictions for the photos of the fold.

    Returns:
        The suffix of the file written at ``inputs.stem``.

    Raises:
        InvalidFeed: there are no training photos, or no validation photos.
    """
    samples, validation = inputs.training_and_validation()
    data, validation_set = inputs.training_set(), inputs.load(validation, inputs.recipe.side)
    folds = np.array([fold_of(s.group, inputs.recipe.folds) for s in samples])
    predicted = np.zeros((len(samples), sum(inputs.vocabulary.sizes)), dtype=np.float16)
    parts = [Path(f"{inputs.stem}.fold-{fold}.npy") for fold in range(inputs.recipe.folds)]
    for fold, part in enumerate(parts):
        rows = np.flatnonzero(folds == fold)
        if not part.exists():
            others = data.take(np.flatnonzero(folds != fold))
            np.save(part, _predict_fold(inputs, fold, others, validation_set, data.take(rows)))
        predicted[rows] = np.load(part)
    rows_of = first_rows(samples)
    keys = {key: row for row, key in enumerate(rows_of)}
    path = Path(f"{inputs.stem}{SOFT_LABELS}")
    unique = predicted[list(rows_of.values())]
    SoftLabels(keys, class_names(inputs.vocabulary), unique).write(path)
    for part in parts:
        part.unlink()
    photos = inputs.photo_rows()
    accuracy = accuracies(
        predicted[photos].astype(np.float32), data.take(photos), inputs.vocabulary
    )
    print(f"accuracy on {len(photos)} held-out photos:  {format_figures(accuracy)}")
    return (SOFT_LABELS,)


def _predict_fold(
    inputs: Inputs,
    fold: int,
    others: TrainingSet,
    validation_set: TrainingSet,
    held_out: TrainingSet,
) -> NDArray[np.float16]:
    """Train a network on the other folds and predict this one: float16 [n, classes]."""
    recipe = replace(
        inputs.recipe,
        name=f"{inputs.recipe.name}-fold-{fold}",
        seed=100 * inputs.recipe.seed + fold,
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, objective = new_network(inputs.vocabulary, inputs.taxonomy, recipe)
    objective.prepare(network, others.labels, others.multi_hot)
    stem = inputs.out / f"{recipe.name}-{recipe.version}"
    log = EpochLog(stem, inputs.vocabulary, validation_set, objective, recipe, device)
    checkpoint = stem.with_name(stem.name + ".checkpoint.pt")
    network = fit(network, others, objective, recipe, device, checkpoint, log.after_epoch)
    scores = scores_of(network, held_out, objective, device, recipe.side)
    checkpoint.unlink(missing_ok=True)
    return probabilities(scores, held_out, inputs.vocabulary, objective.activation)


def probabilities(
    scores: NDArray[np.float32], data: TrainingSet, vocabulary: Vocabulary, activation: str
) -> NDArray[np.float16]:
    """Compute calibrated probabilities, [n, classes], as serving does.

    Temperatures are fitted to the labels. A head's are a distribution, but those of attributes in a
    network with sigmoids are independent.
    """
    temperatures = fit_temperatures(scores, data, vocabulary, activation)
    parts = [
        head_probabilities(head, scores[:, where] / np.float32(temperatures[head]), activation)
        for head, where in vocabulary.slices().items()
    ]
    return np.concatenate(parts, axis=1).astype(np.float16)
