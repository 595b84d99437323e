"""Cards of networks: a line for each key, and hashes that are checked when a network is opened."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR, open_recogniser
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.runtime.card import WEIGHTS, Card, Files, read_json, write_json

TAXONOMY = Taxonomy.load()
CARDS = sorted(path.stem for path in WEIGHTS.glob("*.json"))
RECOGNISER = "attribute-distilled-1"
Opener = Callable[[Path], object]


def open_heads(stem: Path) -> object:
    return open_recogniser(stem, TAXONOMY, 1)


def open_detector(stem: Path) -> object:
    return Detector(stem, 1)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A folder with copies of a recogniser and the detector."""
    for path in WEIGHTS.iterdir():
        if path.name.startswith((f"{RECOGNISER}.", f"{DEFAULT_DETECTOR}.")):
            shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CARDS)
def test_each_line_is_one_key(name: str) -> None:
    opened, *lines, closed = (WEIGHTS / f"{name}.json").read_text(encoding="utf-8").splitlines()
    assert (opened, closed) == ("{", "}")
    found = [json.loads(f"{{{line.removesuffix(',')}}}") for line in lines]
    assert [len(part) for part in found] == [1] * len(lines)
    assert {key: value for part in found for key, value in part.items()} == read_json(
        WEIGHTS / name
    )


@pytest.mark.parametrize("name", CARDS)
def test_a_card_has_the_hash_of_each_of_its_files(name: str) -> None:
    files = {
        path.name.removeprefix(name): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in WEIGHTS.glob("*.onnx")
        if path.name.startswith(f"{name}.")
    }
    assert files and read_json(WEIGHTS / name)["sha256"] == files


def test_every_network_has_a_card() -> None:
    assert {path.name.partition(".")[0] for path in WEIGHTS.glob("*.onnx")} == set(CARDS)


@pytest.mark.parametrize(
    ("name", "suffix", "opener"),
    [
        (RECOGNISER, ".onnx", open_heads),
        (RECOGNISER, ".reader.onnx", open_heads),
        (DEFAULT_DETECTOR, ".onnx", open_detector),
    ],
)
def test_a_tampered_or_missing_network_is_refused(
    copies: Path, name: str, suffix: str, opener: Opener
) -> None:
    opener(copies / name)
    path = copies / f"{name}{suffix}"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidConfig, match=f"expected {name}{suffix} with the SHA-256 that its"):
        opener(copies / name)
    path.unlink()
    with pytest.raises(InvalidConfig, match=f"expected a network at {name}{suffix}"):
        opener(copies / name)


@pytest.mark.parametrize(
    ("name", "opener"), [(RECOGNISER, open_heads), (DEFAULT_DETECTOR, open_detector)]
)
@pytest.mark.parametrize("key", ["name", "version", "side", "thresholds", "sha256"])
def test_a_card_without_a_key_is_refused(copies: Path, name: str, opener: Opener, key: str) -> None:
    card = read_json(copies / name)
    del card[key]
    (copies / f"{name}.json").write_text(json.dumps(card))
    with pytest.raises(InvalidConfig, match=rf"card of a \w+ at {name}.json; got .*{key}"):
        opener(copies / name)


@pytest.mark.parametrize("content", [None, "", "[]", "{", b"\xff\xfe"])
def test_a_card_that_is_no_object_is_refused(copies: Path, content: str | bytes | None) -> None:
    path = copies / f"{RECOGNISER}.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidConfig, match=f"model card .*{RECOGNISER}.json"):
        open_heads(copies / RECOGNISER)


@pytest.mark.parametrize("members", [None, [], "attribute-distilled-1"])
def test_an_ensemble_of_nothing_is_refused(tmp_path: Path, members: object) -> None:
    card = {"name": "own", "version": 1, "kind": "ensemble", "members": members}
    (tmp_path / "own-1.json").write_text(json.dumps(card))
    with pytest.raises(InvalidConfig, match=r"members in the card own-1.json"):
        open_heads(tmp_path / "own-1")


def test_a_written_card_reads_back_on_lines_of_its_own(tmp_path: Path) -> None:
    stem = tmp_path / "own-3"
    (tmp_path / "own-3.onnx").write_bytes(b"network")
    card = {
        "name": "own",
        "version": 3,
        "kind": "heads",
        "side": 32,
        "heads": {"category": ["shirt", "dress"]},
        "temperatures": {"category": 1.5},
        "thresholds": [0.1, 0.2],
    }
    write_json(stem, card, (".onnx",))
    text = (tmp_path / "own-3.json").read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(card) + 3
    read = Card.read(stem)
    assert (read.model, read.kind, read.side) == ("own-3", "heads", 32)
    assert read.thresholds.tolist() == pytest.approx([0.1, 0.2])
    assert read.files == Files({".onnx": hashlib.sha256(b"network").hexdigest()})
    assert read.files.check(stem, ".onnx") == tmp_path / "own-3.onnx"
