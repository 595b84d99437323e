"""Fashionpedia's annotations in COCO's form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.samples import split_of
from tests.unit.dataset_files import photo, read

CATEGORIES = [
    (1, "top, t-shirt, sweatshirt", "upperbody"),
    (4, "jacket", "upperbody"),
    (6, "pants", "lowerbody"),
    (10, "dress", "wholebody"),
    (23, "shoe", "legs and feet"),
    (28, "collar", "garment parts"),
    (31, "sleeve", "garment parts"),
    (33, "neckline", "garment parts"),
    (35, "zipper", "closures"),
]
NAMES = [
    (0, "classic (t-shirt)", "nickname"),
    (36, "jeans", "nickname"),
    (115, "symmetrical", "silhouette"),
    (149, "mini (length)", "length"),
    (160, "wrist-length", "length"),
    (162, "regular (collar)", "nickname"),
    (163, "shirt (collar)", "nickname"),
    (183, "v-neck", "neckline type"),
    (325, "floral", "textile pattern"),
]


def coco(folder: Path, name: str, annotations: Sequence[dict[str, Any]], **other: Any) -> Path:
    data = {
        "images": [{"id": 7, "file_name": "7.jpg", "width": 200, "height": 100}],
        "categories": [{"id": i, "name": n, "supercategory": s} for i, n, s in CATEGORIES],
        "attributes": [{"id": i, "name": n, "supercategory": s} for i, n, s in NAMES],
        "annotations": annotations,
    }
    path = folder / name
    path.write_text(json.dumps(data | other))
    photo(folder / "images" / "7.jpg")
    return path


def region(category: int, box: Sequence[float], *attributes: int, **other: Any) -> dict[str, Any]:
    return {
        "image_id": 7,
        "category_id": category,
        "bbox": list(box),
        "attribute_ids": list(attributes),
        **other,
    }


def test_fashionpedia_has_a_sample_for_each_garment(tmp_path: Path) -> None:
    path = coco(
        tmp_path,
        "instances_attributes_val2020.json",
        [
            region(10, [20, 10, 100, 95], 115, 149, 325),
            region(6, [150, 0, 50, 100], 36),
            region(35, [30, 20, 2, 2]),
        ],
    )
    dress, jeans = read("fashionpedia", path)
    assert dress.path == tmp_path / "images/7.jpg"
    assert dress.category == "dress"
    # The box is cut at the image's edge.
    assert dress.box is not None
    assert dress.box.as_list() == [0.1, 0.1, 0.5, 0.9]
    assert dress.terms == {"length": ("length:mini",), "pattern": ("pattern:floral",)}
    assert dress.known == {"length", "pattern"}
    assert jeans.category == "jeans"
    assert dress.group == jeans.group
    assert dress.split == jeans.split == "validation"


def test_fashionpedia_parts_tell_of_the_one_garment_they_lie_in(tmp_path: Path) -> None:
    parts = [
        region(31, [20, 20, 20, 60], 160),
        region(31, [100, 20, 20, 60], 160),
        region(33, [60, 10, 20, 10], 183),
        region(28, [55, 10, 30, 10], 162, 163),
    ]
    shirt = region(1, [20, 10, 100, 90], 0)
    path = coco(tmp_path, "own.json", [shirt, region(6, [20, 10, 100, 90], 36), *parts])
    told, jeans = read("fashionpedia", path)
    assert told.category == "t-shirt"
    assert told.terms == {"sleeve": ("sleeve:long",), "collar": ("collar:shirt",)}
    assert jeans.terms == {}
    assert told.split == split_of("coco-7.jpg")
    # Under a jacket nobody knows whose sleeve it is.
    path = coco(tmp_path, "own.json", [shirt, region(4, [10, 5, 120, 95]), *parts])
    assert [sample.terms for sample in read("fashionpedia", path)] == [{}, {}]


def test_fashionpedia_leaves_out_wide_and_bad_boxes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = [0, 0, 50, 50]
    path = coco(
        tmp_path,
        "own.json",
        [
            region(23, box),
            region(6, box),
            region(1, box),
            region(10, [300, 0, 5, 5], id=1),
            region(10, [0, 0, 5], id=2),
            region(99, box, id=3),
            region(10, box, 99, id=4),
            region(10, box, id=5, iscrowd=1),
            region(10, box) | {"image_id": 8},
            {"no": "image"},
            region(10, box),
        ],
    )
    (sample,) = read("fashionpedia", path)
    assert sample.category == "dress"
    (record,) = caplog.records
    message = record.getMessage()
    assert "7 items that cannot be used" in message
    assert "shoe ×1, pants ×1, top, t-shirt, sweatshirt ×1" in message
    assert "symmetrical" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"images": [],\n "annotations": [}', "expected JSON in .*own.json, line 2"),
        ("[]", "expected a JSON object"),
        ('{"images": [], "annotations": []}', "expected a list 'categories'"),
        ('{"images": {}, "annotations": [], "categories": []}', "'images'.*got dict"),
        ('{"images": [], "annotations": [], "categories": [{"id": 1}]}', "with id and name"),
        (b"\xff\xfe", "expected UTF-8"),
    ],
)
def test_fashionpedia_must_be_coco(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidFeed, match=message):
        read("fashionpedia", path)
    with pytest.raises(InvalidFeed, match="expected a file at"):
        read("fashionpedia", tmp_path / "none.json")
