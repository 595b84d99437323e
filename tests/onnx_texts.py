"""Tiny text encoders as ONNX files, built node by node, with their tokenizers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.onnx_encoders import DIMENSION

WORDS = ("[PAD]", "[UNK]", "[EOS]", "red", "blue", "dress", "shirt", "a", "with", "long", "sleeves")
VECTORS = np.random.default_rng(4).normal(size=(len(WORDS), DIMENSION)).astype(np.float32)
"""Of each word; an embedding is the sum of its words' vectors, those that fill up among them."""


def build_text(
    path: Path,
    *,
    kind: int = TensorProto.INT64,
    shape: Sequence[int | str] = ("n", "tokens"),
    mask: bool = False,
    outputs: Sequence[str] = ("text_embeds",),
    vectors: np.ndarray = VECTORS,
) -> Path:
    """Build a text encoder; ``last_hidden_state`` is the vector of each token."""
    inputs = [helper.make_tensor_value_info("input_ids", kind, shape)]
    nodes = [helper.make_node("Gather", ["vectors", "input_ids"], ["rows"])]
    rows = "rows"
    if mask:
        inputs.append(helper.make_tensor_value_info("attention_mask", kind, shape))
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["floats", "last"], ["column"]),
            helper.make_node("Mul", ["rows", "column"], ["masked"]),
        ]
        rows = "masked"
    found = []
    for name in outputs:
        hidden = name == "last_hidden_state"
        nodes.append(
            helper.make_node("Identity", [rows], [name])
            if hidden
            else helper.make_node("ReduceSum", [rows, "middle"], [name], keepdims=0)
        )
        width = vectors.shape[1]
        sides = [*shape, width] if hidden else [shape[0], width]
        found.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sides))
    tensors = [
        numpy_helper.from_array(vectors, "vectors"),
        numpy_helper.from_array(np.array([1]), "middle"),
        numpy_helper.from_array(np.array([2]), "last"),
    ]
    graph = helper.make_graph(nodes, "texts", inputs, found, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def write_tokenizer(folder: Path, **settings: Any) -> Path:
    """Write tokenizer.json: words in small letters, and [EOS] after the last of them."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(
        models.WordLevel({one: n for n, one in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A [EOS]", special_tokens=[("[EOS]", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder / "tokenizer.json"
