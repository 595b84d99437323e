"""``python -m tests.benchmarks.serving_agreement --images DIR [--count 500]``.

Do torch and onnxruntime say the same? The shipped recogniser's weights are read back into torch,
and every term of every image is compared. Then what decoding costs: greedy decoding of one image
(the encoder's run left out) against the encoder's own run, medians, taking turns.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mappings.taxonomy import Taxonomy
from models.crop import Crop, crop_square
from models.decoding import Start
from models.extractor import DEFAULT_MODEL
from models.foreground import find_foreground
from models.grammar import Grammar
from models.images import decode_image
from models.networks.attribute_decoder import AttributeSequence, EncoderGraph, StepGraph
from models.networks.encoders import new_encoder
from models.recognised import Recognised
from models.recogniser import open_recogniser
from models.sequence_recogniser import SequenceRecogniser, decode
from models.session import WEIGHTS, crop_inputs
from models.training.export import exported_weights

BATCH = 25


def main() -> None:
    """Compare, time and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving_agreement", description=__doc__
    )
    parser.add_argument("--images", type=Path, required=True, help="a folder with JPEGs in it")
    parser.add_argument("--count", type=int, default=500, help="how many of them (500)")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    taxonomy = Taxonomy.load()
    recogniser = open_recogniser(WEIGHTS / options.model, taxonomy)
    if not isinstance(recogniser, SequenceRecogniser):
        parser.error(f"expected a sequence recogniser; {options.model} is none")
    crops = []
    for file in sorted(options.images.rglob("*.jpg"))[: options.count]:
        image = decode_image(file.read_bytes())
        crops.append(crop_square(image, find_foreground(image)[0], recogniser.card.side))
    recipe = json.loads((WEIGHTS / f"{options.model}.json").read_text())["recipe"]
    encoder = new_encoder(recipe["encoder"], pretrained=False, **recipe["encoder_options"])
    network = AttributeSequence(encoder, recogniser.grammar.tokens)
    state = network.state_dict()
    weights = exported_weights(WEIGHTS / options.model)
    network.load_state_dict(
        {name: tensor.reshape(state[name].shape) for name, tensor in weights.items()}, strict=False
    )
    terms = differing = 0
    for first in tqdm(range(0, len(crops), BATCH), unit=" batches", leave=False):
        here = crops[first : first + BATCH]
        served = recogniser.run(here, [None] * len(here))[1]
        for a, b in zip(served, by_torch(network, here, recogniser, taxonomy), strict=True):
            terms += len(best(a))
            differing += len(set(best(a)) ^ set(best(b)))
    print(f"{len(crops)} images, {terms} terms, {differing} differ between torch and onnxruntime")
    print_times(recogniser, crops[:100], taxonomy)


def by_torch(
    network: AttributeSequence,
    crops: list[Crop],
    recogniser: SequenceRecogniser,
    taxonomy: Taxonomy,
) -> list[Recognised]:
    """The same decoding with torch in the place of onnxruntime."""
    grammar: Grammar = recogniser.grammar
    graph, step = EncoderGraph(network).eval(), StepGraph(network.decoder).eval()

    def ask(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.no_grad():
            return tuple(part.numpy() for part in step(*map(torch.from_numpy, inputs)))

    with torch.no_grad():
        _, *parts = graph(*map(torch.from_numpy, crop_inputs(crops).values()))
    start = Start(*(part.numpy() for part in parts))
    temperatures = recogniser.card.temperatures
    return decode(ask, start, [None] * len(crops), grammar, taxonomy, temperatures)


def best(seen: Recognised) -> list[str]:
    """The category, and each group's first choice."""
    groups = seen.groups.values()
    return [seen.category, *(max(likely, key=likely.__getitem__) for likely in groups)]


def print_times(recogniser: SequenceRecogniser, crops: list[Crop], taxonomy: Taxonomy) -> None:
    """Medians over single images."""
    took: dict[str, list[float]] = {"encoder": [], "decoder": []}
    for crop in crops:
        begun = time.perf_counter()
        _, start = recogniser._start([crop])
        seen = time.perf_counter()
        decode(
            recogniser._step, start, [None], recogniser.grammar, taxonomy,
            recogniser.card.temperatures,
        )  # fmt: skip
        took["encoder"].append(seen - begun)
        took["decoder"].append(time.perf_counter() - seen)
    encoder, decoder = (1000 * float(np.median(took[name])) for name in ("encoder", "decoder"))
    print(
        f"encoder {encoder:.2f} ms, greedy decoding {decoder:.2f} ms: {decoder / encoder:.2f} of it"
    )


if __name__ == "__main__":
    main()
