"""Recipes: TOML files that say what a training run trains, and how."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from houndstooth.mappings.errors import InvalidConfig

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RECIPES = Path(__file__).parent / "recipes"
"""The folder of the shipped recipes."""

TASKS = ("recogniser", "detector", "cross-fit", "terms")
"""What a recipe trains, in its field ``task``; the first where it has none."""

SHARES = (
    *("soft_share", "label_smoothing", "scheduled_sampling"),
    *("occlusion", "backgrounds", "photo_views", "turned"),
)


@dataclass(frozen=True)
class Recipe:
    """One training run of a recogniser.

    Attributes:
        name, version: name and version of the trained network.
        kind: a name in ``recognition.kinds``.
        encoder, encoder_options: a name in ``networks.encoders``, and its arguments.
        network_options, objective_options: arguments of the kind's network and objective.
        init_from: name and version of trained weights to start from; weights of another shape
            start anew.
        direct: whether the decoder's scores have a part straight from the image.
        soft_labels: name and version of the cross-fitting recipe whose predictions are part of
            each target.
        soft_share: their share of each target, in [0, 1].
        folds: number of folds of cross-fitting.
        learning_rate: the highest, after the warm-up; it ends near 0 on a cosine.
        task_learning_rate: that of the network's ``task_weights``; at 0 the same.
        eight_bits: whether the encoder computes in 8 bits when serving, see ``static_quantise``.
        mirror: whether the served network averages the features of an image and its mirror image.
        mixup: alpha of mixup (Zhang et al. 2018); 0 is off.
        scheduled_sampling: share of attribute tokens that the decoder is fed from its own
            predictions (Bengio et al. 2015).
        flip_only: whether views are only mirrored, not rotated, scaled, shifted and relit.
        occlusion: share of views in which another image occludes all but a strip of the item. Their
            category is given instead of learned, as a strip does not show it.
        backgrounds: share of views composited on a corner of a casual photo.
        photo_views: share of views changed as photos are on their way, see ``photo_views``.
        turned: share of views that are turned by quarters.
        teacher: name and version of the ensemble whose answers are learned (distillation).
        ema_decay: decay of the moving average of the weights; the average is what is exported.
        training_side, side: side of the images in pixels, in training and when serving.
        frozen_blocks: number of the encoder's first blocks that are not trained.
        min_class_count: a category with fewer images is sampled as if it had this many, but each
            image at most ``max_oversampling`` times an epoch.
        patience: epochs without a better validation score before training stops.
        loss_weights: weight of a head's loss, where it is not the taxonomy's.
    """

    name: str
    version: int
    kind: str = "sequence"
    encoder: str = "efficientnet_lite0"
    encoder_options: dict[str, Any] = field(default_factory=dict)
    network_options: dict[str, Any] = field(default_factory=dict)
    objective_options: dict[str, Any] = field(default_factory=dict)
    init_from: str = ""
    direct: bool = True
    soft_labels: str = ""
    soft_share: float = 0.5
    folds: int = 4
    seed: int = 1
    epochs: int = 12
    batch: int = 64
    learning_rate: float = 8e-4
    task_learning_rate: float = 0.0
    weight_decay: float = 0.03
    label_smoothing: float = 0.1
    eight_bits: bool = False
    mirror: bool = True
    mixup: float = 0.0
    scheduled_sampling: float = 0.0
    flip_only: bool = False
    occlusion: float = 0.0
    backgrounds: float = 0.0
    photo_views: float = 0.0
    turned: float = 0.0
    teacher: str = ""
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
    """Read a recipe from a TOML file.

    Its field ``like`` names a recipe beside it, or a shipped one, that gives the fields it lacks.

    Raises:
        InvalidConfig: the file cannot be read, lacks a field, has an unknown one, or has a share
            outside [0, 1]; or ``like`` names the file itself.
    """
    recipe_fields = _fields(path)
    recipe_fields.pop("task", None)
    try:
        return kind(**recipe_fields)
    except (ValueError, TypeError) as error:
        known = ", ".join(f.name for f in fields(kind))
        raise InvalidConfig(f"expected a recipe at {path} with {known}; got: {error}") from None


def read_task(path: Path) -> str:
    """Read what a recipe trains: one of ``TASKS``.

    Raises:
        InvalidConfig: the file cannot be read, or its task is unknown.
    """
    task = _fields(path).get("task", TASKS[0])
    if task not in TASKS:
        raise InvalidConfig(f"expected a task among {', '.join(TASKS)} in {path}; got {task!r}")
    return str(task)


def find_recipe(name: str) -> Path:
    """Find a recipe file: by its path, or a shipped one by its name.

    Raises:
        InvalidConfig: there is none.
    """
    path, shipped = Path(name), RECIPES / f"{name.removesuffix('.toml')}.toml"
    if path.suffix == ".toml" and path.is_file():
        return path
    if shipped.is_file():
        return shipped
    raise InvalidConfig(
        f"expected a recipe file, or the name of a shipped recipe (see houndstooth train --list); "
        f"got {name!r}"
    )


def shipped_recipes() -> dict[str, str]:
    """List the shipped recipes, the shop's first: their first comment line by their name."""
    paths = sorted(RECIPES.glob("*.toml"), key=lambda path: (path.stem != "shop", path.stem))
    return {p.stem: p.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ") for p in paths}


def recipe_for(model: str) -> str | None:
    """Look up the shipped recipe that trains a network, by the network's name and version."""
    for name in shipped_recipes():
        own = _fields(RECIPES / f"{name}.toml")
        if model == f"{own['name']}-{own['version']}":
            return name
    return None


def _fields(path: Path) -> dict[str, Any]:
    """Read the fields of a file, completed by those of the file that ``like`` names.

    Raises:
        InvalidConfig: a file cannot be read, or is like itself.
    """
    try:
        return _complete(path)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InvalidConfig(f"expected a recipe at {path}; got: {error}") from None


def _complete(path: Path) -> dict[str, Any]:
    own = tomllib.loads(path.read_text(encoding="utf-8"))
    like = own.pop("like", None)
    if like is None:
        return own
    beside = path.with_name(like)
    return {**_complete(beside if beside.is_file() else RECIPES / like), **own}
