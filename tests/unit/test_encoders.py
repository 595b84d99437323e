"""The encoders behind one interface: shapes, freezing, weights by file, the registry."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.encoders import ENCODERS, new_encoder
from houndstooth.models.networks.inception import InceptionV3
from houndstooth.models.networks.inception_modules import MODULES
from houndstooth.models.networks.trunk import Trunk


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def network(name: str, **options: Any) -> Any:
    return new_encoder(name, pretrained=False, **options)


def sides(maps: tuple[Tensor, ...]) -> list[tuple[int, ...]]:
    return [tuple(m.shape[2:]) for m in maps]


# What the published networks give at 128, 160 and 299 px: middle, last.
SIDES = {
    "efficientnet_lite0": [(8, 4), (10, 5), (18, 9)],
    "efficientnet_lite1": [(8, 4), (10, 5), (18, 9)],
    "efficientnet_lite2": [(8, 4), (10, 5), (19, 10)],
    "googlenet": [(8, 4), (10, 5), (18, 9)],
    "inception_v3": [(6, 2), (8, 3), (17, 8)],
    "resception": [(6, 2), (8, 3), (17, 8)],
}


@pytest.mark.parametrize("name", ENCODERS)
def test_maps_are_of_the_channels_and_sides_promised(name: str) -> None:
    encoder = network(name).eval()
    with torch.no_grad():
        for side, expected in zip((128, 160, 299), SIDES[name], strict=True):
            maps = encoder(torch.zeros(1, 3, side, side))
            assert sides(maps) == [(n, n) for n in expected]
            assert tuple(m.shape[1] for m in maps) == encoder.channels


@pytest.mark.parametrize("name", ["inception_v3", "resception"])
@pytest.mark.parametrize("padded", [False, True])
def test_a_narrow_inception_takes_any_sides(name: str, padded: bool) -> None:
    encoder = network(name, width=0.25, padded=padded).eval()
    assert encoder.channels == (4 * 48, 80 + 4 * 96 + 48)
    with torch.no_grad():
        for height, width in ((128, 128), (160, 131), (299, 200)):
            maps = encoder(torch.zeros(1, 3, height, width))
            assert tuple(m.shape[1] for m in maps) == encoder.channels
            assert all(n >= 2 for side in sides(maps) for n in side)
            if padded:
                up = [(-(-height // stride), -(-width // stride)) for stride in (16, 32)]
                assert sides(maps) == up


def test_channels_are_whole_eights_at_any_width() -> None:
    for width in (0.01, 0.35, 0.7):
        for module in network("resception", width=width).modules():
            if isinstance(module, nn.Conv2d):
                assert module.out_channels >= 8
                assert module.out_channels % 8 == 0


def test_maps_come_by_name() -> None:
    encoder = network("resception", width=0.1).eval()
    images = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        maps = encoder.maps(images)
        middle, last = encoder(images)
    assert list(maps) == list(MODULES)
    assert sides(tuple(maps.values())) == [(13, 13)] * 3 + [(6, 6)] * 5 + [(2, 2)] * 3
    assert maps["Mixed_6e"].equal(middle)
    assert maps["Mixed_7c"].equal(last)


@torch.no_grad()
def test_googlenet_is_torchvision_s(tmp_path: Path) -> None:
    net = torchvision.models.googlenet(weights=None, init_weights=False).eval()
    torch.save(net.state_dict(), tmp_path / "googlenet.pth")
    images = torch.randn(1, 3, 128, 128)
    middle, last = new_encoder("googlenet", weights=tmp_path / "googlenet.pth").eval()(images)
    assert middle.std() > 0
    torch.testing.assert_close(net.inception5b(net.inception5a(net.maxpool4(middle))), last)
    torch.testing.assert_close(net.fc(last.mean((2, 3))), net(images))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a state dict.*No such file"),
        (b"", "expected a state dict"),
        (b"not weights", "expected a state dict"),
        ([1, 2], "expected a state dict.*got list"),
        ({}, "expected Conv2d_1a_3x3.conv.weight of shape .* got None"),
        ({"Conv2d_1a_3x3.conv.weight": "text"}, "got None"),
    ],
)
def test_a_file_that_holds_no_such_weights_is_refused(
    content: Any, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(InvalidConfig, match=message):
        InceptionV3(width=0.1, weights=path)


def test_stochastic_depth_passes_by_blocks_in_training_alone() -> None:
    encoder, images = network("efficientnet_lite0", stochastic_depth=0.5), torch.rand(8, 3, 64, 64)
    plain = network("efficientnet_lite0")
    plain.load_state_dict(encoder.state_dict())
    for each in (encoder, plain):
        each.train()
        assert each(images)[1].equal(each(images)[1]) == (each is plain)
        each.load_state_dict(plain.state_dict())
    assert encoder.eval()(images)[1].equal(encoder(images)[1])
    encoder.freeze(len(encoder.blocks()))
    assert encoder.train()(images)[0].equal(encoder(images)[0])


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_stochastic_depth_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(InvalidConfig, match=f"stochastic depth from 0 to below 1; got {share:g}"):
        network("efficientnet_lite1", stochastic_depth=share)


def test_weights_of_another_width_or_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "inception.pth"
    net = torchvision.models.inception_v3(weights=None, init_weights=False)
    torch.save(net.state_dict(), path)
    with pytest.raises(InvalidConfig, match=r"of shape \(16, 3, 3, 3\); got \(32, 3, 3, 3\)"):
        new_encoder("resception", width=0.5, weights=path)
    with pytest.raises(InvalidConfig, match=r"expected conv1\.conv\.weight"):
        new_encoder("googlenet", weights=path)


def test_weights_are_read_only_when_asked_for(tmp_path: Path) -> None:
    new_encoder("resception", pretrained=False, width=0.1, weights=tmp_path / "none.pth")


NARROW = {"inception_v3": {"width": 0.1}, "resception": {"width": 0.1}}


class Scales(Trunk):
    """Blocks whose first norm's scale the second one cancels: a gradient of zero but for rounding.

    ShuffleNet and MobileNet have such blocks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=16)
        self.rest = nn.Sequential(*[self.block() for _ in range(6)])

    def block(self) -> nn.Module:
        depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        norms = nn.BatchNorm2d(8), nn.BatchNorm2d(8)
        return nn.Sequential(nn.Conv2d(8, 8, 1), norms[0], nn.ReLU(), depthwise, norms[1])

    def stem(self) -> list[nn.Module]:
        return [self.first]

    def blocks(self) -> list[nn.Module]:
        return list(self.rest)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        middle = self.first(images)
        return middle, self.rest(middle)


@pytest.mark.parametrize("name", [*ENCODERS, "scales"])
def test_frozen_blocks_keep_weights_and_statistics_and_the_rest_learns(name: str) -> None:
    """A weight learns if a gradient reaches it; how large that is is the network's matter."""
    encoder: Any = Scales() if name == "scales" else network(name, **NARROW.get(name, {}))
    encoder.freeze(3)
    assert not encoder.blocks()[2].training
    encoder.train()
    before = copy.deepcopy(encoder.state_dict())
    optimiser = torch.optim.SGD((p for p in encoder.parameters() if p.requires_grad), 0.1)
    encoder(torch.randn(2, 3, 128, 128))[1].square().mean().backward()
    optimiser.step()
    kept = [*encoder.stem(), *encoder.blocks()[:3]]
    frozen = {id(t) for m in kept for t in (*m.parameters(), *m.buffers())}
    assert frozen
    for key, tensor in encoder.state_dict(keep_vars=True).items():
        if id(tensor) in frozen:
            assert before[key].equal(tensor), key
        elif isinstance(tensor, nn.Parameter):
            assert tensor.grad is not None, key
        else:
            assert not before[key].equal(tensor), key


@pytest.mark.parametrize("name", ENCODERS)
def test_only_blocks_that_exist_can_be_frozen(name: str) -> None:
    encoder = network(name, **NARROW.get(name, {}))
    encoder.freeze(0)
    assert all(p.requires_grad for p in encoder.parameters())
    for blocks in (-1, len(encoder.blocks()) + 1):
        with pytest.raises(InvalidConfig, match=f"frozen blocks; got {blocks}"):
            encoder.freeze(blocks)


def test_what_the_registry_lacks_is_refused() -> None:
    family = "efficientnet_lite0, efficientnet_lite1, efficientnet_lite2"
    with pytest.raises(InvalidConfig, match=rf"{family}, inception_v3, .*got 'vgg16'"):
        new_encoder("vgg16")
    with pytest.raises(InvalidConfig, match="width, padded, weights; got depth"):
        new_encoder("resception", depth=3)
    with pytest.raises(
        InvalidConfig,
        match="of efficientnet_lite0 among stochastic_depth, attention, folded; got width",
    ):
        new_encoder("efficientnet_lite0", width=0.5)
    for width in (0, -1, float("nan"), "wide"):
        with pytest.raises(InvalidConfig, match="expected a width"):
            new_encoder("inception_v3", width=width)
