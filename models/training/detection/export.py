"""Export of the detector to ONNX, and its weights read back."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.export import OPSET
from houndstooth.models.training.quantise import dequantised_weights, quantise_initialisers
from houndstooth.models.training.static_quantise import quantise_activations


class ServingGraph(nn.Module):
    """Maps pixels uint8 [h, w, 3] to boxes [n, 4] in pixels, class numbers [n], scores [n]."""

    def __init__(self, network: FasterRCNN) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Detect the items of one image, best first."""
        [detections] = self.network([pixels.permute(2, 0, 1).float() / 255])
        return detections["boxes"], detections["labels"], detections["scores"]


PARTS = ("/network/backbone", "/network/rpn/head")
"""Nodes that are computed in 8 bits: all convolutions, and what is between them."""

GEMMS = ("box_head",)
"""Dense layers that are computed in 8 bits; scores and boxes are not."""


def export_detector(
    network: FasterRCNN, path: Path, calibration: Sequence[NDArray[np.uint8]] = ()
) -> None:
    """Write the serving graph for one image of any size.

    Args:
        calibration: images, uint8 RGB [h, w, 3] each, by which it is quantised statically. Without
            any it computes in floats, and its weights alone have 8 bits.
    """
    graph = ServingGraph(network.cpu().float()).eval()
    pixels = torch.randint(0, 256, (320, 224, 3), dtype=torch.uint8)
    outputs = ["boxes", "labels", "scores"]
    with warnings.catch_warnings():
        # The older exporter, which takes data-dependent sizes, and warns that it is older.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (pixels,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["pixels"],
            output_names=outputs,
            dynamic_axes={"pixels": {0: "height", 1: "width"}} | {k: {0: "found"} for k in outputs},
        )
    if calibration:
        quantise_activations(path, ({"pixels": each} for each in calibration), PARTS, GEMMS)
        return
    model = onnx.load(path)
    quantise_initialisers(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def load_exported(network: FasterRCNN, path: Path) -> FasterRCNN:
    """Load the weights of an exported file into a network of the same shape.

    Raises:
        InvalidConfig: a weight is missing or of another shape.
    """
    exported = {
        name.removeprefix("network."): values
        for name, values in dequantised_weights(onnx.load(path)).items()
    }
    state = network.state_dict()
    if missing := sorted(set(state) - set(exported)):
        raise InvalidConfig(f"expected weights {missing[:3]} in {path.name}")
    if other := [name for name in state if exported[name].shape != tuple(state[name].shape)]:
        raise InvalidConfig(f"expected other shapes of weights {other[:3]} in {path.name}")
    network.load_state_dict({name: torch.tensor(exported[name]) for name in state})
    return network.eval()
