"""``python -m models.training.train CONFIG.toml --products CSV [--studio LABELS.jsonl] …``.

From labelled images to ``models/weights/NAME-VERSION`` (ONNX, card, log and a plot of the curves),
on a GPU where there is one. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mappings.taxonomy import Taxonomy
from models.detector import Detector
from models.extractor import DEFAULT_DETECTOR
from models.grammar import Grammar
from models.locate import Locator
from models.networks.attribute_decoder import AttributeSequence
from models.networks.attribute_heads import AttributeHeads
from models.networks.encoders import new_encoder
from models.session import WEIGHTS
from models.training.card import write_card
from models.training.crops import load_crops
from models.training.curves import EpochLog
from models.training.datasets import READERS
from models.training.export import export_recogniser, exported_weights
from models.training.fit import Network, TrainingSet, fit
from models.training.objectives import HeadsObjective, Objective, SequenceObjective
from models.training.recipe import Recipe
from models.training.samples import Sample
from models.training.vocabulary import Vocabulary

# Views are cut from crops this much larger, so that turning and scaling lose no detail.
OVERSIZE = 8 / 7


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, calibrate, export, and write the card, the log and the curves."""
    options = _options(arguments)
    recipe = Recipe.read(options.config)
    recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
    taxonomy = Taxonomy.load()
    sources = {name: getattr(options, name) for name in READERS if getattr(options, name)}
    samples = [
        sample
        for name, paths in sources.items()
        for path in paths
        for sample in READERS[name].read(path, taxonomy)
    ]
    training = [s for s in samples if s.split == "train"]
    validation = [s for s in samples if s.split == "validation"]
    vocabulary = Vocabulary.of(training, taxonomy)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    print(f"{len(training)} training, {len(validation)} validation, {sum(vocabulary.sizes)} terms")

    locator = Locator(_detector(options.detector), taxonomy)
    data = _load(training, vocabulary, locator, round(recipe.training_side * OVERSIZE))
    held = _load(validation, vocabulary, locator, recipe.side)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / f"{recipe.name}-{recipe.version}"
    network, objective = _new_network(vocabulary, taxonomy, recipe)
    if recipe.start_from:
        print(f"{_go_on_from(network, options.out, recipe.start_from)} parts begin anew")
    log = EpochLog(stem, vocabulary, held, objective, recipe, device)
    checkpoint = stem.with_name(stem.name + ".checkpoint.pt")
    network = fit(network, data, objective, recipe, device, checkpoint, log.after_epoch)

    real = np.array([not s.group.startswith("studio-") for s in training])
    files = [path for paths in sources.values() for path in paths if path.is_file()]
    write_card(
        stem,
        recipe,
        vocabulary,
        network,
        objective,
        held,
        data.take(np.flatnonzero(real) if real.any() else np.arange(len(training))),
        device,
        command=options.command_line,
        trained_on=[hashlib.sha256(path.read_bytes()).hexdigest() for path in files],
        training_images=len(training),
    )
    export_recogniser(network, recipe.side, stem)
    checkpoint.unlink(missing_ok=True)
    print(f"wrote {stem}")


def _load(
    samples: Sequence[Sample], vocabulary: Vocabulary, locator: Locator, side: int
) -> TrainingSet:
    pixels, boxes = load_crops(samples, side, locator)
    return TrainingSet(pixels, boxes, vocabulary.labels(samples, locator.taxonomy))


def _detector(name: str) -> Detector | None:
    return None if name == "none" else Detector(WEIGHTS / name, 1)


def _new_network(
    vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe
) -> tuple[Network, Objective]:
    torch.manual_seed(recipe.seed)
    encoder = new_encoder(recipe.encoder, **recipe.encoder_options)
    if recipe.decoder == "heads":
        return AttributeHeads(encoder, vocabulary.sizes), HeadsObjective(vocabulary, recipe)
    grammar = Grammar(vocabulary.heads, taxonomy)
    network = AttributeSequence(encoder, grammar.tokens, direct=recipe.direct)
    return network, SequenceObjective(grammar, vocabulary, recipe)


def _go_on_from(network: Network, out: Path, name: str) -> int:
    """Load trained weights, from ``out`` or the shipped ones; how many have another shape."""
    folder = out if (out / f"{name}.onnx").exists() else WEIGHTS
    trained, state = exported_weights(folder / name), network.state_dict()
    fits = {n: t.reshape(state[n].shape) for n, t in trained.items() if _fits(t, state.get(n))}
    network.load_state_dict(fits, strict=False)
    return len(set(trained) - set(fits))


def _fits(trained: Tensor, wanted: Tensor | None) -> bool:
    return wanted is not None and trained.numel() == wanted.numel()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.training.train", description=__doc__)
    parser.add_argument("config", type=Path, help="a recipe, such as training/configs/*.toml")
    for name, reader in READERS.items():
        parser.add_argument(
            f"--{name}", type=Path, action="append", default=[], help=reader.help, metavar="PATH"
        )
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where to write (models/weights)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument(
        "--detector",
        default=DEFAULT_DETECTOR,
        help=f"finds items worn with others: a name, or none ({DEFAULT_DETECTOR})",
    )
    options = parser.parse_args(arguments)
    sources = [(name, path) for name in READERS for path in getattr(options, name)]
    if not sources:
        parser.error(f"expected data: one of {', '.join('--' + name for name in READERS)}")
    options.command_line = " ".join(
        [f"python -m models.training.train models/training/configs/{options.config.name}"]
        + [f"--{name} {name.upper()}/{path.name}" for name, path in sources]
    )
    return options


if __name__ == "__main__":
    main()
