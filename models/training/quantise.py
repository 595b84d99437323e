"""Quantisation of the weights of ONNX files: 8 bits, a scale for each output channel.

The runtime folds the Cast and Mul that widen them when it opens a file, so the file is a quarter of
the size at the same speed. Vectors (biases, statistics) are few, and have half precision.
"""

from __future__ import annotations

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

MIN_ELEMENTS = 256
"""Smaller tensors stay as they are: nothing is saved, and shapes must stay integers."""

LARGEST = 127
EIGHT, SCALE, HALF = "_int8", "_scale", "_half"
STATIC, STATIC_SCALE = "_quantized", ("_scale", "_quantized_scale")
"""What onnxruntime's tool calls a quantised weight, and the scales of weights and of biases."""

Floats = NDArray[np.float32]


def quantise_tensor(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Quantise a weight to integers in [-127, 127] and the scales to multiply them by.

    The scales have few binary places, so that 127 times one is exact: quantising twice changes
    nothing more.

    Args:
        weight: [channels, ...], two dimensions or more.

    Returns:
        int8 of the same shape, and float32 [channels, 1, ...].
    """
    largest = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(LARGEST), np.float32(1))
    places = scale.astype(np.float32).view(np.uint32) + np.uint32(0x7F) & np.uint32(0xFFFFFF80)
    scale = places.view(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


@torch.no_grad()
def quantise_network(network: nn.Module) -> None:
    """Round a network's weights as its file will, so that torch computes what the file does."""
    for tensor in network.state_dict().values():
        if tensor.dtype == torch.float32 and tensor.numel() >= MIN_ELEMENTS:
            if tensor.ndim > 1:
                whole, scale = quantise_tensor(tensor.numpy())
                tensor.copy_(torch.from_numpy(whole * scale))
            else:
                tensor.copy_(tensor.half().float())


def quantise_initialisers(model: onnx.ModelProto) -> None:
    """Replace each large float32 initialiser by a quantised one and the nodes that widen it."""
    graph = model.graph
    added, nodes = [], []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < MIN_ELEMENTS:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if values.ndim > 1:
            whole, scale = quantise_tensor(values)
            tensor.CopyFrom(numpy_helper.from_array(whole, name + EIGHT))
            added.append(numpy_helper.from_array(scale, name + SCALE))
            wide = f"{name}_wide"
            nodes.append(helper.make_node("Cast", [name + EIGHT], [wide], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [wide, name + SCALE], [name]))
        else:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + HALF))
            nodes.append(helper.make_node("Cast", [name + HALF], [name], to=TensorProto.FLOAT))
    graph.initializer.extend(added)
    for node in reversed(nodes):
        graph.node.insert(0, node)


def dequantised_weights(model: onnx.ModelProto) -> dict[str, Floats]:
    """Read a file's weights as floats, by their names before quantising."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights = {}
    for stored, values in tensors.items():
        name = stored.removesuffix(EIGHT)
        static = stored.removesuffix(STATIC)
        if name != stored:
            weights[name] = values * tensors[name + SCALE]
        elif static != stored:
            scale = next(tensors[static + s] for s in STATIC_SCALE if static + s in tensors)
            shape = (-1, *[1] * (values.ndim - 1)) if scale.ndim else ()
            weights[static] = values.astype(np.float32) * scale.reshape(shape)
        elif stored.endswith("_zero_point") or stored.endswith(STATIC_SCALE[1]):
            continue
        elif not stored.endswith(SCALE):
            weights[stored.removesuffix(HALF)] = values.astype(np.float32)
    return weights
