"""``houndstooth train``, from photos with boxes to a detector that serves, on drawn images."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector, resized
from houndstooth.models.runtime import session
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.runtime.session import open_session
from houndstooth.models.synthetic import generate
from houndstooth.models.training.detection import train
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.export import export_detector
from houndstooth.models.training.evaluate_boxes import unseen_split
from tests.benchmarks.detector_agreement import torch_boxes, torch_detector, without_match
from tests.integration.training import run_evaluate, run_train

STEM = WEIGHTS / DEFAULT_DETECTOR
RECIPE = """
task = "detector"
name = "tiny"
version = 2
epochs = 2
images = 8
batch = 4
width = 16
hidden = 32

[shares]
street = 0.4
composite = 0.2
product = 0.1
paper = 0.1
synthetic = 0.2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn images three times: with their labels, as street photos, and as products."""
    folder = tmp_path_factory.mktemp("detector")
    generate(40, 5, folder, outfits=0.6, jobs=1)
    (folder / "recipe.toml").write_text(RECIPE)
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    write_street(folder, labels)
    write_bags(folder, 12)
    return folder


def write_street(folder: Path, labels: list[dict[str, Any]]) -> None:
    names = {leaf: c.street[0] for c in CLASSES for leaf in c.categories}
    with (folder / "street.jsonl").open("w") as file:
        for label in labels:
            with Image.open(folder / label["file"]) as image:
                width, height = image.size
            boxes = [
                {"label": names[i["category"]], "x": x * width, "y": y * height}
                | {"w": w * width, "h": h * height}
                for i in label["items"]
                if i["category"] in names
                for x, y, w, h in [i["box"]]
            ]
            file.write(json.dumps({"file": label["file"], "boxes": boxes}) + "\n")


def write_bags(folder: Path, count: int) -> None:
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "articleType", "productDisplayName", "group"])
        for name in (f"bag-{n}" for n in range(count)):
            item = Image.new("RGB", (90, 120), "white")
            item.paste((80, 40, 20), (20, 30, 70, 100))
            item.save(folder / f"{name}.jpg")
            writer.writerow([f"{name}.jpg", "Handbags", "A bag", name])


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    command = [
        folder / "recipe.toml", "--street", folder, "--out", folder / "out",
        "--products", folder / "products.csv", "--synthetic", folder / "labels.jsonl",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train, "EpochLog", StoppedAfterOne)
        run_train(*command)
    assert torch.load(folder / "out/tiny-2.checkpoint.pt", weights_only=True)["epoch"] == 1
    run_train(*command)
    return folder / "out" / "tiny-2"


class StoppedAfterOne(train.EpochLog):
    """A run that somebody interrupts."""

    def after_epoch(self, *facts: Any) -> None:
        super().after_epoch(*facts)
        raise KeyboardInterrupt


def test_leaves_a_network_its_card_and_its_log(trained: Path) -> None:
    card = json.loads(trained.with_suffix(".json").read_text())
    assert card["name"] == "tiny"
    assert str(trained.parent) not in card["command"]
    assert list(card["classes"]) == [c.label for c in CLASSES]
    assert set(card["validation"]["guided"]) == {"0.5", "0.6", "0.7", "0.8", "0.9"}
    log = trained.with_suffix(".log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "1", "2"]


def test_a_finished_run_leaves_no_checkpoint(trained: Path) -> None:
    assert not trained.with_suffix(".checkpoint.pt").exists()


def test_is_evaluated_as_it_serves(
    folder: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_evaluate(
        "tiny-2", "--street", folder, "--split", "all", "--weights", trained.parent, "--json"
    )
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(figures) == {"guided", "unguided", "classes"}
    assert figures["guided"]["0.5"] >= figures["unguided"]["0.5"]
    assert figures["classes"]["top"]["boxes"] > 0


def test_training_photos_are_left_out_of_the_evaluation(
    folder: Path, trained: Path, tmp_path: Path
) -> None:
    detector = Detector(trained, threads=1)
    assert unseen_split(detector, folder) == "test"
    (tmp_path / "street.jsonl").write_text("{}")
    assert unseen_split(detector, tmp_path) == "all"


def test_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidFeed, match=r"street\.jsonl"):
        run_evaluate("--street", tmp_path)


def test_exported_in_floats_it_finds_the_same_boxes_as_torch_to_a_pixel(
    folder: Path, tmp_path: Path
) -> None:
    graph, side = torch_detector(STEM), Detector(STEM, threads=1).card.side
    export_detector(graph.network, tmp_path / "floats.onnx")
    served = open_session(tmp_path / "floats.onnx", 1)
    for pixels in shown(folder, side):
        found, held = served.run(None, {"pixels": pixels}), torch_boxes(graph, pixels)
        assert len(found[0])
        assert without_match(found, held) == without_match(held, found) == 0


@pytest.mark.parametrize("instructions", ["AVX-512 VNNI", ""], ids=["bytes", "floats"])
def test_as_shipped_it_finds_nearly_the_same(
    instructions: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "byte_instructions", lambda: instructions)
    detector, graph = Detector(STEM, threads=1), torch_detector(STEM)
    for pixels in shown(folder, detector.card.side):
        (boxes, labels, scores), held = detector.run(pixels), torch_boxes(graph, pixels)
        sure = scores >= 0.8
        assert sure.any()
        assert without_match((boxes[sure], labels[sure], scores[sure]), held, 16.0) == 0


def shown(folder: Path, side: int) -> Iterator[NDArray[np.uint8]]:
    """Ten images as the network sees them."""
    for file in sorted((folder / "images").glob("*.jpg"))[:10]:
        with Image.open(file) as image:
            yield resized(image.convert("RGB"), side)
