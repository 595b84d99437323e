"""How to train: the fields of a configuration file, which may say what it has of another."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mappings.errors import InvalidConfig

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes:
        name, version: of the weights.
        encoder: a name of ``models.networks.encoders``, and its options.
        decoder: ``sequence`` (LSTM) or ``heads`` (one softmax a group, the baseline).
        start_from: trained weights to go on from, by their name and version; what has another
            shape begins anew.
        direct: whether the LSTM's scores have a part straight from the image.
        soft_labels: what others saw in the photos, by name and version of the recipe that
            ``models.training.cross_fit`` ran, and their ``soft_share`` of every target.
        folds: that cross-fitting parts the photos into.
        mirror: whether the network that serves looks at an image's mirror image as well.
        mixup: two images are laid over each other, and the labels of each are learned by its
            share (Zhang et al. 2018); 0 is never.
        sampled: share of attributes that the LSTM hears in training as it would have said them
            itself, not as they are.
        covered: share of the views that another covers but for a strip of the item; their category
            is given, not learned, as a strip does not show it.
        grounds: share of the views whose white ground becomes a corner of an everyday photo.
        training_side: of the views in training, and ``side`` of what is served, pixels.
        frozen_blocks: of the encoder, from its stem.
        rare: a category with fewer images is shown as if it had this many, each image at most
            ``most_repeats`` times an epoch: that is how class imbalance is handled.
        patience: epochs without a better validation score before training stops.
        group_weights: how much each group counts in the loss; the rest 0.3.
    """

    name: str
    version: int
    encoder: str = "efficientnet_lite0"
    encoder_options: dict[str, Any] = field(default_factory=dict)
    decoder: Literal["sequence", "heads"] = "sequence"
    start_from: str = ""
    direct: bool = True
    soft_labels: str = ""
    soft_share: float = 0.5
    folds: int = 4
    seed: int = 1
    epochs: int = 12
    batch: int = 64
    learning_rate: float = 8e-4
    weight_decay: float = 0.03
    label_smoothing: float = 0.1
    mirror: bool = True
    mixup: float = 0.0
    sampled: float = 0.0
    covered: float = 0.0
    grounds: float = 0.0
    ema_decay: float = 0.998
    training_side: int = 176
    side: int = 192
    frozen_blocks: int = 0
    rare: int = 0
    most_repeats: int = 3
    patience: int = 6
    group_weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Shares are shares.

        Raises:
            ValueError: one is not.
        """
        for name in ("soft_share", "label_smoothing", "sampled", "covered", "grounds"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"expected {name} from 0 to 1; got {getattr(self, name)!r}")


AnyRecipe = TypeVar("AnyRecipe", bound="DataclassInstance")


def read_recipe(kind: type[AnyRecipe], path: Path) -> AnyRecipe:
    """The recipe of a TOML file; what it does not say is as in the one it is ``like``.

    Raises:
        InvalidConfig: cannot be read, lacks a field, has one that no such recipe has, or a share
            that is none; or it is like itself.
    """
    try:
        return kind(**_said(path))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        known = ", ".join(f.name for f in fields(kind))
        raise InvalidConfig(f"expected a recipe at {path} with {known}; got: {error}") from None


def _said(path: Path) -> dict[str, Any]:
    """The fields that a file says, itself or by the one that it is like."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    like = said.pop("like", None)
    return said if like is None else {**_said(path.with_name(like)), **said}
