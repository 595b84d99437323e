import csv
import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets import READERS
from houndstooth.models.training.samples import Sample, split_of

TAXONOMY = Taxonomy.load()


def read(name: str, path: Path) -> list[Sample]:
    return list(READERS[name].read(path, TAXONOMY))


def photo(path: Path, size: tuple[int, int] = (200, 100)) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    return path.name


def test_the_split_is_80_10_10_by_group() -> None:
    groups = [f"group-{number}" for number in range(2000)]
    sides = {group: split_of(group) for group in groups}
    counts = Counter(sides.values())
    assert counts["train"] == pytest.approx(1600, abs=60)
    assert counts["validation"] == pytest.approx(200, abs=45)
    assert counts["test"] == pytest.approx(200, abs=45)
    assert all(split_of(group) == side for group, side in sides.items())
    assert any(split_of(group, seed=2) != side for group, side in sides.items())


def test_every_reader_says_what_it_reads() -> None:
    assert list(READERS) == [
        "products",
        "synthetic",
        "deepfashion",
        "imaterialist",
        "fashionpedia",
        "csv",
    ]
    assert all(reader.help and "\n" not in reader.help for reader in READERS.values())


# --- DeepFashion --------------------------------------------------------------------------------

ATTRIBUTES = ["sleeveless  3", "short-sleeve  4", "long sleeve  4", "red  5", "leather trimmed  2"]


def listed(path: Path, header: str, rows: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([str(len(rows)), header, *rows]) + "\n", encoding="utf-8")


def coarse(root: Path, rows: Sequence[tuple[str, int, str, str]]) -> Path:
    """Rows are name, category, attribute values and side."""
    lists = root / "Anno_coarse"
    categories = ["Tee           1", "Kimono        3", "Button-Down   1"]
    listed(lists / "list_category_cloth.txt", "category_name  category_type", categories)
    listed(lists / "list_attr_cloth.txt", "attribute_name  attribute_type", ATTRIBUTES)
    for name, header, column in (
        ("Anno_coarse/list_category_img.txt", "category_label", 1),
        ("Anno_coarse/list_attr_img.txt", "attribute_labels", 2),
        ("Eval/list_eval_partition.txt", "evaluation_status", 3),
    ):
        listed(root / name, f"image_name  {header}", [f"{row[0]}    {row[column]}" for row in rows])
    listed(
        lists / "list_bbox.txt",
        "image_name  x_1  y_1  x_2  y_2",
        [f"{row[0]}  20  010  120 105" for row in rows],
    )
    for row in rows:
        photo(root / "Img" / row[0])
    return root


def test_deepfashion_knows_what_is_present_absent_and_unknown(tmp_path: Path) -> None:
    root = coarse(
        tmp_path,
        [
            ("img/A_Tee/1.jpg", 1, "-1  1 -1 -1  1", "train"),
            ("img/A_Tee/2.jpg", 1, "-1 -1 -1 -1 -1", "val"),
            ("img/B_Shirt/1.jpg", 3, "-1  0 -1  1 -1", "test"),
            ("img/B_Shirt/2.jpg", 3, " 1 -1  1 -1 -1", "test"),
        ],
    )
    short, none, unknown, both = read("deepfashion", root)
    assert short == Sample(
        root / "Img/img/A_Tee/1.jpg",
        "t-shirt",
        {"sleeve": "sleeve:short"},
        frozenset({"sleeve"}),
        "img/A_Tee/1.jpg",
        "train",
        Box(0.1, 0.1, 0.5, 0.9),
    )
    # Three of four sleeves are absent, so there is none; no "red" is not "no colour", and what is
    # trimmed with leather need not be of leather.
    assert (none.terms, none.known, none.split) == ({}, {"sleeve"}, "validation")
    assert (unknown.category, unknown.terms, unknown.known) == ("shirt", {}, frozenset())
    assert (both.terms, both.known, both.split) == ({}, frozenset(), "test")


def test_deepfashion_leaves_out_bad_rows_and_unknown_categories(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = "1 -1 -1 -1 -1"
    root = coarse(
        tmp_path,
        [
            ("img/1.jpg", 2, good, "train"),
            ("img/2.jpg", 9, good, "train"),
            ("img/3.jpg", 1, "1 -1", "train"),
            ("img/4.jpg", 1, "1 -1 -1 -1 7", "train"),
            ("img/5.jpg", 1, good, "holdout"),
            ("img/6.jpg", 1, good, "train"),
            ("img/7.jpg", 1, good, "train"),
        ],
    )
    (root / "Img/img/6.jpg").unlink()
    assert [sample.group for sample in read("deepfashion", root)] == ["img/7.jpg"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    for part in ("5 items", "list_attr_img.txt, line 4", "img/6.jpg", "Kimono ×1", "leather trimm"):
        assert part in record.getMessage()


def test_deepfashion_fine_has_its_own_split_files(tmp_path: Path) -> None:
    lists = tmp_path / "Anno_fine"
    listed(lists / "list_category_cloth.txt", "category_name  category_type", ["Dress  3"])
    names = ["long_sleeve", "short_sleeve", "sleeveless", "v_neckline", "solid", "denim"]
    attributes = [f"{name}  {kind}" for kind, name in enumerate(names, 1)]
    listed(lists / "list_attr_cloth.txt", "attribute_name  attribute_type", attributes)
    for side in ("train", "val", "test"):
        name = f"img/{side}.jpg"
        photo(tmp_path / name)
        for part, row in (("", name), ("_cate", "1"), ("_attr", "0 0 1 1 0 1 ")):
            (lists / f"{side}{part}.txt").write_text(row + "\n")
    (lists / "test_bbox.txt").write_text("0 0 100 50\n")
    samples = read("deepfashion", lists)
    assert [sample.split for sample in samples] == ["train", "validation", "test"]
    assert [sample.box for sample in samples] == [None, None, Box(0.0, 0.0, 0.5, 0.5)]
    assert samples[0].path == tmp_path / "img/train.jpg"
    assert samples[0].terms == {
        "sleeve": "sleeve:sleeveless",
        "collar": "collar:v-neck",
        "material": "material:denim",
    }
    # "solid" alone is absent: the pattern may be any other.
    assert samples[0].known == {"sleeve", "collar", "material"}
    (lists / "val_cate.txt").write_text("1\n1\n")
    with pytest.raises(InvalidFeed, match="as many rows"):
        read("deepfashion", lists)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list_attr_img.txt", "many\n", "line 1; got 'many'"),
        ("list_category_img.txt", "1\nfile label\nimg/1.jpg 1\n", "line 2; got 'file label'"),
        ("list_attr_cloth.txt", "3\nattribute_name  type\nred 5\n", "expected 3 rows"),
        ("list_bbox.txt", b"1\nimage_name\n\xff", "expected UTF-8"),
    ],
)
def test_deepfashion_lists_must_have_their_form(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    root = coarse(tmp_path, [("img/1.jpg", 1, "1 -1 -1 -1 -1", "train")])
    raw = content if isinstance(content, bytes) else content.encode()
    (root / "Anno_coarse" / name).write_bytes(raw)
    with pytest.raises(InvalidFeed, match=f"{name}.*{message}|{message}.*{name}"):
        read("deepfashion", root)


def test_deepfashion_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidFeed, match=r"list_category_cloth\.txt"):
        read("deepfashion", tmp_path)


# --- iMaterialist -------------------------------------------------------------------------------

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
    assert floral.terms == {"gender": "gender:unisex", "pattern": "pattern:floral"}
    assert floral.known == {"gender", "pattern"}
    assert suit.category == "suit"
    assert (both.terms, both.known) == ({}, frozenset())
    assert {sample.split for sample in (floral, suit, both)} == {"validation"}


def test_imaterialist_leaves_out_wide_mixed_and_bad_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = imaterialist(
        tmp_path,
        "own.json",
        [
            labelled("1", 183),
            labelled("2", 62, 3),
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
    assert "3 items of a wide or unknown category" in message
    for part in ("annotation 3", "999", "19.jpg", "Suits & Blazers ×1", "Dresses + Athletic Pants"):
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


# --- Fashionpedia -------------------------------------------------------------------------------

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
    assert dress.terms == {"length": "length:mini", "pattern": "pattern:floral"}
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
    assert told.terms == {"sleeve": "sleeve:long", "collar": "collar:shirt"}
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


# --- Plain CSV ----------------------------------------------------------------------------------


def table(folder: Path, *rows: str) -> Path:
    path = folder / "own.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    for number in range(1, 8):
        photo(folder / f"{number}.jpg", (2, 2))
    return path


def test_csv_cells_are_known_absent_or_unknown(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "file,category,group,split,box,colour,sleeve,collar,heel",
        '1.jpg,dress,17,val,"0.1,0,0.8,1",Navy Blue,none,,high',
        "2.jpg,Tshirts,,,,,long,v neck,",
    )
    dress, shirt = read("csv", path)
    assert dress == Sample(
        tmp_path / "1.jpg",
        "dress",
        {"colour": "colour:navy-blue"},
        frozenset({"colour", "sleeve"}),
        "17",
        "validation",
        Box(0.1, 0.0, 0.8, 1.0),
    )
    assert shirt.category == "t-shirt"
    assert shirt.terms == {"sleeve": "sleeve:long", "collar": "collar:v-neck"}
    assert (shirt.group, shirt.split, shirt.box) == ("2.jpg", split_of("2.jpg"), None)


def test_csv_leaves_out_wide_and_bad_rows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = table(
        tmp_path,
        "file,category,group,split,box,colour",
        "1.jpg,footwear,,,,",
        "2.jpg,dress,,,,,too,many",
        "3.jpg,dress",
        '4.jpg,dress,,,"0,0,2,1",',
        "5.jpg,dress,,holdout,,",
        "6.jpg,dress,a,train,,beautiful",
        "7.jpg,dress,a,test,,",
        "8.jpg,dress,,,,",
        ",dress,,,,",
    )
    (sample,) = read("csv", path)
    assert (sample.path.name, sample.terms, sample.known) == ("6.jpg", {}, frozenset())
    (record,) = caplog.records
    message = record.getMessage()
    assert "7 items that cannot be used" in message
    for part in (
        "line 3",
        "holdout",
        "group 'a' in train alone",
        "footwear ×1",
        "colour=beautiful",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["file,colour"], "line 1.*got file, colour"),
        (["file,category,shininess"], "line 1.*got file, category, shininess"),
        (["file,category,colour,colour"], "each once"),
        (["file,category", '1.jpg,"dress'], "expected CSV in .*own.csv, line 2"),
    ],
)
def test_csv_must_have_its_columns(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InvalidFeed, match=message):
        read("csv", table(tmp_path, *rows))


def test_nothing_left_out_is_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(read("csv", table(tmp_path, "file,category", "1.jpg,dress"))) == 1
    assert not caplog.records
