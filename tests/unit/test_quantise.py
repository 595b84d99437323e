"""Weights in 8 bits: what a file holds, what the runtime makes of it, and what comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy
from torch import nn

from houndstooth.models.runtime.session import open_session
from houndstooth.models.training.quantise import (
    dequantised_weights,
    quantise_initialisers,
    quantise_network,
    quantise_tensor,
)


@given(
    of_numpy.arrays(
        np.float32,
        of_numpy.array_shapes(min_dims=2, max_dims=4, max_side=6),
        elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
    )
)
def test_what_was_rounded_once_is_rounded_to_itself(weight: np.ndarray) -> None:
    whole, scale = quantise_tensor(weight)
    assert whole.dtype == np.int8 and whole.shape == weight.shape
    assert scale.shape == (len(weight), *[1] * (weight.ndim - 1))
    rounded = whole * scale
    assert rounded.dtype == np.float32
    assert np.all(np.abs(rounded - weight) <= scale * 0.501)
    again, same = quantise_tensor(rounded)
    assert np.array_equal(again, whole) and np.array_equal(again * same, rounded)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(3)
    layers = [nn.Conv2d(3, 32, 3), nn.BatchNorm2d(32), nn.Flatten(), nn.Linear(288, 7)]
    network = nn.Sequential(*layers)
    network(torch.rand(8, 3, 5, 5))  # statistics of its own: equal tensors would be stored once
    nn.init.uniform_(network[1].weight)
    nn.init.uniform_(network[1].bias)
    return network.eval()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the exporter says that it is older
def test_a_file_computes_what_torch_does_with_the_rounded_weights(
    network: nn.Module, tmp_path: Path
) -> None:
    before = {name: t.clone() for name, t in network.state_dict().items()}
    quantise_network(network)
    pixels, path = torch.rand(2, 3, 5, 5), tmp_path / "network.onnx"
    torch.onnx.export(
        network, (pixels,), str(path), dynamo=False, opset_version=17, input_names=["pixels"],
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
    )  # fmt: skip
    size = path.stat().st_size
    model = onnx.load(path)
    quantise_initialisers(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    assert path.stat().st_size < size / 2
    with torch.no_grad():
        expected = network(pixels).numpy()
    [found] = open_session(path).run(None, {"pixels": pixels.numpy()})
    assert np.allclose(found, expected, atol=1e-5)
    weights = dequantised_weights(onnx.load(path))
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert np.array_equal(weights[name], tensor.numpy()), name
            assert torch.allclose(before[name], tensor, atol=4e-3), name
