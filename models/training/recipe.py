"""How to train: the fields of a recipe file, which may take those of another."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from houndstooth.mappings.errors import InvalidConfig

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RECIPES = Path(__file__).parent / "recipes"
SHARES = ("soft_share", "label_smoothing", "scheduled_sampling", "occlusion", "backgrounds")


@dataclass(frozen=True)
class Recipe:
    """One training run of a recogniser.

    Attributes:
        name, version: of the network that is trained.
        kind: a name in ``recognition.kinds``.
        encoder, encoder_options: a name in ``networks.encoders``, and its arguments.
        init_from: name and version of trained weights to start from; weights of another shape
            start anew.
        direct: whether the decoder's scores have a part straight from the image.
        soft_labels: name and version of the cross-fitting recipe whose predictions are part of
            each target.
        soft_share: how much of each target they are, in [0, 1].
        folds: number of folds that cross-fitting makes.
        learning_rate: the highest, after the warm-up; it ends near 0 on a cosine.
        mirror: whether the network, when it serves, averages an image and its mirror image.
        mixup: alpha of mixup (Zhang et al. 2018); 0 is off.
        scheduled_sampling: share of attribute tokens that the decoder is fed from its own
            predictions (Bengio et al. 2015).
        occlusion: share of views that another image covers, but for a strip of the item. Their
            category is given instead of learned, as a strip does not show it.
        backgrounds: share of views whose white background becomes a corner of a casual photo.
        ema_decay: of the moving average of the weights, which is what is kept.
        training_side, side: of the images, pixels, in training and when serving.
        frozen_blocks: number of the encoder's first blocks that are not trained.
        min_class_count: a category with fewer images is sampled as if it had this many, but each
            image at most ``max_oversampling`` times an epoch.
        patience: epochs without a better validation score before training stops.
        loss_weights: how much heads count in the loss, where that is not as the taxonomy says.
    """

    name: str
    version: int
    kind: str = "sequence"
    encoder: str = "efficientnet_lite0"
    encoder_options: dict[str, Any] = field(default_factory=dict)
    init_from: str = ""
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
    scheduled_sampling: float = 0.0
    occlusion: float = 0.0
    backgrounds: float = 0.0
    ema_decay: float = 0.998
    training_side: int = 176
    side: int = 192
    frozen_blocks: int = 0
    min_class_count: int = 0
    max_oversampling: int = 3
    patience: int = 6
    loss_weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that shares are in [0, 1].

        Raises:
            ValueError: one is not.
        """
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"expected {name} from 0 to 1; got {getattr(self, name)!r}")


AnyRecipe = TypeVar("AnyRecipe", bound="DataclassInstance")


def read_recipe(kind: type[AnyRecipe], path: Path) -> AnyRecipe:
    """Read a recipe from a TOML file; ``like`` names another from which it takes the rest.

    Raises:
        InvalidConfig: cannot be read, lacks a field, has one that no such recipe has, or a share
            that is none; or it is like itself.
    """
    try:
        return kind(**_fields(path))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        known = ", ".join(f.name for f in fields(kind))
        raise InvalidConfig(f"expected a recipe at {path} with {known}; got: {error}") from None


def _fields(path: Path) -> dict[str, Any]:
    """The fields of a file, with those of the file that it is like."""
    own = tomllib.loads(path.read_text(encoding="utf-8"))
    like = own.pop("like", None)
    return own if like is None else {**_fields(path.with_name(like)), **own}
