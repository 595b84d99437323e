"""Graphs for export, one for each ONNX file."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class Graph(NamedTuple):
    """A graph for export.

    Attributes:
        suffix: the file's, after the network's name and version.
        module: the module that computes it.
        inputs: example inputs by name, two rows each.
        outputs: names of the outputs, in order.
    """

    suffix: str
    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
