"""``python -m tests.benchmarks.detector_agreement --images DIR [--count 200]``.

Whether the shipped detector gives the same boxes in onnxruntime as in torch, to a pixel.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector, RawBoxes, resized
from houndstooth.models.networks.faster_rcnn import faster_rcnn
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.detection.export import ServingGraph, load_exported

STEM = WEIGHTS / DEFAULT_DETECTOR
PIXELS = 1.0


def main() -> None:
    """Run both on some images and print how many boxes agree."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.detector_agreement", description=__doc__
    )
    parser.add_argument("--images", type=Path, required=True, help="a folder with JPEGs in it")
    parser.add_argument("--count", type=int, default=200, help="how many of them (200)")
    options = parser.parse_args()
    detector, graph = Detector(STEM), torch_detector(STEM)
    files = sorted(options.images.rglob("*.jpg"))[: options.count]
    boxes = strangers = 0
    for file in tqdm(files, unit="image"):
        with Image.open(file) as image:
            pixels = resized(image.convert("RGB"), detector.card.side)
        served, trained = detector.run(pixels), torch_boxes(graph, pixels)
        boxes += len(served[0]) + len(trained[0])
        strangers += without_match(served, trained) + without_match(trained, served)
    print(f"{len(files)} images, {boxes // 2} boxes: {strangers} without their like to a pixel")


def torch_detector(stem: Path) -> ServingGraph:
    """The same weights in torch."""
    card = json.loads(stem.with_name(stem.name + ".json").read_text())
    network = faster_rcnn(len(card["classes"]), pretrained=False, encoder=card["recipe"]["encoder"])
    return ServingGraph(load_exported(network, stem.with_name(stem.name + ".onnx")))


@torch.no_grad()
def torch_boxes(graph: ServingGraph, pixels: NDArray[np.uint8]) -> RawBoxes:
    """Boxes, labels and scores of one image."""
    boxes, labels, scores = graph(torch.tensor(pixels))
    return boxes.numpy(), labels.numpy(), scores.numpy()


def without_match(some: RawBoxes, others: RawBoxes) -> int:
    """How many boxes have no other of their class within a pixel at every edge."""
    if not len(some[0]) or not len(others[0]):
        return len(some[0])
    apart = np.abs(some[0][:, None] - others[0][None]).max(axis=2)
    like = (apart <= PIXELS) & (some[1][:, None] == others[1][None])
    return int((~like.any(axis=1)).sum())


if __name__ == "__main__":
    main()
