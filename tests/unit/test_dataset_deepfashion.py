"""DeepFashion's lists, coarse and fine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.models.training.samples import Sample
from tests.unit.dataset_files import photo, read

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
        {"sleeve": ("sleeve:short",)},
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
        "sleeve": ("sleeve:sleeveless",),
        "collar": ("collar:v-neck",),
        "material": ("material:denim",),
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
