"""Trained files: in the folder that a run writes to, else among the shipped networks."""

from __future__ import annotations

from pathlib import Path

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.recipe import recipe_for


def trained_file(out: Path, model: str, suffix: str) -> Path:
    """Find a file of a trained network, by the network's name and version.

    Raises:
        InvalidConfig: it is neither in ``out`` nor shipped; the message names the recipe that
            makes it.
    """
    for folder in (out, WEIGHTS):
        path = folder / f"{model}{suffix}"
        if path.is_file():
            return path
    recipe = recipe_for(model)
    how = f"make it with: houndstooth train {recipe}" if recipe else "no shipped recipe makes it"
    raise InvalidConfig(
        f"expected {model}{suffix} in {out} or among the shipped networks; got none; {how}"
    )
