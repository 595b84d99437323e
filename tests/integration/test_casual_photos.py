"""Casual photos for training: a plain CSV of their items, and a teacher's pseudo-labels."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.synthetic import generate
from houndstooth.models.training.casual_photos import MIN_SIDE, street_items
from houndstooth.models.training.datasets.plain_csv import csv_samples
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.pseudo_labels import casual_photos
from houndstooth.models.training.detection.samples import street_split
from tests.integration.training import run_casual_photos


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn single garments as casual photos, and one of them as a street photo."""
    folder = tmp_path_factory.mktemp("casual")
    generate(24, 9, folder, outfits=0, jobs=1)
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    with (folder / "photos.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "category", "source_split"])
        for n, label in enumerate(labels):
            split = "train" if n % 4 else "test"
            writer.writerow([label["file"], label["items"][0]["category"], split])
    boxes = [
        {"label": "dress", "x": 10, "y": 20, "w": 100, "h": 120},
        {"label": "accessories", "x": 10, "y": 20, "w": 100, "h": 120},
        {"label": "belt", "x": 10, "y": 20, "w": 100, "h": MIN_SIDE - 1},
        {"label": "pants", "x": 40, "y": 20, "w": 9000, "h": 120},
        {"label": "shoes", "x": 10, "y": 20, "w": 100, "h": 120},
    ]
    with Image.open(folder / labels[0]["file"]) as image:
        size = {"width": image.width, "height": image.height}
        image.save(folder / "street.jpg")
    (folder / "street.jsonl").write_text(json.dumps({"file": "street.jpg", "boxes": boxes} | size))
    return folder


@pytest.fixture(scope="module")
def written(folder: Path) -> Path:
    out = folder / "new" / "labels.csv"
    run_casual_photos("--street", folder, "--photos", folder / "photos.csv", "--out", out)
    return out


def test_every_item_has_one_category_and_a_side(folder: Path, written: Path) -> None:
    samples = list(csv_samples(written, Taxonomy.load()))
    street, single = samples[:2], samples[2:]
    assert street[0].category == "dress"
    assert street[1].category in ("trousers", "jeans", "track-pants", "capris", "leggings")
    assert street[1].box is not None and street[1].box.x + street[1].box.w == pytest.approx(
        1, abs=1e-4
    )
    assert {sample.split for sample in street} == {street_split(street[0].path.name)}
    assert len(single) == 24
    assert [sample.split for sample in single].count("test") == 6
    assert all(sample.box is None for sample in single)


def test_labels_of_people_resolve_categories(folder: Path, tmp_path: Path) -> None:
    """Shoes are resolved by these alone, as a recogniser takes any on a floor for casual ones."""
    files = sorted(path.name for path in folder.glob("images/*"))[:2]
    photos, labels = folder / "shoes.csv", tmp_path / "labels_of_people.csv"
    rows = [[f"images/{name}", "shoes", "train"] for name in files]
    for path, table in (
        (photos, [["file", "category", "source_split"], *rows]),
        (labels, [["file", "category"], [files[0], "heels"]]),
    ):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(table)
    out = tmp_path / "labels.csv"
    run_casual_photos("--photos", photos, "--labels", labels, "--out", out)
    (sample,) = csv_samples(out, Taxonomy.load())
    assert (sample.path.name, sample.category) == (files[0], "heels")
    labels.write_text(f"file,category\n{files[0]},heeels\n")
    with pytest.raises(InvalidFeed, match="'heeels'"):
        run_casual_photos("--photos", photos, "--labels", labels, "--out", out)
    with pytest.raises(InvalidFeed, match="columns file and category"):
        none = photos.with_name("none")
        run_casual_photos("--photos", photos, "--labels", none, "--out", out)


def test_files_of_another_form_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFeed, match=r"street\.jsonl"):
        list(street_items(tmp_path))
    with pytest.raises(InvalidFeed, match="source_split"):
        run_casual_photos("--photos", tmp_path / "none.csv", "--out", tmp_path / "out.csv")


def test_a_teacher_locates_the_item_of_a_photo(written: Path) -> None:
    photos = list(casual_photos(written, Detector(WEIGHTS / DEFAULT_DETECTOR, 1)))
    samples = {
        sample.path.name: sample
        for sample in csv_samples(written, Taxonomy.load())
        if sample.box is None
    }
    assert photos
    for photo in photos:
        sample = samples[photo.name]
        assert sample.split == "train" and len(photo.boxes) == 1
        assert sample.category in CLASSES[photo.labels[0] - 1].categories
