"""Export of a trained recogniser to ONNX, and its weights read back."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.graph import Graph
from houndstooth.models.networks.item_reader import EncoderGraph, ItemReader
from houndstooth.models.recognition.kinds import kind_of
from houndstooth.models.runtime.card import DECODER, ENCODER, READER
from houndstooth.models.training.quantise import (
    dequantised_weights,
    quantise_initialisers,
    quantise_network,
)
from houndstooth.models.training.static_quantise import (
    Feed,
    batches_of,
    quantise_activations,
    reader_inputs,
)

OPSET = 17


@torch.no_grad()
def export_recogniser(
    network: ItemReader,
    kind: str,
    side: int,
    stem: Path,
    calibration: Feed | None = None,
) -> tuple[str, ...]:
    """Write the ONNX files that serve a recogniser.

    ``STEM.onnx`` turns ``pixels`` into maps. The others are those of the recogniser's kind: they
    read the maps in ``boxes`` and ``item_boxes``, so that another box needs no second encoding. The
    network's own weights are rounded to what the files hold.

    Args:
        network: any device; it is moved to the CPU.
        kind: a name in ``recognition.kinds``.
        side: of the square input, pixels.
        calibration: inputs by which encoder and reader are quantised statically, see
            ``fit.served_inputs``; the encoder's batch normalisation must be folded. None: they
            compute in floats. A decoder does always, as each of its steps feeds the next.

    Returns:
        The suffixes of the files.

    Raises:
        InvalidConfig: no such kind.
    """
    quantise_network(network.cpu().float().eval())
    encoder = EncoderGraph(network)
    pixels = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    graphs = [Graph(ENCODER, encoder, {"pixels": pixels}, network.map_names)]
    graphs += kind_of(kind).load("exporter")(network, encoder(pixels))
    in_eight_bits = () if calibration is None else (ENCODER, READER)
    paths = {graph.suffix: stem.with_name(stem.name + graph.suffix) for graph in graphs}
    for graph in graphs:
        export_graph(graph, paths[graph.suffix], quantised=graph.suffix not in in_eight_bits)
    if calibration is not None:
        quantise_activations(paths[ENCODER], batches_of({"pixels": calibration["pixels"]}))
        feeds = reader_inputs(paths[ENCODER], calibration)
        quantise_activations(paths[READER], feeds, parts=(), gemms=("Gemm",))
    return tuple(graph.suffix for graph in graphs)


def export_graph(graph: Graph, path: Path, *, quantised: bool = True) -> None:
    """Write one graph; ``quantised``: with weights of 8 bits that are widened to floats."""
    with warnings.catch_warnings():
        # The older exporter: it keeps the batch size free, and warns that it is deprecated.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.module.eval(),
            tuple(graph.inputs.values()),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            # Normalisation stays apart from convolution: so the weights are torch's to the bit.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: {0: "batch"} for name in (*graph.inputs, *graph.outputs)},
        )
    model = onnx.load(path)
    if quantised:
        quantise_initialisers(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def exported_weights(stem: Path) -> dict[str, Tensor]:
    """Read the weights of an exported network by their names in torch.

    Raises:
        InvalidConfig: no such network.
    """
    weights = {}
    for suffix in (ENCODER, READER, DECODER):
        path = stem.with_name(stem.name + suffix)
        if not path.exists() and suffix != DECODER:
            raise InvalidConfig(f"expected a network at {path}")
        for graph_name, values in (
            dequantised_weights(onnx.load(path)).items() if path.exists() else ()
        ):
            # The names of other constants are those of nodes, with slashes.
            if "." in graph_name and "/" not in graph_name:
                name = graph_name.partition(".")[2]
                name = f"decoder.{name}" if suffix == DECODER else name
                weights[name] = torch.from_numpy(values)
    return weights
