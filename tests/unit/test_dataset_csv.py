"""The plain CSV dataset, and the split that all datasets share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.models.training.datasets import READERS
from houndstooth.models.training.samples import Sample, split_of
from tests.unit.dataset_files import photo, read


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
        {"colour": ("colour:navy-blue",)},
        frozenset({"colour", "sleeve"}),
        "17",
        "validation",
        Box(0.1, 0.0, 0.8, 1.0),
    )
    assert shirt.category == "t-shirt"
    assert shirt.terms == {"sleeve": ("sleeve:long",), "collar": ("collar:v-neck",)}
    assert (shirt.group, shirt.split, shirt.box) == ("2.jpg", split_of("2.jpg"), None)


def test_a_csv_cell_may_have_several_values(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = table(
        tmp_path,
        "file,category,colour,pattern,material,sleeve",
        "1.jpg,shirt,red+Navy Blue,striped + printed,cotton+ cotton,long+short",
        "2.jpg,shirt,red+beautiful,solid+striped,+,none",
    )
    both, rest = read("csv", path)
    assert both.terms == {
        # In taxonomy order; a striped print is printed too.
        "colour": ("colour:red", "colour:navy-blue"),
        "pattern": ("pattern:striped",),
        "material": ("material:cotton",),
    }
    assert "sleeve" not in both.known
    assert (rest.terms, rest.known) == ({"colour": ("colour:red",)}, {"colour", "sleeve"})
    (record,) = caplog.records
    for part in ("sleeve=long+short", "colour=beautiful", "pattern=solid+striped"):
        assert part in record.getMessage()


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
