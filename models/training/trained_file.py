"""Trained files: in the folder that a run writes to, else among the shipped networks."""

from __future__ import annotations

from pathlib import Path

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.recipe import recipe_for

SOFT_LABELS = ".soft.npz"
"""The suffix of a file of soft labels, after the recipe's name and version."""

RETIRED = dict.fromkeys(
    (
        "attribute-ensemble-5",
        "attribute-heads-2",
        "attribute-sequence-15",
        "attribute-sequence-lite0-17",
        "attribute-sequence-lite1-11",
        "attribute-sequence-mixup-2",
        "attribute-terms-1",
        "guided-detector-2",
    ),
    "74f7d1b",
)
"""Networks that are not shipped any more, and the last commit of which ``models/weights`` does."""


def trained_file(out: Path, model: str, suffix: str) -> Path:
    """Find a file of a trained network, by the network's name and version.

    Raises:
        InvalidConfig: it is neither in ``out`` nor shipped; the message names the recipe that
            makes it, or the commit that holds it.
    """
    for folder in (out, WEIGHTS):
        path = folder / f"{model}{suffix}"
        if path.is_file():
            return path
    recipe = recipe_for(model)
    task = "of task cross-fit" if suffix == SOFT_LABELS else "of that name and version"
    how = f"make it with: houndstooth train {recipe}" if recipe else f"a recipe {task} makes it"
    if model in RETIRED:
        how = (
            f"it was shipped until commit {RETIRED[model]}: in a clone of the project, run "
            f"git archive {RETIRED[model]} models/weights | tar -x --strip-components=2 -C {out}"
        )
    where = "among the shipped networks"
    where = where if out == WEIGHTS else f"in {out} or {where}"
    raise InvalidConfig(f"expected {model}{suffix} {where}; got none; {how}")
