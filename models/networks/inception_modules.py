"""The modules of Inception-v3 as a description, from which networks of any width are built.

Szegedy et al. (2016b), "Rethinking the Inception Architecture for Computer Vision"; names and sizes
are torchvision's, whose weights fit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conv:
    """A convolution with its normalisation and ReLU.

    Attributes:
        channels: output channels, at width 1.
        height, width: the kernel's.
        trimmed: without padding, so the map loses its border.
        pooled: after 3x3 average pooling.
    """

    channels: int
    height: int = 1
    width: int = 1
    stride: int = 1
    trimmed: bool = False
    pooled: bool = False


Fork = dict[str, Conv]  # side by side, concatenated
Stream = tuple[Conv | Fork, ...]  # one after another; without any, 3x3 max pooling of stride 2
Module = dict[str, Stream]  # side by side, concatenated


def halving(channels: int) -> Conv:
    """Describe a 3x3 convolution of stride 2."""
    return Conv(channels, 3, 3, stride=2, trimmed=True)


def module_a(pool: int) -> Module:
    """Describe a module of the finest maps (Szegedy et al., Figure 5, its 5x5 not factorised)."""
    return {
        "branch1x1": (Conv(64),),
        "branch5x5": (Conv(48), Conv(64, 5, 5)),
        "branch3x3dbl": (Conv(64), Conv(96, 3, 3), Conv(96, 3, 3)),
        "branch_pool": (Conv(pool, pooled=True),),
    }


def module_b() -> Module:
    """Describe the module that halves the finest maps (Figure 10)."""
    return {
        "branch3x3": (halving(384),),
        "branch3x3dbl": (Conv(64), Conv(96, 3, 3), halving(96)),
        "branch_pool": (),
    }


def module_c(inner: int) -> Module:
    """Describe a module with 7x7 factorised into rows and columns (Figure 6)."""
    rows, columns = Conv(inner, 1, 7), Conv(inner, 7, 1)
    return {
        "branch1x1": (Conv(192),),
        "branch7x7": (Conv(inner), rows, Conv(192, 7, 1)),
        "branch7x7dbl": (Conv(inner), columns, rows, columns, Conv(192, 1, 7)),
        "branch_pool": (Conv(192, pooled=True),),
    }


def module_d() -> Module:
    """Describe the module that halves the maps of ``module_c``."""
    return {
        "branch3x3": (Conv(192), halving(320)),
        "branch7x7x3": (Conv(192), Conv(192, 1, 7), Conv(192, 7, 1), halving(192)),
        "branch_pool": (),
    }


def module_e() -> Module:
    """Describe a module of the coarsest maps: streams that end in forks (Figure 7)."""
    fork = {"a": Conv(384, 1, 3), "b": Conv(384, 3, 1)}
    return {
        "branch1x1": (Conv(320),),
        "branch3x3": (Conv(384), fork),
        "branch3x3dbl": (Conv(448), Conv(384, 3, 3), fork),
        "branch_pool": (Conv(192, pooled=True),),
    }


STEM: dict[str, Conv | None] = {  # None: 3x3 max pooling of stride 2
    "Conv2d_1a_3x3": halving(32),
    "Conv2d_2a_3x3": Conv(32, 3, 3, trimmed=True),
    "Conv2d_2b_3x3": Conv(64, 3, 3),
    "maxpool1": None,
    "Conv2d_3b_1x1": Conv(80),
    "Conv2d_4a_3x3": Conv(192, 3, 3, trimmed=True),
    "maxpool2": None,
}

MODULES: dict[str, Module] = {
    "Mixed_5b": module_a(32),
    "Mixed_5c": module_a(64),
    "Mixed_5d": module_a(64),
    "Mixed_6a": module_b(),
    "Mixed_6b": module_c(128),
    "Mixed_6c": module_c(160),
    "Mixed_6d": module_c(160),
    "Mixed_6e": module_c(192),
    "Mixed_7a": module_d(),
    "Mixed_7b": module_e(),
    "Mixed_7c": module_e(),
}
MIDDLE, LAST = "Mixed_6e", "Mixed_7c"
