"""The detector to ONNX, and back from there to torch."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.export import OPSET
from houndstooth.models.training.quantise import dequantised_weights, quantise_initialisers


class ServingGraph(nn.Module):
    """Pixels uint8 [h, w, 3] to boxes [n, 4] in pixels, class numbers [n] and scores [n]."""

    def __init__(self, network: FasterRCNN) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of one image, best first."""
        found = self.network([pixels.permute(2, 0, 1).float() / 255])[0]
        return found["boxes"], found["labels"], found["scores"]


def export_detector(network: FasterRCNN, path: Path) -> None:
    """Write the serving graph for one image of any size, with quantised weights."""
    graph = ServingGraph(network.cpu().float()).eval()
    pixels = torch.randint(0, 256, (320, 224, 3), dtype=torch.uint8)
    found = ["boxes", "labels", "scores"]
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
            output_names=found,
            dynamic_axes={"pixels": {0: "height", 1: "width"}} | {k: {0: "found"} for k in found},
        )
    model = onnx.load(path)
    quantise_initialisers(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def load_exported(network: FasterRCNN, path: Path) -> FasterRCNN:
    """The weights of an exported file in a network of the same shape, as they are there.

    Raises:
        InvalidConfig: a weight is missing or of another shape.
    """
    held = {
        name.removeprefix("network."): values
        for name, values in dequantised_weights(onnx.load(path)).items()
    }
    state = network.state_dict()
    if missing := sorted(set(state) - set(held)):
        raise InvalidConfig(f"expected weights {missing[:3]} in {path.name}")
    if other := [name for name in state if held[name].shape != tuple(state[name].shape)]:
        raise InvalidConfig(f"expected other shapes of weights {other[:3]} in {path.name}")
    network.load_state_dict({name: torch.tensor(held[name]) for name in state})
    return network.eval()
