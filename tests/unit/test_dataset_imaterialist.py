"""iMaterialist's labels and its label map."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.samples import split_of
from tests.unit.dataset_files import photo, read

LABEL_MAP = [
    ("3", "1", "Athletic Pants", "category"),
    ("36", "1", "Casual Dresses", "category"),
    ("62", "1", "Dresses", "category"),
    ("70", "6", "Floral", "pattern"),
    ("105", "8", "Long Sleeved", "sleeve"),
    ("109", "1", "Maternity", "category"),
    ("113", "3", "Neutral", "gender"),
    ("138", "9", "Printed", "style"),
    ("171", "8", "Sleeveless", "sleeve"),
    ("183", "1", "Suits & Blazers", "category"),
    ("198", "1", "Three Piece Suits", "category"),
    ("209", "9", "Hi-Lo", "style"),
    ("300", "1", "Boots", "category"),
    ("301", "2", "Red", "color"),
    ("302", "2", "Blue", "color"),
]


def imaterialist(folder: Path, name: str, annotations: Sequence[Any]) -> Path:
    with (folder / "iMat_fashion_2018_label_map_228.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["labelId", "taskId", "labelName", "taskName"])
        rows.writerows(LABEL_MAP)
    path = folder / name
    images = [{"imageId": str(number), "url": ""} for number in range(1, 20)]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    for image in images[:-1]:
        photo(folder / path.stem / f"{image['imageId']}.jpg", (2, 2))
    return path


def labelled(image: str, *labels: int) -> dict[str, Any]:
    return {"imageId": image, "labelId": [str(label) for label in labels]}


def test_imaterialist_labels_name_one_leaf_together(tmp_path: Path) -> None:
    path = imaterialist(
        tmp_path,
        "validation.json",
        [
            labelled("1", 62, 36, 109, 70, 138, 113),
            {"image_id": 2, "label_id": [183, 198]},
            labelled("3", 62, 105, 171),
        ],
    )
    floral, suit, both = read("imaterialist", path)
    assert floral.path == tmp_path / "validation" / "1.jpg"
    assert floral.category == "dress"
    # A floral print is printed as well; the closer term stays.
    assert floral.terms == {"gender": ("gender:unisex",), "pattern": ("pattern:floral",)}
    assert floral.known == {"gender", "pattern"}
    assert suit.category == "suit"
    assert (both.terms, both.known) == ({}, frozenset())
    assert {sample.split for sample in (floral, suit, both)} == {"validation"}


def test_imaterialist_keeps_all_garments_of_a_photo(tmp_path: Path) -> None:
    path = imaterialist(
        tmp_path, "train.json", [labelled("1", 62, 301, 300, 302, 36, 183), labelled("2", 300, 62)]
    )
    first, second = read("imaterialist", path)
    assert first.category == "dress" and second.category != "dress"
    # No one knows whether it is a suit or a blazer.
    assert first.categories == second.categories == {"dress", second.category}
    assert first.terms == {"colour": ("colour:blue", "colour:red")}


def test_imaterialist_leaves_out_wide_mixed_and_bad_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = imaterialist(
        tmp_path,
        "own.json",
        [
            labelled("1", 183),
            labelled("3", 70),
            labelled("4", 999),
            "not an annotation",
            labelled("19", 62),
            labelled("5", 62),
        ],
    )
    (sample,) = read("imaterialist", path)
    assert sample.group == "imaterialist-5"
    assert sample.split == split_of("imaterialist-5")
    (record,) = caplog.records
    message = record.getMessage()
    assert "3 items that cannot be used" in message
    assert "2 items of a wide or unknown category" in message
    for part in ("annotation 2", "999", "19.jpg", "Suits & Blazers ×1", "none given ×1"):
        assert part in message
    assert "1 attribute labels without a term (Hi-Lo)" in message


def test_imaterialist_needs_its_label_map(tmp_path: Path) -> None:
    path = imaterialist(tmp_path, "train.json", [])
    label_map = tmp_path / "iMat_fashion_2018_label_map_228.csv"
    label_map.write_text("id,name\n1,Dress\n")
    with pytest.raises(InvalidFeed, match=r"228\.csv, line 1; got id, name"):
        read("imaterialist", path)
    label_map.unlink()
    with pytest.raises(InvalidFeed, match="expected one label map"):
        read("imaterialist", path)
