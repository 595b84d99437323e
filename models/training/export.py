"""A trained network to ONNX, and its weights back from there."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from mappings.errors import InvalidConfig
from models.networks.attribute_decoder import AttributeSequence, StartGraph, StepGraph
from models.networks.attribute_heads import AttributeHeads, HeadsGraph
from models.networks.item_reader import EncoderGraph
from models.session import DECODER, ENCODER, READER
from models.training.stored import round_to_stored, store, stored_weights

OPSET = 17


@torch.no_grad()
def export_recogniser(network: AttributeHeads | AttributeSequence, side: int, stem: Path) -> None:
    """Write what serves: ``STEM.onnx``, ``STEM.reader.onnx``, and a sequence's ``.decoder.onnx``.

    The first makes maps of ``pixels``; the second reads them in ``boxes`` and ``item_boxes``: of
    independent heads it gives ``features`` and ``logits``, of a sequence ``features`` and what the
    decoder starts from. So another box of the same window costs no second look at it. The network's
    own weights are rounded to what the files hold.
    """
    round_to_stored(network.cpu().float().eval())
    encoder, reader, decoder = (
        stem.with_name(stem.name + part) for part in (ENCODER, READER, DECODER)
    )
    graph = EncoderGraph(network)
    pixels = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    _export(graph, {"pixels": pixels}, ["middle", "last"], encoder)
    middle, last = graph(pixels)
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.1, 0.8, 0.9]])
    seen = {"middle": middle, "last": last, "boxes": boxes, "item_boxes": boxes.flip(0)}
    if isinstance(network, AttributeHeads):
        _export(HeadsGraph(network), seen, ["features", "logits"], reader)
        return
    outputs = ["features", "first", "image_scores", "hidden", "cell"]
    _export(StartGraph(network), seen, outputs, reader)
    size = network.decoder.lstm.hidden_size
    step = {
        "tokens": torch.zeros(2, dtype=torch.int64),
        "image_scores": torch.zeros(2, network.decoder.from_sequence.out_features),
        "hidden": torch.zeros(2, size),
        "cell": torch.zeros(2, size),
    }
    outputs = ["scores", "next_hidden", "next_cell"]
    _export(StepGraph(network.decoder), step, outputs, decoder)


def _export(graph: nn.Module, inputs: dict[str, Tensor], outputs: list[str], path: Path) -> None:
    with warnings.catch_warnings():
        # The older exporter: it keeps the batch size free, and says at length that it is older.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.eval(),
            tuple(inputs.values()),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            # Normalisation stays apart from convolution: so the weights are torch's to the bit.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
        )
    model = onnx.load(path)
    store(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def exported_weights(stem: Path) -> dict[str, Tensor]:
    """The weights of an exported network by their names in torch, to train on from.

    Raises:
        InvalidConfig: no such network.
    """
    found = {}
    for suffix in (ENCODER, READER, DECODER):
        path = stem.with_name(stem.name + suffix)
        if not path.exists() and suffix != DECODER:
            raise InvalidConfig(f"expected a network at {path}")
        for stored, values in stored_weights(onnx.load(path)).items() if path.exists() else ():
            name = stored.partition(".")[2]
            name = f"decoder.{name}" if suffix == DECODER else name
            found[name] = torch.from_numpy(values)
    return found
