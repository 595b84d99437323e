"""The base of image encoders: frozen first blocks, and weights read from files."""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from houndstooth.mappings.errors import InvalidConfig


class Trunk(nn.Module, ABC):
    """A network of a stem and blocks, the first of which can be frozen.

    Attributes:
        source: where its weights come from and under which licence, for the card.
    """

    source = "trained from scratch"

    def __init__(self) -> None:
        super().__init__()
        self._frozen: list[nn.Module] = []

    @abstractmethod
    def stem(self) -> list[nn.Module]:
        """List the layers before the first block."""

    @abstractmethod
    def blocks(self) -> list[nn.Module]:
        """List the blocks, in the order of the forward pass."""

    def freeze(self, blocks: int) -> None:
        """Freeze the stem and the first blocks, statistics included; 0 is none.

        Raises:
            InvalidConfig: there are fewer blocks.
        """
        known = self.blocks()
        if not 0 <= blocks <= len(known):
            raise InvalidConfig(f"expected 0 to {len(known)} frozen blocks; got {blocks}")
        if blocks:
            self._frozen = [*self.stem(), *known[:blocks]]
        for module in self._frozen:
            module.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set the mode as usual, but keep frozen parts in evaluation mode."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self


def load_weights(
    network: nn.Module, path: str | Path, name_in_file: Callable[[str], str | None]
) -> None:
    """Fill a network from a file of weights, such as torchvision's.

    Args:
        path: a file that ``torch.save(network.state_dict())`` wrote; other tensors are left out.
        name_in_file: gives the name of a network's tensor in the file; None where the file need
            not have it.

    Raises:
        InvalidConfig: the file is of another form, or a tensor is missing or of another shape.
    """
    state = read_state(path)
    own = {
        key: tensor
        for key, tensor in network.state_dict().items()
        if not key.endswith("num_batches_tracked") and name_in_file(key) is not None
    }
    loaded = {key: state.get(name_in_file(key)) for key in own}
    wrong = [key for key in own if shape_of(loaded[key]) != shape_of(own[key])]
    if wrong:
        first = wrong[0]
        raise InvalidConfig(
            f"{len(wrong)} of {len(own)} tensors do not fit in {path}: expected "
            f"{name_in_file(first)} of shape {shape_of(own[first])}; got {shape_of(loaded[first])}"
        )
    network.load_state_dict(loaded, strict=False)


def shape_of(tensor: Any) -> tuple[int, ...] | None:
    """Return a tensor's shape; None of anything else."""
    return tuple(tensor.shape) if isinstance(tensor, Tensor) else None


def read_state(path: str | Path) -> dict[Any, Any]:
    """Read the state dict in a file, on the CPU; only tensors and plain types are unpickled.

    Raises:
        InvalidConfig: the file is of another form.
    """
    expected = f"expected a state dict, as torch.save writes it, at {path}"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InvalidConfig(f"{expected}; got: {reason}") from None
    if not isinstance(state, dict):
        raise InvalidConfig(f"{expected}; got {type(state).__name__}")
    return state
