"""``houndstooth train``, from labelled images to a network that serves, on drawn images."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import pytest
import torch

from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_MODEL, load_extractor
from houndstooth.models.runtime.card import WEIGHTS, read_json
from houndstooth.models.synthetic import generate
from houndstooth.models.training import fit
from houndstooth.models.training.datasets.products import product_samples
from houndstooth.models.training.datasets.synthetic import synthetic_samples
from houndstooth.models.training.evaluate import evaluate as figures_of
from houndstooth.models.training.export import exported_weights
from houndstooth.models.training.recipe import RECIPES, Recipe, read_recipe
from houndstooth.models.training.samples import split_of
from houndstooth.models.training.soft_labels import SoftLabels
from houndstooth.models.training.trained_file import RETIRED
from houndstooth.models.training.vocabulary import Vocabulary
from tests.integration.training import run_evaluate, run_export, run_train

TAXONOMY = Taxonomy.load()
RECIPE = """
name = "tiny"
version = 3
epochs = 2
batch = 16
training_side = 64
side = 64
frozen_blocks = 5
"""
WIDE_DEEP_RECURRENT = """
network_options = { wide = true, recurrent = "concatenated", size = 8, side = 64 }
objective_options = { image_weight_alpha = 0.75 }
"""
MULTI_WEIGHT = """
task_learning_rate = 2e-3
flip_only = true
network_options = { private = 8 }
objective_options = { proportional_tasks = true, proportion_smoothing = 3.0 }
"""
KINDS = {
    "sequence": "",
    "heads": "",
    "wide-deep-recurrent": WIDE_DEEP_RECURRENT,
    "multi-weight": MULTI_WEIGHT,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn images twice: with their labels, and as a products.csv."""
    folder = tmp_path_factory.mktemp("training")
    generate(60, 3, folder, outfits=0.0, progress=False)
    labels = map(json.loads, (folder / "labels.jsonl").read_text().splitlines())
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["file", "id", "gender", "articleType", "baseColour", "season", "usage",
             "productDisplayName", "group"]
        )  # fmt: skip
        for label in labels:
            category = TAXONOMY.categories[label["category"]]
            if category.labels:
                terms = dict(term.split(":") for term in label["attributes"])
                colour = terms.get("colour", "NA").replace("-", " ").title()
                writer.writerow(
                    [label["file"], label["product_id"], "Men", category.labels[0], colour,
                     "Fall", "NA", f"Acme Men Striped {category.label}", label["product_id"]]
                )  # fmt: skip
    return folder


def test_samples_know_what_is_known_and_no_more(folder: Path) -> None:
    samples = list(product_samples(folder / "products.csv", TAXONOMY))
    assert all(sample.terms["gender"] == ("gender:men",) for sample in samples)
    assert not any("usage" in sample.terms for sample in samples)
    striped = [s for s in samples if "pattern" in TAXONOMY.groups_of(s.category)]
    assert striped and all(s.terms["pattern"] == ("pattern:striped",) for s in striped)
    assert {s.split for s in samples} == {"train", "validation", "test"}
    assert all(s.split == split_of(s.group) for s in samples)
    assert {s.split for s in synthetic_samples(folder / "labels.jsonl", TAXONOMY)} == {"train"}


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds of recogniser, by the one command."""
    weights = tmp_path_factory.mktemp("weights")
    threads = torch.get_num_threads()
    for kind, options in KINDS.items():
        config = weights / f"{kind}.toml"
        config.write_text(
            RECIPE.replace("tiny", kind) + f'kind = "{kind}"\nmin_class_count = 2\n{options}'
        )
        run_train(
            config, "--products", folder / "products.csv",
            "--synthetic", folder / "labels.jsonl", "--out", weights,
        )  # fmt: skip
    torch.set_num_threads(threads)
    return weights


@pytest.mark.parametrize("kind", KINDS)
def test_one_command_trains_exports_and_writes_the_card(
    kind: str, trained: Path, folder: Path
) -> None:
    card = json.loads((trained / f"{kind}-3.json").read_text())
    assert card["recipe"]["epochs"] == 2 and card["split"]["by"] == "group"
    assert card["split"]["test"] == card["split"]["validation"] == 0.1
    assert len(card["thresholds"]) == 112 + 1280 and len(card["trained_on"]) == 2
    log = (trained / f"{kind}-3.log.csv").read_text().splitlines()
    assert len(log) == 3 and log[0].startswith("epoch,loss,nll,great_category,category")
    assert (trained / f"{kind}-3.curves.png").stat().st_size > 1000
    assert not list(trained.glob("*.pt"))
    extractor = load_extractor(TAXONOMY, f"{kind}-3", weights=trained, detector=None)
    image = extractor.decode(next(folder.glob("images/*.jpg")).read_bytes())
    assert extractor.extract([image])[0].model == f"{kind}-3+cielab-1"


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_ends_with_one_line_of_json(
    kind: str, trained: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    products = folder / "products.csv"
    run_evaluate(f"{kind}-3", "--products", products, "--weights", trained, "--json")
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"precision", "recall", "nll", "groups", "guided", "ece", "images_per_s"} <= set(figures)
    assert figures["split"] == "test", "of what it was trained on, only the test split"
    scores = {"accuracy", "mean_class_accuracy", "macro_f1"}
    for group in ("category", "colour", "gender"):
        assert set(figures["groups"][group]) == scores
    assert set(figures["guided"]["groups"]["gender"]) == scores
    assert set(figures["stored"]) == {"picture", "text"}
    assert {"coverage", "precision", "recall"} <= set(figures["stored"]["text"]["colour"])


def test_wide_and_recurrent_parts_are_trained_on_a_deep_part_that_stays(
    trained: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = trained / "fixed.toml"
    options = WIDE_DEEP_RECURRENT.replace("wide = true", "wide = false, train_deep = false")
    config.write_text(
        RECIPE.replace("tiny", "fixed")
        + 'kind = "wide-deep-recurrent"\ninit_from = "wide-deep-recurrent-3"\n'
        + options
    )
    run_train(config, "--products", folder / "products.csv", "--out", trained, "--epochs", "1")
    # The dense layer has fewer inputs, and the one on the gradients is gone.
    assert "3 weights of another shape start anew" in capsys.readouterr().out
    before, after = (
        exported_weights(trained / name) for name in ("wide-deep-recurrent-3", "fixed-3")
    )
    deep = [name for name in after if name.startswith("encoder.")]
    assert deep and all(torch.equal(before[name], after[name]) for name in deep)
    assert not torch.equal(before["recurrence.embeddings"], after["recurrence.embeddings"])
    card = read_json(trained / "fixed-3")
    assert card["activation"] == "sigmoid" and set(card["temperatures"]) == set(card["heads"])


@pytest.mark.parametrize("task", ["recogniser", "cross-fit"])
def test_photos_of_one_split_alone_are_refused(task: str, folder: Path, tmp_path: Path) -> None:
    header, *rows = (folder / "products.csv").read_text().splitlines()
    kept = [row for row in rows if split_of(row.rpartition(",")[2]) == "train"]
    (folder / "training.csv").write_text("\n".join([header, *kept]) + "\n")
    (tmp_path / "tiny.toml").write_text(f'task = "{task}"\n{RECIPE}')
    with pytest.raises(InvalidFeed, match=rf"got {len(kept)} and 0$"):
        run_train(tmp_path / "tiny.toml", "--products", folder / "training.csv", "--out", tmp_path)


def test_a_file_not_trained_on_is_evaluated_whole(trained: Path, folder: Path) -> None:
    rows = (folder / "products.csv").read_text().splitlines()
    (folder / "others.csv").write_text("\n".join(rows[:13]) + "\n")
    products = str(folder / "others.csv")
    figures = figures_of("sequence-3", Path(products), weights=trained)
    assert figures["split"] == "all" and figures["photos"] == 12


def test_an_interrupted_run_continues(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "tiny.toml"
    config.write_text(RECIPE)
    command = [config, "--products", folder / "products.csv", "--out", tmp_path]
    real = fit.torch.save

    def interrupted(state: dict[str, object], path: Path) -> None:
        real(state, path)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit.torch, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_train(*command)
    assert "epoch 1 " in capsys.readouterr().out
    run_train(*command)
    second = capsys.readouterr().out
    assert "epoch 2 " in second and "epoch 1 " not in second
    assert len((tmp_path / "tiny-3.log.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("kind", ["sequence", "heads"])
def test_a_trained_network_is_fine_tuned(
    kind: str, trained: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = trained / "further.toml"
    config.write_text(
        RECIPE.replace("tiny", f"further-{kind}")
        + f'kind = "{kind}"\ninit_from = "{kind}-3"\n'
        + "occlusion = 0.5\nbackgrounds = 0.5\nencoder_options = { stochastic_depth = 0.2 }\n"
    )
    photo = next(folder.glob("images/*.jpg"))
    casual = trained / "casual.csv"
    # One of a category that the network does not have.
    casual.write_text(
        f"file,category,group,split\n{photo},t-shirt,a,train\n{photo},gift-set,a,train\n"
    )
    run_train(
        config, "--products", folder / "products.csv", "--synthetic", folder / "labels.jsonl",
        "--csv", casual, "--backgrounds", casual, "--out", trained, "--epochs", "1",
    )  # fmt: skip
    out = capsys.readouterr().out
    assert "0 weights of another shape start anew" in out
    assert "left out 1 items of categories" in out and "gift-set" in out
    before, card = (
        json.loads((trained / f"{name}-3.json").read_text()) for name in (kind, f"further-{kind}")
    )
    recipe = card["recipe"]
    assert recipe["occlusion"] == 0.5 and recipe["encoder_options"] == {"stochastic_depth": 0.2}
    assert card["heads"] == before["heads"]
    assert card["training_images"] == before["training_images"] + 1
    assert "gender" in card["always_predicted"] and "usage" not in card["always_predicted"]


def test_two_networks_are_interpolated(trained: Path, folder: Path) -> None:
    config = trained / "other.toml"
    config.write_text(RECIPE.replace("tiny", "other") + 'init_from = "sequence-3"\nseed = 2\n')
    run_train(
        config, "--products", folder / "products.csv", "--synthetic", folder / "labels.jsonl",
        "--out", trained, "--epochs", "1",
    )  # fmt: skip
    run_export("other-3", "sequence-3", "--version", "4", "--weights", trained)
    first, second, mean = (
        exported_weights(trained / name) for name in ("other-3", "sequence-3", "other-4")
    )
    assert set(mean) == set(first)
    for name, weight in mean.items():
        expected = (first[name] + second[name]) / 2
        step = expected.abs().amax(dim=tuple(range(1, expected.ndim)), keepdim=True) / 127
        most = torch.maximum(step * 0.51, expected.abs() / 2000)
        assert ((weight - expected).abs() <= most).all(), name
    card = json.loads((trained / "other-4.json").read_text())
    assert card["command"].endswith("export other-3 sequence-3 --alpha 0.5 --version 4")
    image = next(folder.glob("images/*.jpg")).read_bytes()
    extractor = load_extractor(TAXONOMY, "other-4", weights=trained, detector=None)
    assert extractor.extract([extractor.decode(image)])[0].model == "other-4+cielab-1"
    run_export("other-4", "--version", "5", "--no-mirror", "--weights", trained)
    again = exported_weights(trained / "other-5")
    assert all(torch.equal(weight, mean[name]) for name, weight in again.items())
    extractor = load_extractor(TAXONOMY, "other-5", weights=trained, detector=None)
    assert extractor.extract([extractor.decode(image)])[0].model == "other-5+cielab-1"
    with pytest.raises(InvalidConfig, match="none-1"):
        run_export("other-3", "none-1", "--version", "5", "--weights", trained)
    with pytest.raises(click.UsageError, match="from 0 to 1"):
        run_export("other-3", "sequence-3", "--version", "5", "--alpha", "2")


def test_backgrounds_of_a_recipe_must_be_given(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE + "backgrounds = 0.5\n")
    with pytest.raises(InvalidConfig, match="--backgrounds"):
        run_train(
            tmp_path / "recipe.toml", "--products", folder / "products.csv",
            "--synthetic", folder / "labels.jsonl", "--out", tmp_path,
        )  # fmt: skip


def test_a_recipe_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "x"\nversion = 1\nlearning = 3\n')
    with pytest.raises(InvalidConfig, match="learning"):
        run_train(tmp_path / "bad.toml", "--products", "x.csv")


def test_a_share_out_of_range_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "x"\nversion = 1\nocclusion = 15\n')
    with pytest.raises(InvalidConfig, match="got: expected occlusion from 0 to 1; got 15"):
        run_train(tmp_path / "bad.toml", "--products", "x.csv")


def test_an_encoder_that_cannot_be_in_8_bits_is_refused_before_training(
    folder: Path, tmp_path: Path
) -> None:
    config = tmp_path / "bytes.toml"
    config.write_text(
        RECIPE.replace("tiny", "bytes") + 'encoder = "resception"\neight_bits = true\n'
    )
    with pytest.raises(InvalidConfig, match="expected an EfficientNet-Lite for 8 bits; got resc"):
        run_train(config, "--products", folder / "products.csv", "--out", tmp_path)
    assert not list(tmp_path.glob("*.csv")) and not list(tmp_path.glob("*.pt"))


def test_a_network_of_before_is_named_with_the_commit_that_holds_it(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfig, match=r"until commit 74f7d1b: .* git archive 74f7d1b models"):
        run_train("attribute-terms", "--products", folder / "products.csv", "--out", tmp_path)


def test_a_recipe_takes_the_fields_of_another(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text(
        'name = "x"\nversion = 1\nepochs = 9\nmin_class_count = 4\n'
    )
    (tmp_path / "second.toml").write_text('like = "first.toml"\nversion = 2\nepochs = 3\n')
    (tmp_path / "third.toml").write_text('like = "second.toml"\nseed = 5\n')
    found = read_recipe(Recipe, tmp_path / "third.toml")
    assert found == Recipe("x", 2, epochs=3, min_class_count=4, seed=5)


@pytest.mark.parametrize("like", ['"nobody.toml"', '"bad.toml"', "3"])
def test_a_recipe_like_none_is_refused(like: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(f"like = {like}\n")
    with pytest.raises(InvalidConfig, match=r"expected a recipe at .*bad\.toml"):
        read_recipe(Recipe, tmp_path / "bad.toml")


def test_the_shipped_is_of_the_recipe_that_its_card_names() -> None:
    card = read_json(WEIGHTS / DEFAULT_MODEL)
    command = card["command"].split()
    assert command[:2] == ["houndstooth", "train"]
    recipe = read_recipe(Recipe, RECIPES / command[2])
    own = asdict(recipe)
    # What the teacher says, and the folding for 8 bits, are filled in by the run.
    for options in ("network_options", "encoder_options"):
        assert own.pop(options).items() <= card["recipe"][options].items()
    assert card["recipe"].items() >= own.items()
    assert f"{recipe.name}-{recipe.version}" == DEFAULT_MODEL
    assert card["teacher"] == {"name": recipe.teacher, "commit": RETIRED[recipe.teacher]}


def test_soft_labels_are_predicted_by_networks_of_other_folds(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "folds.toml"
    config.write_text(f'task = "cross-fit"\n{RECIPE.replace("tiny", "folds")}folds = 2\n')
    data = ["--products", folder / "products.csv", "--out", tmp_path, "--epochs", "1"]
    run_train(config, *data)
    assert not list(tmp_path.glob("*.npy")) and not list(tmp_path.glob("*.pt"))
    training = [s for s in product_samples(folder / "products.csv", TAXONOMY) if s.split == "train"]
    vocabulary = Vocabulary.of(training, TAXONOMY)
    soft = SoftLabels.read(tmp_path / "folds-3.soft.npz")
    probabilities = soft.of(training, vocabulary).astype(np.float32)
    for where in vocabulary.slices().values():
        np.testing.assert_allclose(probabilities[:, where].sum(1), 1.0, atol=0.01)
    truth = vocabulary.labels(training, TAXONOMY)[:, list(vocabulary.heads).index("category")]
    predicted = probabilities[:, vocabulary.slices()["category"]].argmax(1)
    accuracy = round(float((predicted == truth).mean()), 4)
    line = f"accuracy on {len(training)} held-out photos:  category {accuracy}  "
    assert line in capsys.readouterr().out

    config.write_text(RECIPE + 'soft_labels = "folds-3"\nsoft_share = 0.7\n')
    run_train(config, *data)
    card = json.loads((tmp_path / "tiny-3.json").read_text())
    assert card["recipe"]["soft_labels"] == "folds-3"
    config.write_text(RECIPE + 'soft_labels = "others-1"\n')
    with pytest.raises(InvalidConfig, match=r"others-1\.soft\.npz .* cross-fit"):
        run_train(config, *data)
