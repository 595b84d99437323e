"""ResCeption, the paper's own encoder (section 3.1, Figure 4): Inception-v3 with shortcuts."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from houndstooth.models.networks.inception import Built, InceptionV3, torchvision_name
from houndstooth.models.networks.inception_modules import Conv, Stream
from houndstooth.models.networks.trunk import load_weights


class Residual(nn.Module):
    """H(x) + x, or H(x) + P(x) where dimensions differ: Eq. 1 and footnote 3 of the paper.

    No activation follows the sum, so that the gradient is the sum of both ways' (Eq. 2).
    """

    def __init__(self, stream: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.stream = stream
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Compute [n, out, h', w'] of [n, in, h, w]."""
        total: Tensor = self.stream(x) + self.shortcut(x)
        return total


class Projection(nn.Module):
    """A shortcut between dimensions: 1x1 convolution and normalisation, nothing else.

    Args:
        stride: of the stream.
        margin: rows and columns that the stream loses on each side before it strides.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, margin: int) -> None:
        super().__init__()
        self.margin = margin
        self.conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="linear")

    def forward(self, x: Tensor) -> Tensor:
        """Compute [n, out, (h - 2 margin) / stride, …], rounded up, of [n, in, h, w]."""
        edge = self.margin
        kept = x[:, :, edge:-edge, edge:-edge] if edge else x
        projected: Tensor = self.bn(self.conv(kept))
        return projected


class ResCeption(InceptionV3):
    """Inception-v3 with a shortcut around every stream of two or more convolutions.

    With ``weights`` of Inception-v3 its projections begin at zero: it starts as that network.

    Args and raises: see InceptionV3.
    """

    def _stream(self, inputs: int, stream: Stream) -> Built:
        module, outputs = super()._stream(inputs, stream)
        if len(stream) < 2:
            return module, outputs
        last = stream[-1]
        stride = last.stride if isinstance(last, Conv) else 1
        if stride == 1 and inputs == outputs:
            return Residual(module, nn.Identity()), outputs
        margin = 0 if stride == 1 or self.padded else 1
        return Residual(module, Projection(inputs, outputs, stride, margin)), outputs

    def _load(self, weights: str | Path) -> None:
        load_weights(self, weights, inception_name)
        for module in self.modules():
            if isinstance(module, Projection):
                nn.init.zeros_(module.bn.weight)


def inception_name(key: str) -> str | None:
    """Convert a tensor's name to that in torchvision's Inception-v3; None for shortcuts."""
    return None if ".shortcut." in key else torchvision_name(key.replace(".stream.", "."))
