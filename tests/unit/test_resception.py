"""ResCeption: its shortcuts, their gradient (Eq. 1 to 3), and Inception-v3 without them."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn

from houndstooth.models.networks.inception import InceptionV3
from houndstooth.models.networks.inception_modules import MODULES
from houndstooth.models.networks.resception import Projection, ResCeption, Residual

SHORTCUTS = {
    *(f"Mixed_5{m}.{s}" for m in "bcd" for s in ("branch5x5", "branch3x3dbl")),
    "Mixed_6a.branch3x3dbl",
    *(f"Mixed_6{m}.{s}" for m in "bcde" for s in ("branch7x7", "branch7x7dbl")),
    *(f"Mixed_7a.{s}" for s in ("branch3x3", "branch7x7x3")),
    *(f"Mixed_7{m}.{s}" for m in "bc" for s in ("branch3x3", "branch3x3dbl")),
}


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def residuals(encoder: nn.Module) -> dict[str, Residual]:
    return {name: m for name, m in encoder.named_modules() if isinstance(m, Residual)}


def silence(module: nn.Module) -> None:
    """Nothing but 0 comes out of its normalisations."""
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.zeros_(norm.weight)
            nn.init.zeros_(norm.bias)


def test_shortcuts_go_around_the_streams_of_two_or_more_convolutions() -> None:
    published = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=False)
    second = re.compile(r"(Mixed_\w+\.branch\w+)_2a?")
    found = [second.fullmatch(name) for name, _ in published.named_modules()]
    assert set(residuals(ResCeption())) == SHORTCUTS == {m[1] for m in found if m}
    assert not residuals(InceptionV3())


def test_all_shortcuts_of_the_published_width_are_projections() -> None:
    shortcuts = {name: m.shortcut for name, m in residuals(ResCeption()).items()}
    strides = {
        name: shortcut.conv.stride[0]
        for name, shortcut in shortcuts.items()
        if isinstance(shortcut, Projection) and shortcut.conv.kernel_size == (1, 1)
    }
    assert strides == {n: 2 if n.startswith(("Mixed_6a", "Mixed_7a")) else 1 for n in SHORTCUTS}


def test_shortcuts_within_one_dimension_are_identities() -> None:
    # So narrow that every convolution has 8 channels, those that come into the first module too.
    kinds = {name: type(m.shortcut) for name, m in residuals(ResCeption(width=0.01)).items()}
    same = {"Mixed_5b.branch5x5", "Mixed_5b.branch3x3dbl"}
    assert kinds == {name: nn.Identity if name in same else Projection for name in SHORTCUTS}


def test_a_strided_projection_reads_the_cells_that_its_stream_is_centred_on() -> None:
    for padded in (False, True):
        residual = residuals(ResCeption(width=0.1, padded=padded))["Mixed_6a.branch3x3dbl"]
        assert isinstance(residual.shortcut, Projection)
        x = torch.rand(1, residual.shortcut.conv.in_channels, 13, 14, requires_grad=True)
        residual.eval()
        for way in (residual.stream, residual.shortcut):
            (gradient,) = torch.autograd.grad(way(x)[0, :, 2, 3].sum(), x)
            rows, columns = (gradient[0].abs().sum(0) > 0).nonzero().double().T
            centre = (4.0, 6.0) if padded else (5.0, 7.0)
            assert (rows.mean().item(), columns.mean().item()) == pytest.approx(centre)


def vector_jacobian(output: Tensor, x: Tensor, vector: Tensor) -> Tensor:
    return torch.autograd.grad(output, x, vector, retain_graph=True)[0]


def test_the_gradient_of_a_stream_is_the_sum_of_both_ways() -> None:
    """Equation 2, projections included."""
    for residual in residuals(ResCeption(width=0.1).double()).values():
        assert isinstance(residual.shortcut, Projection)
        size = (2, residual.shortcut.conv.in_channels, 7, 7)
        x = torch.randn(size, dtype=torch.float64, requires_grad=True)
        error = torch.randn_like(residual(x))
        both = sum(
            vector_jacobian(way(x), x, error) for way in (residual.stream, residual.shortcut)
        )
        torch.testing.assert_close(vector_jacobian(residual(x), x, error), both)


def chain(length: int) -> list[Residual]:
    layers = []
    for _ in range(length):
        conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        stream = nn.Sequential(conv, nn.BatchNorm2d(8), nn.ReLU())
        layers.append(Residual(stream, nn.Identity()).double())
    return layers


def test_a_chain_s_gradient_is_the_error_and_the_sum_of_what_every_layer_adds() -> None:
    """Equation 3: the error reaches the first layer as it is, and every H adds to it."""
    first = torch.randn(2, 8, 5, 5, dtype=torch.float64, requires_grad=True)
    x, added = first, []
    for layer in chain(6):
        added.append(layer.stream(x))
        x = layer(x)
    error = torch.randn_like(x)
    expected = error + sum(vector_jacobian(h, first, error) for h in added)
    torch.testing.assert_close(vector_jacobian(x, first, error), expected)


def test_the_error_passes_a_chain_of_silent_streams_unchanged() -> None:
    first = torch.randn(2, 8, 5, 5, dtype=torch.float64, requires_grad=True)
    x = first
    for layer in chain(6):
        silence(layer.stream)
        x = layer(x)
    error = torch.randn_like(x)
    assert vector_jacobian(x, first, error).equal(error)


def first_layer_gradient(encoder: InceptionV3, images: Tensor) -> Tensor:
    encoder(images)[1].square().sum().backward()
    gradient = encoder.get_submodule("Conv2d_1a_3x3").conv.weight.grad
    assert isinstance(gradient, Tensor)
    return gradient


def test_the_first_layer_of_all_has_the_shortcuts_gradient_though_streams_are_silent() -> None:
    images = torch.rand(2, 3, 128, 128, dtype=torch.float64)
    encoder = ResCeption(width=0.1).double()
    alone = copy.deepcopy(encoder)
    for name, residual in residuals(encoder).items():
        silence(residual.stream)
        module, _, stream = name.partition(".")
        alone.get_submodule(module)[stream] = residual.shortcut  # type: ignore[operator]
    gradient = first_layer_gradient(encoder, images)
    assert gradient.abs().max() > 0
    torch.testing.assert_close(gradient, first_layer_gradient(alone, images))


def test_without_shortcuts_silent_streams_stop_the_gradient() -> None:
    images = torch.rand(2, 3, 128, 128)
    for kind, stops in ((InceptionV3, True), (ResCeption, False)):
        encoder = kind(width=0.1)
        for block in encoder.blocks():
            for stream in block.children():
                silence(stream.stream if isinstance(stream, Residual) else stream)
        assert (first_layer_gradient(encoder, images).abs().max() == 0) == stops


@pytest.fixture(scope="module")
def published() -> nn.Module:
    """Torchvision's Inception-v3, with statistics that are not those of the start."""
    torch.manual_seed(1)
    net = torchvision.models.inception_v3(weights=None, init_weights=False, transform_input=False)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.2, 0.5)
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.uniform_(module.bias, -0.1, 0.3)
    return net.eval()


@pytest.fixture(scope="module")
def published_file(published: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(published.state_dict(), path)
    return path


def published_maps(published: nn.Module, images: Tensor) -> dict[str, Tensor]:
    maps: dict[str, Tensor] = {}
    hooks = [
        published.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: maps.update({name: output})
        )
        for name in MODULES
    ]
    published(images)
    for hook in hooks:
        hook.remove()
    assert maps["Mixed_7c"].std() > 0.01
    return maps


@torch.no_grad()
@pytest.mark.parametrize("side", [128, 299])
def test_inception_is_torchvision_s(side: int, published: nn.Module, published_file: Path) -> None:
    images = torch.randn(1, 3, side, side)
    encoder = InceptionV3(weights=published_file).eval()
    torch.testing.assert_close(encoder.maps(images), published_maps(published, images))


@torch.no_grad()
def test_resception_starts_as_torchvision_s_inception_and_is_it_without_shortcuts(
    published: nn.Module, published_file: Path
) -> None:
    images = torch.randn(1, 3, 160, 160)
    expected = published_maps(published, images)
    encoder = ResCeption(weights=published_file).eval()
    torch.testing.assert_close(encoder.maps(images), expected)
    for name, residual in residuals(encoder).items():
        assert isinstance(residual.shortcut, Projection)
        nn.init.ones_(residual.shortcut.bn.weight)
        assert not encoder.maps(images)["Mixed_7c"].allclose(expected["Mixed_7c"])
        module, _, stream = name.partition(".")
        encoder.get_submodule(module)[stream] = residual.stream  # type: ignore[operator]
    torch.testing.assert_close(encoder.maps(images), expected)
