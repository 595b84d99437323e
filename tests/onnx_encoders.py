"""Tiny image encoders as ONNX files, built node by node, and their cards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from houndstooth.models.encoder.image_processors import Preparation
from houndstooth.models.encoder.importing import Named, write_card
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder

SIDE, DIMENSION, CELLS = 32, 20, 4
KINDS = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "uint8": TensorProto.UINT8,
}
SQUASH = Preparation(
    size=(SIDE, SIDE),
    resize="squash",
    resized=(SIDE, SIDE),
    interpolation="bicubic",
    mean=(0.5, 0.4, 0.3),
    std=(0.2, 0.25, 0.3),
)
WEIGHTS = np.random.default_rng(3).normal(size=(3 * CELLS**2, DIMENSION)).astype(np.float32)
"""From the mean colours of a grid, channel by channel, to the embedding."""


def build(
    path: Path,
    *,
    layout: str = "NCHW",
    kind: str = "float32",
    batch: int | str = "n",
    outputs: Sequence[str] = ("image_embeds",),
    further_inputs: Sequence[str] = (),
    data_file: str = "",
    dimension: int | str | None = None,
    weights: np.ndarray = WEIGHTS,
) -> Path:
    """Build an encoder: mean colours of a grid, times weights; [n, DIMENSION].

    Args:
        outputs: their names. ``last_hidden_state`` is the grid itself, [n, cells, 3]; each other
            one is the embedding, times one more than its place.
        dimension: what the graph says of its outputs; None is what they have.
        data_file: where the weights lie; within the file where it is empty.
    """
    shape = [batch, 3, SIDE, SIDE] if layout == "NCHW" else [batch, SIDE, SIDE, 3]
    inputs = [helper.make_tensor_value_info("pixel_values", KINDS[kind], shape)]
    inputs += [
        helper.make_tensor_value_info(n, TensorProto.INT64, [batch, 8]) for n in further_inputs
    ]
    nodes = [helper.make_node("Cast", ["pixel_values"], ["floats"], to=TensorProto.FLOAT)]
    order = [0, 1, 2, 3] if layout == "NCHW" else [0, 3, 1, 2]
    nodes.append(helper.make_node("Transpose", ["floats"], ["planes"], perm=order))
    cell = SIDE // CELLS
    nodes.append(
        helper.make_node(
            "AveragePool", ["planes"], ["grid"], kernel_shape=[cell, cell], strides=[cell, cell]
        )
    )
    nodes.append(helper.make_node("Flatten", ["grid"], ["flat"]))
    nodes.append(helper.make_node("MatMul", ["flat", "weights"], ["embedded"]))
    tensors = [numpy_helper.from_array(weights, "weights")]
    found = []
    for place, name in enumerate(outputs):
        if name == "last_hidden_state":
            tensors.append(numpy_helper.from_array(np.array([-1, 3, CELLS**2]), "cells"))
            nodes.append(helper.make_node("Reshape", ["grid", "cells"], ["rows"]))
            nodes.append(helper.make_node("Transpose", ["rows"], [name], perm=[0, 2, 1]))
            sides: list[int | str] = [batch, CELLS**2, 3]
        else:
            tensors.append(numpy_helper.from_array(np.float32(place + 1), f"times_{name}"))
            nodes.append(helper.make_node("Mul", ["embedded", f"times_{name}"], [name]))
            sides = [batch, weights.shape[1] if dimension is None else dimension]
        found.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sides))
    graph = helper.make_graph(nodes, "encoder", inputs, found, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    if data_file:
        onnx.save(model, path, save_as_external_data=True, location=data_file, size_threshold=1000)
    else:
        onnx.save(model, path)
    return path


def card_of(
    path: Path,
    prepared: Preparation = SQUASH,
    name: str = "tiny",
    *,
    replaces: bool = True,
    text: dict[str, Any] | None = None,
    **named: Any,
) -> OnnxEncoder:
    """Write the card of an encoder beside it, as ``houndstooth encoder import`` does."""
    return write_card(path, prepared, Named(name, 7, "Apache-2.0", **named), replaces, text)


def change(stem: Path, **keys: Any) -> None:
    """Change keys of a card; ``input__size`` is ``size`` within ``input``, None takes it away."""
    path = stem.with_name(f"{stem.name}.json")
    card = json.loads(path.read_text())
    for key, value in keys.items():
        *outer, last = key.split("__")
        place = card
        for each in outer:
            place = place[each]
        if value is None:
            del place[last]
        else:
            place[last] = value
    path.write_text(json.dumps(card))
