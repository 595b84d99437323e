"""``python -m tests.benchmarks.serving_agreement --images DIR [--count 500]``.

Do torch and onnxruntime say the same? The shipped recognisers' weights are read back into torch,
and every term of every image is compared. Then what decoding costs: greedy decoding of one image
(the encoder's run left out) against the encoder's own run, medians, taking turns, by member.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_MODEL, open_recogniser
from houndstooth.models.localisation.background import find_foreground
from houndstooth.models.networks.attribute_decoder import AttributeSequence, StartGraph, StepGraph
from houndstooth.models.networks.attribute_heads import HeadsGraph
from houndstooth.models.networks.item_reader import EncoderGraph
from houndstooth.models.recognition.ensemble import Ensemble
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.recognition.recogniser import Recogniser, encode_and_predict
from houndstooth.models.recognition.sequence_recogniser import SequenceRecogniser, decode
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.runtime.crop import Crop, crop_square
from houndstooth.models.runtime.ensemble_card import EnsembleCard
from houndstooth.models.runtime.images import decode_image
from houndstooth.models.training.new_network import fine_tune_from, network_of_card

BATCH = 25


class TorchSession:
    """Runs a graph in the place of an ``onnxruntime.InferenceSession``."""

    def __init__(self, graph: nn.Module) -> None:
        self.graph = graph.eval()

    def run(self, _: None, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Outputs in the graph's order; inputs must come in it too."""
        with torch.no_grad():
            return [part.numpy() for part in self.graph(*map(torch.from_numpy, inputs.values()))]


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
    twin = in_torch(recogniser)
    crops = []
    for file in sorted(options.images.rglob("*.jpg"))[: options.count]:
        image = decode_image(file.read_bytes())
        crops.append(crop_square(image, find_foreground(image)[0], recogniser.card.side))
    terms = differing = 0
    for first in tqdm(range(0, len(crops), BATCH), unit=" batches", leave=False):
        here, choices = crops[first : first + BATCH], [None] * BATCH
        served = encode_and_predict(recogniser, here, choices[: len(here)])[1]
        expected = encode_and_predict(twin, here, choices[: len(here)])[1]
        for a, b in zip(served, expected, strict=True):
            terms += len(best(a))
            differing += len(set(best(a)) ^ set(best(b)))
    print(f"{len(crops)} images, {terms} terms, {differing} differ between torch and onnxruntime")
    for member in recogniser.members if isinstance(recogniser, Ensemble) else [recogniser]:
        print_times(member, crops[:100], taxonomy)


def in_torch(recogniser: Recogniser) -> Recogniser:
    """The same recogniser, or ensemble of some, with its weights in torch."""
    if isinstance(recogniser, Ensemble):
        twins = [in_torch(member) for member in recogniser.members]
        return Ensemble(EnsembleCard(recogniser.card.model), twins, recogniser.taxonomy)
    name = recogniser.card.model
    network = network_of_card(json.loads((WEIGHTS / f"{name}.json").read_text()), Taxonomy.load())
    if unfit := fine_tune_from(network, WEIGHTS, name):
        raise SystemExit(f"expected all weights of {name} to fit torch's network; {unfit} do not")
    twin: Any = copy.copy(recogniser)
    twin._encoder = TorchSession(EncoderGraph(network))
    if isinstance(network, AttributeSequence):
        twin._reader = TorchSession(StartGraph(network))
        twin._decoder = TorchSession(StepGraph(network.decoder))
    else:
        twin._reader = TorchSession(HeadsGraph(network))
    seen: Recogniser = twin
    return seen


def best(seen: Prediction) -> list[str]:
    """The category, and each group's first choice."""
    groups = seen.groups.values()
    return [seen.category, *(max(likely, key=likely.__getitem__) for likely in groups)]


def print_times(recogniser: Recogniser, crops: list[Crop], taxonomy: Taxonomy) -> None:
    """Medians over single images; independent heads decode nothing."""
    if not isinstance(recogniser, SequenceRecogniser):
        return
    took: dict[str, list[float]] = {"encoder": [], "decoder": []}
    for crop in crops:
        begun = time.perf_counter()
        _, start = recogniser._start(recogniser.encode([crop]), [crop])
        seen = time.perf_counter()
        decode(
            recogniser._step, start, [None], recogniser.grammar, taxonomy,
            recogniser.card.temperatures,
        )  # fmt: skip
        took["encoder"].append(seen - begun)
        took["decoder"].append(time.perf_counter() - seen)
    encoder, decoder = (1000 * float(np.median(took[name])) for name in ("encoder", "decoder"))
    print(
        f"{recogniser.card.model}: encoder {encoder:.2f} ms, greedy decoding {decoder:.2f} ms: "
        f"{decoder / encoder:.2f} of it"
    )


if __name__ == "__main__":
    main()
