"""``python -m tests.benchmarks.serving_agreement --images DIR [--count 500]``.

Do torch and onnxruntime say the same? The shipped recogniser's weights are read back into torch,
which computes in floats, and every term of every image is compared: with onnxruntime as it serves
here, and with onnxruntime in floats, as it serves on processors that are no good at bytes.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_MODEL, open_recogniser
from houndstooth.models.localisation.background import find_foreground
from houndstooth.models.networks.item_reader import EncoderGraph
from houndstooth.models.recognition.kinds import kind_of
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.recognition.recogniser import Recogniser, encode_and_predict
from houndstooth.models.runtime import session
from houndstooth.models.runtime.card import DECODER, READER, WEIGHTS, Card, read_json
from houndstooth.models.runtime.crop import crop_square
from houndstooth.models.runtime.images import decode_image
from houndstooth.models.runtime.processor import byte_instructions
from houndstooth.models.training.new_network import fine_tune_from, network_of_card
from houndstooth.models.training.vocabulary import Vocabulary

BATCH = 25


class TorchSession:
    """Runs a graph in the place of an ``onnxruntime.InferenceSession``."""

    def __init__(self, graph: nn.Module, names: Sequence[str] = ()) -> None:
        self.graph, self.names = graph.eval(), names

    def get_outputs(self) -> list[SimpleNamespace]:
        """The outputs' names."""
        return [SimpleNamespace(name=name) for name in self.names]

    def run(self, _: None, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Outputs in the graph's order; inputs must come in it too."""
        with torch.no_grad():
            return [part.numpy() for part in self.graph(*map(torch.from_numpy, inputs.values()))]


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving_agreement", description=__doc__
    )
    parser.add_argument("--images", type=Path, required=True, help="a folder with JPEGs in it")
    parser.add_argument("--count", type=int, default=500, help="how many of them (500)")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a recogniser, but no ensemble")
    options = parser.parse_args()
    taxonomy, stem = Taxonomy.load(), WEIGHTS / options.model
    served = open_recogniser(stem, taxonomy)
    with mock.patch.object(session, "byte_instructions", lambda: ""):
        floats = open_recogniser(stem, taxonomy)
    ways = {byte_instructions() or "served": served, "floats": floats}
    twin = in_torch(stem, served)
    crops = []
    for file in sorted(options.images.rglob("*.jpg"))[: options.count]:
        image = decode_image(file.read_bytes())
        crops.append(crop_square(image, find_foreground(image)[0], served.card.side))
    terms, differing = 0, dict.fromkeys(ways, 0)
    for first in tqdm(range(0, len(crops), BATCH), unit=" batches", leave=False):
        here = crops[first : first + BATCH]
        expected = [best(p) for p in encode_and_predict(twin, here, [None] * len(here))[1]]
        terms += sum(map(len, expected))
        for way, recogniser in ways.items():
            found = [best(p) for p in encode_and_predict(recogniser, here, [None] * len(here))[1]]
            differing[way] += sum(
                len(set(a) - set(b)) for a, b in zip(expected, found, strict=True)
            )
    for way, number in differing.items():
        print(f"{way}: of {terms} terms on {len(crops)} images {number} differ from torch's")


def in_torch(stem: Path, recogniser: Recogniser) -> Recogniser:
    """The same recogniser with its weights in torch."""
    card, data = Card.read(stem), read_json(stem)
    network = network_of_card(data, Taxonomy.load())
    if unfit := fine_tune_from(network, stem.parent, stem.name, Vocabulary(card.heads)):
        raise SystemExit(f"expected all weights of {stem.name} to fit torch's; {unfit} do not")
    twin: Any = copy.copy(recogniser)
    encoder = EncoderGraph(network)
    pixels = torch.zeros(2, card.side, card.side, 3, dtype=torch.uint8)
    with torch.no_grad():
        graphs = kind_of(card.kind).load("exporter")(network, encoder(pixels))
    modules = {graph.suffix: TorchSession(graph.module, graph.outputs) for graph in graphs}
    twin._encoder, twin._reader = TorchSession(encoder), modules[READER]
    if DECODER in modules:
        twin._decoder = modules[DECODER]
    seen: Recogniser = twin
    return seen


def best(seen: Prediction) -> list[str]:
    """The category, and each group's first choice."""
    groups = seen.groups.values()
    return [seen.category, *(max(likely, key=likely.__getitem__) for likely in groups)]


if __name__ == "__main__":
    main()
