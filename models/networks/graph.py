"""What is written as one ONNX file."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class Graph(NamedTuple):
    """One exported graph.

    Attributes:
        suffix: of the file, after the network's name and version.
        module: computes it.
        inputs: examples of its inputs by name, two rows each.
        outputs: their names, in order.
    """

    suffix: str
    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
