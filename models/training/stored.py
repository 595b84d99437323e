"""How weights are stored in ONNX files: in 8 bits by output channel, behind what makes them floats.

The runtime folds the Cast and Mul when it opens a file, so a quarter of the file serves at full
speed. Vectors (biases, statistics) are few, and stored in half precision.
"""

from __future__ import annotations

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

# Small tensors stay as they are: nothing to save, and shapes must stay whole numbers.
LEAST_ELEMENTS = 256
LARGEST = 127
EIGHT, SCALE, HALF = "_int8", "_scale", "_half"
Floats = NDArray[np.float32]


def in_eight_bits(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Whole numbers from -127 to 127, and what they are to be multiplied with.

    The scale has so few binary places that 127 times it is exact: what was rounded once is rounded
    to itself.

    Args:
        weight: [channels, ...], two dimensions or more.

    Returns:
        Of the same shape, and [channels, 1, ...].
    """
    largest = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(LARGEST), np.float32(1))
    places = scale.astype(np.float32).view(np.uint32) + np.uint32(0x7F) & np.uint32(0xFFFFFF80)
    scale = places.view(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


@torch.no_grad()
def round_to_stored(network: nn.Module) -> None:
    """Round what ``store`` will round, so that torch computes what the file will."""
    for tensor in network.state_dict().values():
        if tensor.dtype == torch.float32 and tensor.numel() >= LEAST_ELEMENTS:
            if tensor.ndim > 1:
                whole, scale = in_eight_bits(tensor.numpy())
                tensor.copy_(torch.from_numpy(whole * scale))
            else:
                tensor.copy_(tensor.half().float())


def store(model: onnx.ModelProto) -> None:
    """Replace each large float32 initialiser by a smaller one and the nodes that widen it."""
    graph = model.graph
    added, nodes = [], []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < LEAST_ELEMENTS:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if values.ndim > 1:
            whole, scale = in_eight_bits(values)
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


def stored_weights(model: onnx.ModelProto) -> dict[str, Floats]:
    """The weights of a file by the names that they had before they were stored."""
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found = {}
    for stored, values in held.items():
        name = stored.removesuffix(EIGHT)
        if name != stored:
            found[name] = values * held[name + SCALE]
        elif not stored.endswith(SCALE) or stored.removesuffix(SCALE) + EIGHT not in held:
            found[stored.removesuffix(HALF)] = values.astype(np.float32)
    return found
