"""``python -m models.training.train CONFIG.toml --products CSV [--synthetic LABELS.jsonl] …``.

From labelled images to ``models/weights/NAME-VERSION`` (ONNX, card, log and a plot of the curves),
on a GPU where there is one. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import torch

from houndstooth.mappings.errors import HoundstoothError
from houndstooth.models.runtime.card import write_json
from houndstooth.models.training.card import recogniser_card
from houndstooth.models.training.curves import EpochLog
from houndstooth.models.training.export import export_recogniser
from houndstooth.models.training.fit import fit
from houndstooth.models.training.inputs import read_inputs
from houndstooth.models.training.new_network import fine_tune_from, new_network


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, calibrate, export, and write the card, the log and the curves.

    Raises:
        InvalidConfig: no such recipe.
        InvalidFeed: no photo to train on, or none to validate with.
    """
    inputs = read_inputs("models.training.train", __doc__, arguments)
    recipe, vocabulary, stem = inputs.recipe, inputs.vocabulary, inputs.stem
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    training, validation = inputs.training_and_validation()
    print(f"{len(training)} training, {len(validation)} validation, {sum(vocabulary.sizes)} terms")

    data, held = inputs.training_set(), inputs.load(validation, recipe.side)
    network, objective = new_network(vocabulary, inputs.taxonomy, recipe)
    if recipe.init_from:
        print(
            f"{fine_tune_from(network, inputs.out, recipe.init_from)} weights of another shape start anew"
        )
    log = EpochLog(stem, vocabulary, held, objective, recipe, device)
    checkpoint = stem.with_name(stem.name + ".checkpoint.pt")
    network = fit(network, data, objective, recipe, device, checkpoint, log.after_epoch)

    card = recogniser_card(
        recipe,
        vocabulary,
        network,
        objective,
        held,
        data.take(inputs.real_rows()),
        device,
        command=inputs.command_line,
        trained_on=inputs.digests(),
        training_images=len(training),
    )
    suffixes = export_recogniser(network, recipe.kind, recipe.side, stem)
    write_json(stem, card, suffixes)
    checkpoint.unlink(missing_ok=True)
    print(f"wrote {stem}")


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"train: {error}")
