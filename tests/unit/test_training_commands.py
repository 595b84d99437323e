"""Training's commands before any image is read: recipes, options, and packages that are missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from houndstooth.commands.train import TAKES, command, command_line
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.runtime.card import WEIGHTS, read_json
from houndstooth.models.training.datasets import READERS
from houndstooth.models.training.detection.fit import DetectorRecipe
from houndstooth.models.training.recipe import (
    RECIPES,
    TASKS,
    Recipe,
    find_recipe,
    read_recipe,
    read_task,
    recipe_for,
    shipped_recipes,
)
from houndstooth.models.training.terms import TermRecipe
from houndstooth.models.training.trained_file import RETIRED, trained_file
from tests.integration.training import run_evaluate, run_export, run_train

ROOT = Path(__file__).parents[2]
HIDDEN = """
import sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
sys.argv = ["houndstooth", *{arguments!r}]
from houndstooth.commands import main
sys.exit(main())
"""
TRAINING = {"torch", "torchvision", "onnx", "matplotlib", "scipy", "pycocotools", "sklearn"}
TRAINING |= {"efficientnet_lite_pytorch", "onnxscript"}


def without(packages: set[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where packages are not installed."""
    code = HIDDEN.format(packages=packages, arguments=arguments)
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "shop", "--products", "x.csv"),
        ("train", "guided-detector-base", "--street", "x"),
        ("evaluate", "guided-detector-3", "--street", "x"),
        ("export", "attribute-distilled-1", "--version", "3"),
        ("papers", "--products", "x.csv", "--out", "x"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_missing_packages_are_one_line(arguments: tuple[str, ...]) -> None:
    run = without(TRAINING, *arguments)
    assert run.returncode == 2 and run.stdout == ""
    [line] = run.stderr.splitlines()
    assert (
        "expected the packages for training; got no " in line and "pip install '.[train]'" in line
    )


def test_drawing_and_evaluating_a_recogniser_need_no_training_packages(tmp_path: Path) -> None:
    drawn = without(TRAINING, "draw", "--count", "2", "--out", str(tmp_path))
    assert drawn.returncode == 0, drawn.stderr
    photo = next((tmp_path / "images").iterdir())
    (tmp_path / "photos.csv").write_text(f"file,category\n{photo},t-shirt\n{photo},dress\n")
    labels = ("--csv", str(tmp_path / "photos.csv"))
    run = without(TRAINING, "evaluate", "attribute-distilled-1", *labels)
    assert run.returncode == 0, run.stderr
    assert "\n| category | " in run.stdout and run.stderr.count("Warning") == 0


def test_the_recipes_are_listed_without_any_package() -> None:
    run = without({*TRAINING, "numpy", "PIL", "onnxruntime"}, "train", "--list")
    assert run.returncode == 0, run.stderr
    first, *others = run.stdout.splitlines()
    assert first.startswith("shop ") and len(others) == len(list(RECIPES.glob("*.toml"))) - 1
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in (first, *others))


def test_every_reader_is_an_option() -> None:
    options = {parameter.name for parameter in command.params}
    assert set(READERS) <= options
    assert {name for names in TAKES.values() for name in names} <= options
    assert set(TAKES) == set(TASKS)


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_shipped_recipe_can_be_read_and_what_it_needs_can_be_made(name: str) -> None:
    path = find_recipe(name)
    kinds = {"detector": DetectorRecipe, "terms": TermRecipe}
    recipe: Any = read_recipe(kinds.get(read_task(path), Recipe), path)
    if isinstance(recipe, TermRecipe):
        assert {*recipe.members} <= {*RETIRED}
        return
    for needed in (getattr(recipe, name, "") for name in ("init_from", "soft_labels", "teacher")):
        shipped = (WEIGHTS / f"{needed}.json").exists()
        assert not needed or shipped or needed in RETIRED or recipe_for(needed), needed


def test_the_shipped_detector_is_of_the_recipe_that_its_card_names() -> None:
    card = read_json(WEIGHTS / "guided-detector-3")
    words = card["command"].split()
    assert words[:2] == ["houndstooth", "train"]
    recipe = read_recipe(DetectorRecipe, RECIPES / words[2])
    assert f"{recipe.name}-{recipe.version}" == "guided-detector-3"
    assert card["recipe"]["shares"] == recipe.shares
    given = {option.strip("-").replace("-", "_") for option in words if option.startswith("--")}
    assert given <= set(TAKES["detector"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], r"expected a recipe \(see houndstooth train --list\)"),
        (["nobody"], "expected a recipe file, or the name of a shipped recipe .* got 'nobody'"),
        (["shop"], "expected photos to train on: one of --products, .*; got none"),
        (["shop", "--csv", "x", "--street", "x"], "task recogniser, among .*; got --street"),
        (["attribute-folds", "--csv", "x", "--teacher", "x"], "task cross-fit, .*got --teacher"),
        (["guided-detector"], "expected --street"),
        (["guided-detector", "--street", "x", "--csv", "x"], "task detector, among .*; got --csv"),
        (
            ["guided-detector-base", "--street", "x", "--products", "x", "--products", "y"],
            "expected one --products for a detector; got 2",
        ),
        (
            ["guided-detector-base", "--street", "x", "--products", "x"],
            "expected --synthetic, for the share of synthetic in guided-detector-base",
        ),
        (
            ["attribute-sequence", "--products", "x"],
            r"attribute-sequence-base-2\.onnx .* make it with: houndstooth train "
            "attribute-sequence-base$",
        ),
        (
            ["attribute-sequence-base", "--products", "x"],
            r"attribute-folds-1\.soft\.npz .* houndstooth train attribute-folds$",
        ),
        (
            ["attribute-sequence-mixup", "--products", "x"],
            r"attribute-sequence-mixup-base-1\.onnx .* houndstooth train "
            "attribute-sequence-mixup-base$",
        ),
        (
            ["guided-detector", "--street", "x"],
            r"guided-detector-worn-1\.onnx .* houndstooth train guided-detector-worn$",
        ),
    ],
)
def test_what_a_recipe_does_not_take_or_lacks_is_one_line(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfig, match=message) as refused:
        run_train(*arguments, "--out", tmp_path)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_teacher_that_is_not_there_names_its_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "worn.toml"
    recipe.write_text('task = "detector"\nname = "x"\nversion = 1\n[shares]\nworn = 1.0\n')
    data = ["--street", "x", "--products", "x", "--out", tmp_path]
    with pytest.raises(InvalidConfig, match="expected --teacher, for the share of worn"):
        run_train(recipe, *data)
    with pytest.raises(InvalidConfig, match=r"houndstooth train guided-detector-base$"):
        run_train(recipe, *data, "--teacher", "guided-detector-base-1")


def test_an_unknown_task_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('task = "poem"\nname = "x"\nversion = 1\n')
    with pytest.raises(InvalidConfig, match=r"recogniser, detector, cross-fit, terms .*'poem'"):
        run_train(tmp_path / "bad.toml", "--products", "x")


def test_a_recipe_may_be_like_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('like = "shop.toml"\nname = "mine"\nepochs = 9\n')
    recipe = read_recipe(Recipe, tmp_path / "mine.toml")
    assert (recipe.name, recipe.epochs) == ("mine", 9)
    assert recipe.init_from == read_recipe(Recipe, RECIPES / "shop.toml").init_from


def test_the_shop_starts_from_what_is_shipped(tmp_path: Path) -> None:
    recipe = read_recipe(Recipe, RECIPES / "shop.toml")
    assert trained_file(tmp_path, recipe.init_from, ".onnx").parent == WEIGHTS
    assert not recipe.soft_labels and not recipe.backgrounds


def test_a_card_names_the_command_without_folders() -> None:
    given = {"products": (Path("/home/me/a.csv"), Path("b.csv")), "backgrounds": Path("c/d.csv")}
    assert command_line("shop.toml", given) == (
        "houndstooth train shop.toml --products PRODUCTS/a.csv --products PRODUCTS/b.csv "
        "--backgrounds CSV/d.csv"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected --products or --csv"),
        (["nobody-1", "--products", "x"], "among the shipped ones, .* got 'nobody-1'"),
        (["guided-detector-3"], "expected --street, as guided-detector-3 is a detector"),
        (["guided-detector-3", "--products", "x"], "options for a detector; got --products"),
        (["attribute-distilled-1", "--street", "x"], "options for a recogniser; got --street"),
    ],
)
def test_evaluate_asks_for_the_data_of_the_network(arguments: list[str], message: str) -> None:
    with pytest.raises(InvalidConfig, match=message):
        run_evaluate(*arguments)


def test_export_names_a_network_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="got 'nobody-1'"):
        run_export("nobody-1", "--version", "2", "--weights", tmp_path)
