"""GoogLeNet, from which the paper takes its appearance code (section 3.5)."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn
from torchvision.models import googlenet

from houndstooth.models.networks.trunk import Trunk, load_weights


class GoogLeNet(Trunk):
    """Torchvision's GoogLeNet without its classifiers; see Encoder. Szegedy et al. (2015).

    Args:
        pretrained: read ``weights``, where given.
        weights: a file of torchvision's weights.

    Raises:
        InvalidConfig: weights that do not fit.
    """

    channels = (832, 1024)
    mean, std = 0.5, 0.5
    MIDDLE, LAST = "inception4e", "inception5b"

    def __init__(self, pretrained: bool = True, weights: str | Path | None = None) -> None:
        super().__init__()
        net = googlenet(weights=None, aux_logits=False, init_weights=False, transform_input=False)
        for name, layer in net.named_children():
            self.add_module(name, layer)
            if name == self.LAST:
                break
        if pretrained and weights is not None:
            load_weights(self, weights, lambda key: key)

    def stem(self) -> list[nn.Module]:
        """See Trunk."""
        return [layer for name, layer in self.named_children() if not is_block(name)]

    def blocks(self) -> list[nn.Module]:
        """List the inception modules."""
        return [layer for name, layer in self.named_children() if is_block(name)]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See Encoder."""
        x, maps = images, {}
        for name, layer in self.named_children():
            maps[name] = x = layer(x)
        return maps[self.MIDDLE], maps[self.LAST]


def is_block(name: str) -> bool:
    """Check by its name whether a layer is an inception module."""
    return name.startswith("inception")
