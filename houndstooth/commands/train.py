"""``houndstooth train``: a recogniser, a detector or soft labels, by a recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from houndstooth.commands import parameters
from houndstooth.commands.networks import NETWORKS
from houndstooth.commands.parameters import FILE
from houndstooth.commands.training_packages import training_packages
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.formats import FORMATS

RECOGNISER = (*FORMATS, "backgrounds", "taxonomy", "detector")
TAKES = {
    "recogniser": RECOGNISER,
    "cross-fit": RECOGNISER,
    "terms": (*FORMATS, "taxonomy", "detector"),
    "detector": ("street", "products", "synthetic", "casual_photos", "teacher"),
}
"""The options of each task of a recipe; ``--out`` and ``--epochs`` are for all."""


def _formats(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each format of labelled images."""
    for name, description in reversed(FORMATS.items()):
        option = click.option(
            f"--{name}", type=FILE, multiple=True, metavar="PATH",
            help=f"{description}; repeatable.",
        )  # fmt: skip
        command = option(command)
    return command


@click.command
@click.argument("recipe", required=False)
@click.option("--list", "list_recipes", is_flag=True, help="List the shipped recipes and end.")
@_formats
@parameters.street
@click.option(
    "--casual-photos", type=FILE, metavar="CSV",
    help="Detector: photos of a single item; see houndstooth casual-photos.",
)  # fmt: skip
@click.option(
    "--teacher", type=FILE, metavar="NAME",
    help="Detector: a trained detector that makes pseudo-labels of --products and "
    "--casual-photos.",
)  # fmt: skip
@click.option(
    "--backgrounds", type=FILE, metavar="CSV",
    help="Recogniser: a CSV with columns file and split; corners of its training photos are "
    "the backgrounds that the recipe composites views on.",
)  # fmt: skip
@parameters.taxonomy
@click.option(
    "--detector", metavar="NAME",
    help="Recogniser: locates items worn with others; a name, or none.  [default: the shipped one]",
)  # fmt: skip
@click.option(
    "--out", type=FILE, metavar="DIR", default=NETWORKS, show_default=True,
    help="Folder to write to; networks that the recipe starts from are looked up in it first.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(1), help="Instead of the recipe's.")
def command(recipe: str | None, list_recipes: bool, **options: Any) -> None:
    """Train a network by a recipe, from labelled images to files that serve.

    RECIPE is a TOML file or the name of a shipped recipe. "shop" fine-tunes a shipped recogniser on
    a shop's own photos. A recipe's task says what is trained: a recogniser, a detector, or soft
    labels by cross-fitting, or a reader of attribute terms on an ensemble's encoders. A run that
    was interrupted continues where it stopped.

    \b
    Examples:
      houndstooth train --list
      houndstooth train shop --products products.csv
    """
    from houndstooth.models.training import recipe as recipes

    if list_recipes:
        shipped = recipes.shipped_recipes()
        width = max(map(len, shipped))
        for name, description in shipped.items():
            click.echo(f"{name:{width}}  {description}")
        return
    if recipe is None:
        raise InvalidConfig("expected a recipe (see houndstooth train --list); got none")
    path = recipes.find_recipe(recipe)
    task = recipes.read_task(path)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    out, epochs = given.pop("out"), given.pop("epochs", None)
    _check_options(task, path.name, given)
    line = command_line(path.name, {name: given[name] for name in TAKES[task] if name in given})
    tasks = {"detector": _train_detector, "terms": _train_terms}
    train = tasks.get(task, _train_recogniser)
    with training_packages():
        train(task, path, given, out, epochs, line)


def _check_options(task: str, recipe: str, given: dict[str, Any]) -> None:
    """Refuse options that a task does not take, and ask for those that it lacks.

    Raises:
        InvalidConfig: the message names the options.
    """
    if other := [_option(name) for name in given if name not in TAKES[task]]:
        known = ", ".join(map(_option, TAKES[task]))
        raise InvalidConfig(
            f"expected options for {recipe}, task {task}, among {known}; got {', '.join(other)}"
        )
    if task != "detector":
        if not any(name in given for name in FORMATS):
            formats = ", ".join(map(_option, FORMATS))
            raise InvalidConfig(f"expected photos to train on: one of {formats}; got none")
        return
    if "street" not in given:
        raise InvalidConfig(f"expected --street, as {recipe} trains a detector; got none")
    for name in ("products", "synthetic"):
        if len(given.get(name, ())) > 1:
            raise InvalidConfig(f"expected one --{name} for a detector; got {len(given[name])}")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def command_line(recipe: str, given: dict[str, Any]) -> str:
    """Write the command for a network's card, without the caller's folders."""
    words = [f"houndstooth train {recipe}"]
    folders = {"backgrounds": "CSV/", "casual_photos": "CSV/"}
    for name, value in given.items():
        if name in FORMATS:
            words += [f"{_option(name)} {name.upper()}/{path.name}" for path in value]
        elif name == "street":
            words.append("--street STREET")
        elif name != "detector":
            words.append(f"{_option(name)} {folders.get(name, '')}{Path(value).name}")
    return " ".join(words)


def _train_recogniser(
    task: str, path: Path, given: dict[str, Any], out: Path, epochs: int | None, line: str
) -> None:
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import DEFAULT_DETECTOR
    from houndstooth.models.runtime.card import CATEGORY_MEASURED
    from houndstooth.models.training.cross_fit import cross_fit
    from houndstooth.models.training.inputs import Inputs
    from houndstooth.models.training.measure import measure
    from houndstooth.models.training.recipe import Recipe, read_recipe
    from houndstooth.models.training.train import train_recogniser

    recipe = read_recipe(Recipe, path)
    inputs = Inputs(
        replace(recipe, epochs=epochs or recipe.epochs),
        {name: list(given[name]) for name in FORMATS if name in given},
        out,
        given.get("backgrounds"),
        given.get("detector", DEFAULT_DETECTOR),
        Taxonomy.load(given.get("taxonomy")),
        line,
    )
    inputs.check()
    recipe, stem = inputs.recipe, inputs.stem
    start = f"fine-tuned from {recipe.init_from}" if recipe.init_from else recipe.encoder
    if task == "cross-fit":
        click.echo(f"{stem.name}: soft labels by {recipe.folds} networks on {recipe.encoder}")
    else:
        click.echo(f"{stem.name}: a recogniser, {start}, {_epochs(recipe.epochs)}")
    stem.parent.mkdir(parents=True, exist_ok=True)
    if task == "cross-fit":
        _print_written(stem, cross_fit(inputs), f"a recipe with soft_labels = {stem.name!r}")
        return
    suffixes = train_recogniser(inputs)
    measured = measure(stem, inputs.samples, inputs.taxonomy)
    count = len(measured.keys() - {CATEGORY_MEASURED})
    click.echo(f"{count} attribute terms are true often enough to be stored from a picture")
    source = next((name for name in ("products", "csv") if name in given), None)
    labels = f"--{source} {given[source][0]}" if source else "--products CSV"
    _print_written(stem, suffixes, f"houndstooth evaluate {stem} {labels}")
    click.echo(f"to serve it: HOUNDSTOOTH_MODEL={stem}.json houndstooth serve")


def _train_terms(
    task: str, path: Path, given: dict[str, Any], out: Path, epochs: int | None, line: str
) -> None:
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import DEFAULT_DETECTOR
    from houndstooth.models.training.inputs import open_locator
    from houndstooth.models.training.labelled import digests, labelled_samples
    from houndstooth.models.training.recipe import read_recipe
    from houndstooth.models.training.terms import TermInputs, TermRecipe, train_terms

    if epochs:
        raise InvalidConfig(f"expected no --epochs, as {path.name} has steps; got {epochs}")
    taxonomy = Taxonomy.load(given.get("taxonomy"))
    sources = {name: list(given[name]) for name in FORMATS if name in given}
    inputs = TermInputs(
        read_recipe(TermRecipe, path),
        labelled_samples(sources, taxonomy),
        taxonomy,
        out,
        open_locator(given.get("detector", DEFAULT_DETECTOR), taxonomy),
        line,
        digests(sources),
    )
    out.mkdir(parents=True, exist_ok=True)
    suffixes = train_terms(inputs)
    _print_written(inputs.stem, suffixes, f"an ensemble with terms = {inputs.stem.name!r}")


def _train_detector(
    task: str, path: Path, given: dict[str, Any], out: Path, epochs: int | None, line: str
) -> None:
    from houndstooth.models.training.detection.fit import DetectorRecipe
    from houndstooth.models.training.detection.train import DetectorInputs, train_detector
    from houndstooth.models.training.recipe import read_recipe

    recipe = read_recipe(DetectorRecipe, path)
    inputs = DetectorInputs(
        replace(recipe, epochs=epochs or recipe.epochs),
        given["street"],
        next(iter(given.get("products", ())), None),
        next(iter(given.get("synthetic", ())), None),
        given.get("casual_photos"),
        given.get("teacher"),
        out,
        line,
    )
    inputs.check()
    recipe, stem = inputs.recipe, inputs.stem
    start = f"fine-tuned from {recipe.init_from}" if recipe.init_from else recipe.encoder
    click.echo(f"{stem.name}: a {task}, {start}, {_epochs(recipe.epochs)}")
    stem.parent.mkdir(parents=True, exist_ok=True)
    suffixes = train_detector(inputs)
    _print_written(stem, suffixes, f"houndstooth evaluate {stem} --street {inputs.street}")


def _epochs(number: int) -> str:
    return "1 epoch" if number == 1 else f"{number} epochs"


def _print_written(stem: Path, suffixes: tuple[str, ...], following: str) -> None:
    """Print the paths of the files and the next command."""
    click.echo(f"wrote {stem} with {', '.join(suffixes)}")
    click.echo(f"next: {following}")
