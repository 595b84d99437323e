"""``python -m models.training.cross_fit CONFIG.toml --products CSV …``: soft labels for training.

The training photos are parted into the recipe's ``folds``. For each fold a network is trained on
the others, and says what it sees in the photos of this one. The result, NAME-VERSION.soft.npz, is
named by other recipes' ``soft_labels``. An interrupted run goes on where it stopped.

It ends by saying how often they were right. Each training photo was asked once, some eight times
as many as there are validation photos, so two recipes can be told apart that those cannot.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from houndstooth.mappings.errors import HoundstoothError
from houndstooth.models.training.calibrate import fit_temperatures, softmax
from houndstooth.models.training.curves import EpochLog, accuracies, in_one_line
from houndstooth.models.training.fit import TrainingSet, fit, scores_of
from houndstooth.models.training.inputs import Inputs, read_inputs
from houndstooth.models.training.new_network import new_network
from houndstooth.models.training.soft_labels import SoftLabels, class_names, fold_of, key_of
from houndstooth.models.training.vocabulary import Vocabulary


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a network a fold, and write what each saw in the photos it was not shown.

    Raises:
        InvalidConfig: no such recipe.
        InvalidFeed: no photo to train on, or none to validate with.
    """
    inputs = read_inputs("models.training.cross_fit", __doc__, arguments)
    samples, validation = inputs.training_and_validation()
    data, held = inputs.training_set(), inputs.load(validation, inputs.recipe.side)
    folds = np.array([fold_of(s.group, inputs.recipe.folds) for s in samples])
    likely = np.zeros((len(samples), sum(inputs.vocabulary.sizes)), dtype=np.float16)
    parts = [Path(f"{inputs.stem}.fold-{fold}.npy") for fold in range(inputs.recipe.folds)]
    for fold, part in enumerate(parts):
        kept = np.flatnonzero(folds == fold)
        if not part.exists():
            shown = data.take(np.flatnonzero(folds != fold))
            np.save(part, _seen(inputs, fold, shown, held, data.take(kept)))
        likely[kept] = np.load(part)
    keys = {key_of(sample): row for row, sample in enumerate(samples)}
    path = Path(f"{inputs.stem}.soft.npz")
    SoftLabels(keys, class_names(inputs.vocabulary), likely).write(path)
    for part in parts:
        part.unlink()
    print(f"wrote {path}: {len(keys)} photos")
    real = inputs.real_rows()
    right = accuracies(likely[real].astype(np.float32), data.labels[real], inputs.vocabulary)
    print(f"right in {len(real)} photos not shown:  {in_one_line(right)}")


def _seen(
    inputs: Inputs, fold: int, shown: TrainingSet, held: TrainingSet, kept: TrainingSet
) -> NDArray[np.float16]:
    """What a network trained on some photos sees in others, float16 [n, classes]."""
    recipe = replace(
        inputs.recipe,
        name=f"{inputs.recipe.name}-fold-{fold}",
        seed=100 * inputs.recipe.seed + fold,
    )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, objective = new_network(inputs.vocabulary, inputs.taxonomy, recipe)
    stem = inputs.out / f"{recipe.name}-{recipe.version}"
    log = EpochLog(stem, inputs.vocabulary, held, objective, recipe, device)
    checkpoint = stem.with_name(stem.name + ".checkpoint.pt")
    network = fit(network, shown, objective, recipe, device, checkpoint, log.after_epoch)
    scores = scores_of(network, kept, objective, device, recipe.side)
    checkpoint.unlink(missing_ok=True)
    return distributions(scores, kept.labels, inputs.vocabulary)


def distributions(
    scores: NDArray[np.float32], labels: NDArray[np.int64], vocabulary: Vocabulary
) -> NDArray[np.float16]:
    """Calibrated probabilities by head, [n, classes]; their temperatures fit the labels."""
    temperatures = fit_temperatures(scores, labels, vocabulary)
    parts = [
        softmax(scores[:, where] / temperatures[head])
        for head, where in vocabulary.slices().items()
    ]
    return np.concatenate(parts, axis=1).astype(np.float16)


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"cross_fit: {error}")
