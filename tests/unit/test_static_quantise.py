"""Networks that compute in 8 bits: near the floats, and the same file in floats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.networks.graph import Graph
from houndstooth.models.runtime import session
from houndstooth.models.runtime.session import open_session
from houndstooth.models.training.export import export_graph
from houndstooth.models.training.quantise import dequantised_weights, quantise_network
from houndstooth.models.training.static_quantise import batches_of, quantise_activations

SIDE = 64


class Encoder(nn.Module):
    """Folded, on pixels as a served encoder is."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite0(pretrained=True)
        self.encoder.fold()

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        middle, last = self.encoder((pixels.permute(0, 3, 1, 2).float() / 255 - 0.498) / 0.502)
        return middle, last


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    coarse = np.random.default_rng(1).integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 8, axis=1), 8, axis=2)


@pytest.fixture(scope="module")
def files(
    pixels: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Encoder, Path, Path]]:
    folder = tmp_path_factory.mktemp("eight")
    network = Encoder().eval()
    quantise_network(network)
    inputs = {"pixels": torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)}
    graph = Graph(".onnx", network, inputs, ("middle", "last"))
    floats, eight = folder / "floats.onnx", folder / "eight.onnx"
    for path in (floats, eight):
        export_graph(graph, path, quantised=False)
    quantise_activations(eight, batches_of({"pixels": pixels[:16]}, 8))
    yield network, floats, eight


def likeness(some: np.ndarray, others: np.ndarray) -> float:
    """The least cosine of two maps of an image."""
    a, b = some.reshape(len(some), -1), others.reshape(len(others), -1)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / norms).min())


@pytest.mark.parametrize("instructions", ["AVX-512 VNNI", ""], ids=["bytes", "floats"])
def test_both_ways_of_computing_are_near_the_network(
    files: tuple[Encoder, Path, Path],
    pixels: np.ndarray,
    instructions: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, floats, eight = files
    expected = open_session(floats, 1).run(None, {"pixels": pixels})
    monkeypatch.setattr(session, "byte_instructions", lambda: instructions)
    found = open_session(eight, 1).run(None, {"pixels": pixels})
    for one, other in zip(found, expected, strict=True):
        assert likeness(one, other) > 0.97


def test_a_file_has_a_quarter_of_the_size(files: tuple[Encoder, Path, Path]) -> None:
    _, floats, eight = files
    assert eight.stat().st_size < 0.3 * floats.stat().st_size


def test_weights_come_back(files: tuple[Encoder, Path, Path]) -> None:
    network, _, eight = files
    weights, state = dequantised_weights(onnx.load(eight)), network.state_dict()
    assert {name for name in state if "_fc" not in name} <= set(weights)
    for name, tensor in state.items():
        # Biases are rounded to the steps of the sums that they are added to.
        close = 1e-6 if tensor.ndim > 1 else 5e-3 * float(tensor.abs().max() + 1)
        np.testing.assert_allclose(weights[name], tensor.numpy(), atol=close)


def test_folding_changes_nothing(pixels: np.ndarray) -> None:
    encoder = EfficientNetLite0(pretrained=True).eval()
    images = torch.from_numpy(pixels[:4].copy()).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        before = encoder(images)
        encoder.fold()
        encoder.fold()
        for one, other in zip(encoder(images), before, strict=True):
            torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-3)
    assert not [name for name in encoder.state_dict() if "running_mean" in name]
