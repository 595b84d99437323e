"""``python -m tests.benchmarks.detector_agreement --images DIR [--count 200]``.

Whether the shipped detector finds the same in onnxruntime as in torch, which computes in floats:
as it serves here, and as it serves on processors without byte instructions. Counts torch's boxes
of a score of 0.5 and more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector, RawBoxes, resized
from houndstooth.models.networks.faster_rcnn import Limits, faster_rcnn
from houndstooth.models.runtime import session
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.runtime.processor import byte_instructions
from houndstooth.models.training.detection.export import ServingGraph, load_exported

STEM = WEIGHTS / DEFAULT_DETECTOR
PIXELS = 1.0
NEAR = 9.0
"""3 % of the longest side."""


def main() -> None:
    """Run both on some images and print how many boxes agree."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.detector_agreement", description=__doc__
    )
    parser.add_argument("--images", type=Path, required=True, help="a folder with JPEGs in it")
    parser.add_argument("--count", type=int, default=200, help="how many of them (200)")
    options = parser.parse_args()
    served, graph = Detector(STEM), torch_detector(STEM)
    with mock.patch.object(session, "byte_instructions", lambda: ""):
        floats = Detector(STEM)
    ways = {byte_instructions() or "served": served, "floats": floats}
    files = sorted(options.images.rglob("*.jpg"))[: options.count]
    boxes = 0
    strangers = {(way, pixels): 0 for way in ways for pixels in (PIXELS, NEAR)}
    for file in tqdm(files, unit="image"):
        with Image.open(file) as image:
            shown = resized(image.convert("RGB"), served.card.side)
        found = torch_boxes(graph, shown)
        expected = tuple(part[found[2] >= 0.5] for part in found)
        boxes += len(expected[0])
        for way, pixels in strangers:
            strangers[way, pixels] += without_match(expected, ways[way].run(shown), pixels)
    for (way, pixels), number in strangers.items():
        print(
            f"{way}: of {boxes} boxes on {len(files)} images {number} have no like to {pixels} px"
        )


def torch_detector(stem: Path) -> ServingGraph:
    """The same weights in torch."""
    card = json.loads(stem.with_name(stem.name + ".json").read_text())
    recipe, classes = card["recipe"], len(card["classes"])
    limits = Limits(proposals=recipe["proposals"])
    network = faster_rcnn(classes, pretrained=False, limits=limits, encoder=recipe["encoder"])
    return ServingGraph(load_exported(network, stem.with_name(stem.name + ".onnx")))


@torch.no_grad()
def torch_boxes(graph: ServingGraph, pixels: NDArray[np.uint8]) -> RawBoxes:
    """Boxes, labels and scores of one image."""
    boxes, labels, scores = graph(torch.tensor(pixels))
    return boxes.numpy(), labels.numpy(), scores.numpy()


def without_match(some: RawBoxes, others: RawBoxes, pixels: float = PIXELS) -> int:
    """How many boxes have no other of their class within so many pixels at every edge."""
    if not len(some[0]) or not len(others[0]):
        return len(some[0])
    apart = np.abs(some[0][:, None] - others[0][None]).max(axis=2)
    like = (apart <= pixels) & (some[1][:, None] == others[1][None])
    return int((~like.any(axis=1)).sum())


if __name__ == "__main__":
    main()
