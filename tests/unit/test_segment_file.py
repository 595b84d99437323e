"""Files of columns: what was saved is read, and nothing that is damaged."""

from __future__ import annotations

import json
import os
import pickle
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.rows import Checkpoint
from houndstooth.plugin.columns import segment_file
from houndstooth.plugin.columns.builder import Draft, SegmentBuilder
from houndstooth.plugin.columns.columns_file import ColumnsFile
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.columns.ranking import rank
from houndstooth.plugin.columns.segment_file import MAGIC, Saved, load, save, spool
from houndstooth.plugin.columns.snapshot import Part, Snapshot
from tests.feature_rows import Product, contents, expected_contents, rows_of, unique_products

CHECKPOINT = Checkpoint("index-1", {"0": 17, "1": 2**60})
SOME = [
    Product(
        f"{'é𝔘'[n % 2]}{n}",
        n,
        ("top", "shirt", ("colour:red", f"t:{n % 3}")),
        group="g",
        further=((bytes([n] * 4), bytes([n] * 3)),) * (n % 3),
    )
    for n in range(50)
]


def draft_of(products: list[Product]) -> Draft:
    builder = SegmentBuilder()
    builder.add(rows_of(products))
    return builder.draft()


def snapshot_of(saved: Saved | None) -> Snapshot:
    assert saved is not None
    return Snapshot((Part(saved.segment),))


def save_some(path: Path) -> bytes:
    save(draft_of(SOME), CHECKPOINT, path)
    return path.read_bytes()


@settings(max_examples=30)
@given(unique_products(), st.sampled_from([1, 3, 65_536]))
def test_read_as_written(products: list[Product], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "a.columns"
        patch.setattr("houndstooth.plugin.columns.builder.CHUNK", chunk)
        with spool(folder, "a") as builder:
            for start in range(0, len(products), 7):
                builder.add(rows_of(products[start : start + 7]))
            save(builder.draft(), CHECKPOINT, path)
        saved = load(path)
        assert [one.name for one in folder.iterdir()] == ["a.columns"]
    assert saved is not None and saved.checkpoint == CHECKPOINT
    assert contents(snapshot_of(saved)) == expected_contents(products)
    in_memory = draft_of(products).segment
    assert saved.segment.term_sets.unpack() == in_memory.term_sets.unpack()
    for name, array in in_memory.arrays.items():
        assert saved.segment.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(saved.segment.arrays[name], array)


def test_no_products(tmp_path: Path) -> None:
    path = tmp_path / "a.columns"
    save(draft_of([]), CHECKPOINT, path)
    snapshot = snapshot_of(load(path))
    assert len(snapshot) == 0
    after = snapshot.changed(rows_of(SOME))
    assert contents(after) == expected_contents(SOME)


def test_a_saved_segment_can_be_changed_and_saved_again(tmp_path: Path) -> None:
    path = tmp_path / "a.columns"
    save_some(path)
    snapshot = snapshot_of(load(path)).changed(rows_of([Product("new", 99)]), ["é0", "𝔘1"])
    with spool(tmp_path, "a") as builder:
        for part in snapshot.parts:
            builder.add_segment(part.segment, part.rows())
        save(builder.draft(), CHECKPOINT, path)
    assert contents(snapshot_of(load(path))) == contents(snapshot)
    assert len(contents(snapshot)) == 49


def test_no_file(tmp_path: Path) -> None:
    assert load(tmp_path / "none.columns") is None
    assert load(tmp_path) is None


def test_a_truncated_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.columns"
    whole = save_some(path)
    chance = random.Random(1)
    for length in [*range(60), *(chance.randrange(len(whole)) for _ in range(100)), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert load(path) is None
    path.write_bytes(whole)
    assert contents(snapshot_of(load(path))) == expected_contents(SOME)


def test_a_file_of_another_version_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.columns"
    whole = save_some(path)
    path.write_bytes(MAGIC.replace(b"2", b"1") + whole[len(MAGIC) :])
    assert load(path) is None


class Trap:
    """Fails a test that unpickles it."""

    def __reduce__(self) -> object:
        return (os.abort, ())


def headers() -> list[bytes]:
    good = json.loads(good_header())
    changed = [
        *([], {}, None, 7, "text", {"arrays": []}, {"arrays": {"codes": ["object", [1]]}}),
        {**good, "arrays": {**good["arrays"], "codes": ["uint64", [-1, 1]]}},
        {**good, "arrays": {**good["arrays"], "codes": ["uint64", [2**62, 2**62]]}},
        {**good, "arrays": {**good["arrays"], "codes": ["uint64", "many"]}},
        {**good, "arrays": {**good["arrays"], "codes": ["O", [1]]}},
        {**good, "arrays": {k: v for k, v in good["arrays"].items() if k != "versions"}},
        {**good, "pairs": [1, 2]},
        {**good, "checkpoint": None},
        {k: v for k, v in good.items() if k != "terms"},
    ]
    return [*(json.dumps(one).encode() for one in changed), b"[" * 5000, b"\xff\xfe\xfd", b"{"]


def good_header() -> bytes:
    with TemporaryDirectory() as folder:
        data = save_some(Path(folder) / "a.columns")
    length = int.from_bytes(data[len(MAGIC) :][:8], "little")
    return data[len(MAGIC) + 8 :][:length]


@pytest.mark.parametrize("header", headers())
def test_a_damaged_header_is_not_read(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "a.columns"
    path.write_bytes(MAGIC + len(header).to_bytes(8, "little") + header + bytes(200_000))
    assert load(path) is None


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"SQLite format 3\0" + bytes(5000), pickle.dumps(Trap()), MAGIC[:-1]),
        *(MAGIC + bytes([byte]) * 8 + pickle.dumps(Trap()) for byte in (0, 1, 127, 255)),
    ],
)
def test_a_foreign_file_is_not_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.columns"
    path.write_bytes(data)
    assert load(path) is None


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_garbage_is_not_read(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.columns"
        for prefix in (b"", MAGIC, MAGIC + len(data).to_bytes(8, "little")):
            path.write_bytes(prefix + data)
            assert load(path) is None


def test_what_fails_while_it_is_written_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.columns"
    whole = save_some(path)

    def no_space(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(segment_file.os, "fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        save(draft_of(SOME[:3]), CHECKPOINT, path)
    assert path.read_bytes() == whole
    assert [one.name for one in tmp_path.iterdir()] == ["a.columns"]


def test_an_error_while_building_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), spool(tmp_path, "a") as builder:
        builder.add(rows_of(SOME))
        raise RuntimeError
    assert [one.name for one in tmp_path.iterdir()] == []


def test_a_mapped_file_may_be_replaced(tmp_path: Path) -> None:
    file = ColumnsFile(tmp_path, "catalogue.db model")
    query = RankingQuery(
        np.zeros(4, dtype=np.uint8), np.zeros(3, dtype=np.uint8), CandidateQuery("m"), 0.5, 0
    )
    with file.writing():
        file.save(draft_of(SOME), CHECKPOINT)
    old = snapshot_of(file.load())
    with file.writing():
        file.save(draft_of(SOME[:3]), CHECKPOINT)
    assert len(rank(query, old, 100)) == 50
    assert contents(old) == expected_contents(SOME)
    assert contents(snapshot_of(file.load())) == expected_contents(SOME[:3])
    file.path.unlink()
    assert contents(old) == expected_contents(SOME)


def test_knows_a_newer_file(tmp_path: Path) -> None:
    file, other = (ColumnsFile(tmp_path / "new", "a b") for _ in range(2))
    assert not file.is_newer and file.load() is None and not file.is_newer
    for _ in range(3):
        with other.writing():
            other.save(draft_of(SOME), CHECKPOINT)
        assert file.is_newer and file.load() is not None
        assert not file.is_newer
    file.path.write_bytes(b"garbage")
    assert file.is_newer and file.load() is None
    assert not file.is_newer
    file.path.unlink()
    assert not file.is_newer


def test_every_name_has_a_file_of_its_own(tmp_path: Path) -> None:
    names = ["a b", "a-b", "a/b", "é", "ü", "x" * 500, "x" * 501, "../../up", ""]
    paths = {ColumnsFile(tmp_path, name).path for name in names}
    assert len(paths) == len(names)
    assert {path.parent for path in paths} == {tmp_path}
    assert all(len(path.name) < 200 for path in paths)


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    file, other = ColumnsFile(tmp_path, "one"), ColumnsFile(tmp_path, "two")
    leftover = tmp_path / f".{file.path.stem}-killed"
    kept = tmp_path / f".{other.path.stem}-writing"
    for folder in (leftover, kept):
        folder.mkdir()
        (folder / "codes").write_bytes(b"codes")
    with file.writing():
        assert not leftover.exists()
    assert kept.exists()
