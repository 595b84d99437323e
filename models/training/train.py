"""Training of a recogniser, from labelled images to a network that serves, with its card."""

from __future__ import annotations

from dataclasses import replace

import torch

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.encoders import EfficientNetLite
from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.runtime.card import write_json
from houndstooth.models.training.card import recogniser_card, served_thresholds, some_of
from houndstooth.models.training.curves import EpochLog
from houndstooth.models.training.export import export_recogniser
from houndstooth.models.training.fit import fit, served_inputs
from houndstooth.models.training.inputs import Inputs
from houndstooth.models.training.new_network import fine_tune_from, new_network
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.static_quantise import CALIBRATION_PHOTOS


def train_recogniser(inputs: Inputs) -> tuple[str, ...]:
    """Train, calibrate and export a recogniser; write its card, log and curves.

    An interrupted run continues after its last whole epoch.

    Returns:
        The suffixes of the files written at ``inputs.stem``.

    Raises:
        InvalidConfig: the recipe's kind, encoder or pretrained network is missing.
        InvalidFeed: there are no training photos, or no validation photos.
    """
    training, validation = inputs.training_and_validation()
    recipe, vocabulary, stem = inputs.taught_recipe, inputs.vocabulary, inputs.stem
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    print(
        f"{len(training)} training photos, {len(validation)} validation photos, "
        f"{sum(vocabulary.sizes)} terms; on {device}"
    )

    data, validation_set = inputs.training_set(), inputs.load(validation, recipe.side)
    network, objective = new_network(vocabulary, inputs.taxonomy, recipe)
    if recipe.eight_bits:
        _foldable(network, recipe)
    objective.prepare(network, data.labels, data.multi_hot)
    if recipe.init_from:
        fresh = fine_tune_from(network, inputs.out, recipe.init_from, vocabulary)
        print(f"{fresh} weights of another shape start anew")
    log = EpochLog(stem, vocabulary, validation_set, objective, recipe, device)
    checkpoint = stem.with_name(stem.name + ".checkpoint.pt")
    network = fit(network, data, objective, recipe, device, checkpoint, log.after_epoch)

    if recipe.eight_bits:
        _foldable(network, recipe).fold()
        recipe = replace(recipe, encoder_options={**recipe.encoder_options, "folded": True})
    photos = data.take(inputs.photo_rows())
    card = recogniser_card(
        recipe,
        vocabulary,
        network,
        objective,
        validation_set,
        photos,
        device,
        command=inputs.command_line,
        trained_on=inputs.digests(),
        training_images=len(training),
    )
    calibration = None
    if recipe.eight_bits:
        calibration = served_inputs(some_of(data, CALIBRATION_PHOTOS, recipe.seed), recipe.side)
    suffixes = export_recogniser(network, recipe.kind, recipe.side, stem, calibration)
    if calibration is not None:
        card["thresholds"] = served_thresholds(stem, photos, recipe)
    write_json(stem, card, suffixes)
    checkpoint.unlink(missing_ok=True)
    return (*suffixes, ".json", ".log.csv", ".curves.png")


def _foldable(network: ItemReader, recipe: Recipe) -> EfficientNetLite:
    """Return the encoder of a network that is to compute in 8 bits. Raises InvalidConfig."""
    if not isinstance(network.encoder, EfficientNetLite):
        raise InvalidConfig(f"expected an EfficientNet-Lite for 8 bits; got {recipe.encoder}")
    return network.encoder
