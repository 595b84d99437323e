"""Static quantisation: a network that computes in 8 bits, activations too.

The activations' ranges are those that some images have (calibration). It is done by onnxruntime's
own tool, after its own optimiser has merged padding into convolutions: a Pad by itself would be
computed in floats, which takes nearly half as long as all convolutions in 8 bits. A Clip or Relu
that a quantiser makes superfluous stays in the file, so that the same file can be computed in
floats; see ``runtime.session``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from houndstooth.models.runtime.session import open_session

OPERATORS = frozenset({"Conv", "Clip", "Relu", "Add", "Resize", "MaxPool"})
"""Operators on maps that onnxruntime computes in 8 bits."""

CALIBRATION_PHOTOS = 128

Feed = Mapping[str, NDArray[Any]]
"""A network's inputs by name."""


class _Feeds(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._feeds: Iterator[Feed] = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


def quantise_activations(
    path: Path, feeds: Iterable[Feed], parts: tuple[str, ...] = ("",), gemms: tuple[str, ...] = ()
) -> None:
    """Make a file of floats one that computes in 8 bits, in its place.

    Args:
        path: of an ONNX file whose batch normalisation is folded.
        feeds: inputs to calibrate with.
        parts: beginnings of the names of nodes; other nodes with maps stay in floats.
        gemms: parts of the names of dense layers that are computed in 8 bits too.
    """
    _merge_padding(path)
    nodes = [
        node.name
        for node in onnx.load(path).graph.node
        if (node.op_type in OPERATORS and node.name.startswith(parts))
        or (node.op_type == "Gemm" and any(part in node.name for part in gemms))
    ]
    with TemporaryDirectory() as folder:
        quantised = Path(folder) / path.name
        with _quiet():
            quantize_static(
                path,
                quantised,
                _Feeds(feeds),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_quantize=nodes,
                extra_options={"QDQKeepRemovableActivations": True},
            )
        path.write_bytes(quantised.read_bytes())


def _merge_padding(path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with TemporaryDirectory() as folder:
        merged = Path(folder) / path.name
        options.optimized_model_filepath = str(merged)
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        path.write_bytes(merged.read_bytes())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back the tool's advice to fold what is folded already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def batches_of(inputs: Feed, batch: int = 16) -> Iterator[Feed]:
    """Split inputs into batches of rows."""
    for start in range(0, len(next(iter(inputs.values()))), batch):
        yield {name: values[start : start + batch] for name, values in inputs.items()}


def reader_inputs(encoder: Path, inputs: Feed) -> Iterator[Feed]:
    """Run an encoder's file, and make the inputs of a reader of its maps.

    Args:
        inputs: ``pixels``, and the boxes that the reader takes; see ``fit.served_inputs``.
    """
    session = open_session(encoder)
    names = [output.name for output in session.get_outputs()]
    for each in batches_of(inputs):
        boxes = {name: values for name, values in each.items() if name != "pixels"}
        maps = session.run(None, {"pixels": each["pixels"]})
        yield dict(zip(names, maps, strict=True)) | boxes
