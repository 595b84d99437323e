"""A trained network to ONNX: weights in half precision behind Casts that the runtime folds."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from models.networks.attribute_heads import AttributeHeads, ServingGraph

OPSET = 17
# Small tensors stay as they are: nothing to save, and shapes must stay whole numbers.
LEAST_ELEMENTS = 256


def export_recogniser(network: AttributeHeads, side: int, path: Path) -> None:
    """Write the serving graph: ``pixels`` and ``boxes`` in, ``features`` and ``logits`` out."""
    graph = ServingGraph(network.cpu().float()).eval()
    pixels = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.1, 0.8, 0.9]])
    batch = {0: "batch"}
    with warnings.catch_warnings():
        # The older exporter: it keeps the batch size free, and says at length that it is older.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (pixels, boxes),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["pixels", "boxes"],
            output_names=["features", "logits"],
            dynamic_axes=dict.fromkeys(("pixels", "boxes", "features", "logits"), batch),
        )
    model = onnx.load(path)
    store_in_half(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def store_in_half(model: onnx.ModelProto) -> None:
    """Replace each large float32 initialiser by a float16 one and a Cast; half the file."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < LEAST_ELEMENTS:
            continue
        half = numpy_helper.to_array(tensor).astype(np.float16)
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)
