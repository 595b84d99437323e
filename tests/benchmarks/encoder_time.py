"""``python -m tests.benchmarks.encoder_time [NETWORK …]``.

How long does an image encoder take for a picture, in floats and in dynamic 8 bits? Architectures of
torchvision with random weights are exported, their cards written by ``houndstooth encoder import``,
and the check picture embedded by each in turn, so that what else the machine does falls on all.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import warnings
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
import torchvision
from onnxruntime.quantization import QuantType, quantize_dynamic

from houndstooth.models.encoder.image_processors import read_preparation
from houndstooth.models.encoder.importing import Named, write_card
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder

NETWORKS = ("resnet18", "mobilenet_v3_small", "convnext_tiny", "vit_b_16")
SIDE = 224
LAST = {"resnet18": "fc", "mobilenet_v3_small": "classifier", "convnext_tiny": "classifier.2",
        "vit_b_16": "heads"}  # fmt: skip
"""Layers that are left out, so that the embedding is the output."""


def main() -> None:
    """Export each network, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.encoder_time")
    parser.add_argument("networks", nargs="*", default=NETWORKS, help=", ".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=8, help="pictures of each, in turns (8)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    print("| network | dimensions | MB | floats, ms | dynamic 8 bits, ms | the 8 bits to floats |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in options.networks:
        with tempfile.TemporaryDirectory() as folder:
            floats, size = _export(name, Path(folder))
            eight = _in_8_bits(floats, name)
            times = _in_turns([floats, eight], options.rounds)
            dimension = floats.card.output.dimension
            print(
                f"| {name} | {dimension} | {size / 1e6:.0f} | {1000 * times[0]:.0f} | "
                f"{1000 * times[1]:.0f} | {times[1] / times[0]:.1f} |",
                flush=True,
            )


def _export(name: str, folder: Path) -> tuple[OnnxEncoder, int]:
    network = torchvision.models.get_model(name, weights=None).eval()
    outer, _, last = LAST[name].rpartition(".")
    setattr(network.get_submodule(outer), last, torch.nn.Identity())
    path = folder / f"{name}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older exporter says that it is older
        torch.onnx.export(
            network, (torch.zeros(1, 3, SIDE, SIDE),), str(path), dynamo=False, opset_version=17,
            input_names=["pixel_values"], output_names=["image_embeds"],
        )  # fmt: skip
    config = folder / "preprocessor_config.json"
    config.write_text(json.dumps({"image_processor_type": "ViTImageProcessor"}))
    return _card(path, name), path.stat().st_size


def _card(path: Path, name: str) -> OnnxEncoder:
    config = path.with_name("preprocessor_config.json")
    return write_card(path, read_preparation(config), Named(name, 1, "random weights"))


def _in_8_bits(floats: OnnxEncoder, name: str) -> OnnxEncoder:
    path = floats.card.path.with_name(f"{name}-8.onnx")
    quantize_dynamic(floats.card.path, path, weight_type=QuantType.QUInt8)
    return _card(path, f"{name}-8")


def _in_turns(encoders: list[OnnxEncoder], rounds: int) -> list[float]:
    times: list[list[float]] = [[] for _ in encoders]
    for _ in range(rounds + 1):
        for encoder, taken in zip(encoders, times, strict=True):
            start = perf_counter()
            encoder.check_values()
            taken.append(perf_counter() - start)
    return [median(taken[1:]) for taken in times]  # the first one warms up


if __name__ == "__main__":
    main()
