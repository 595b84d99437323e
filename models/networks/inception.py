"""Inception-v3 of any width, the encoder that ResCeption is compared with (paper, Figure 5)."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor, nn

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.inception_modules import (
    LAST,
    MIDDLE,
    MODULES,
    STEM,
    Conv,
    Fork,
    Stream,
)
from houndstooth.models.networks.trunk import Trunk, load_weights

Built = tuple[nn.Module, int]  # and the channels that come out of it


class Convolution(nn.Module):
    """A convolution with normalisation and ReLU, as Conv describes it."""

    def __init__(self, inputs: int, outputs: int, spec: Conv, padded: bool) -> None:
        super().__init__()
        kernel = (spec.height, spec.width)
        padding = (0, 0) if spec.trimmed and not padded else (spec.height // 2, spec.width // 2)
        self.pool = nn.AvgPool2d(3, stride=1, padding=1) if spec.pooled else nn.Identity()
        self.conv = nn.Conv2d(inputs, outputs, kernel, spec.stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Compute [n, out, h', w'] of [n, in, h, w]."""
        return torch.relu_(self.bn(self.conv(self.pool(x))))


class SideBySide(nn.ModuleDict):
    """Modules with one input, whose maps are concatenated."""

    def forward(self, x: Tensor) -> Tensor:
        """Compute [n, sum of channels, h', w'] of [n, in, h, w]."""
        return torch.cat([module(x) for module in self.values()], dim=1)


def side_by_side(built: dict[str, Built]) -> Built:
    """Combine modules side by side; returns the module and its channels."""
    modules = SideBySide({key: module for key, (module, _) in built.items()})
    return modules, sum(channels for _, channels in built.values())


class InceptionV3(Trunk):
    """Inception-v3 without its classifiers; see Encoder.

    Args:
        pretrained: read ``weights``, where given.
        width: factor of the channels of every convolution, rounded to a multiple of 8.
        padded: pad every convolution and pooling, so that maps cover the whole image: h/16 and
            h/32, rounded up. As published, a border is lost: 17 and 8 cells at 299 px, 6 and 2 at
            128 px, the least.
        weights: a file of torchvision's weights of Inception-v3, for width 1.

    Raises:
        InvalidConfig: a width out of range, or weights that do not fit.
    """

    mean, std = 0.5, 0.5

    def __init__(
        self,
        pretrained: bool = True,
        width: float = 1.0,
        padded: bool = False,
        weights: str | Path | None = None,
    ) -> None:
        super().__init__()
        if not (isinstance(width, int | float) and 0 < width <= 4):
            raise InvalidConfig(f"expected a width above 0, and 4 at most; got {width!r}")
        self.width, self.padded = width, padded
        channels = 3
        for name, spec in STEM.items():
            module, channels = self._step(channels, spec) if spec else (self._pool(), channels)
            self.add_module(name, module)
        outputs = {}
        for name, streams in MODULES.items():
            built = {key: self._stream(channels, stream) for key, stream in streams.items()}
            module, channels = side_by_side(built)
            self.add_module(name, module)
            outputs[name] = channels
        self.channels = (outputs[MIDDLE], outputs[LAST])
        if pretrained and weights is not None:
            self._load(weights)

    def _pool(self) -> nn.Module:
        return nn.MaxPool2d(3, stride=2, padding=int(self.padded))

    def _step(self, inputs: int, step: Conv | Fork) -> Built:
        if isinstance(step, Conv):
            outputs = max(8, 8 * int(step.channels * self.width / 8 + 0.5))
            return Convolution(inputs, outputs, step, self.padded), outputs
        return side_by_side({side: self._step(inputs, conv) for side, conv in step.items()})

    def _stream(self, inputs: int, stream: Stream) -> Built:
        if not stream:
            return self._pool(), inputs
        if len(stream) == 1:
            return self._step(inputs, stream[0])
        steps = OrderedDict[str, nn.Module]()
        outputs = inputs
        for number, step in enumerate(stream, start=1):
            steps[str(number)], outputs = self._step(outputs, step)
        return nn.Sequential(steps), outputs

    def _load(self, weights: str | Path) -> None:
        load_weights(self, weights, torchvision_name)

    def stem(self) -> list[nn.Module]:
        """See Trunk."""
        return [self.get_submodule(name) for name in STEM]

    def blocks(self) -> list[nn.Module]:
        """List the inception modules."""
        return [self.get_submodule(name) for name in MODULES]

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Compute the map of each inception module.

        Args:
            images: normalised, float [n, 3, h, w], sides from 128.

        Returns:
            By name, ``Mixed_5b`` to ``Mixed_7c``: [n, channels, about h/8, h/16 or h/32, …].
        """
        x = images
        for module in self.stem():
            x = module(x)
        maps = {}
        for name, module in zip(MODULES, self.blocks(), strict=True):
            maps[name] = x = module(x)
        return maps

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See Encoder."""
        maps = self.maps(images)
        return maps[MIDDLE], maps[LAST]


def torchvision_name(key: str) -> str:
    """Convert a tensor's name to torchvision's.

    ``Mixed_7b.branch3x3.2.a.conv.weight`` is ``Mixed_7b.branch3x3_2a.conv.weight`` there.
    """
    return re.sub(r"(branch\w+)\.(\d)(?:\.([ab]))?\.", r"\1_\2\3.", key)
