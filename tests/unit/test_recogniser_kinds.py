"""The table of recogniser kinds: its parts are there, and no card has a kind of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR, open_recogniser
from houndstooth.models.recognition.kinds import KINDS, RecogniserKind, kind_of
from houndstooth.models.runtime.card import WEIGHTS, read_json

PARTS = [field.name for field in fields(RecogniserKind)]
CARDS = sorted({path.stem for path in WEIGHTS.glob("*.json")} - {DEFAULT_DETECTOR})
TAXONOMY = Taxonomy.load()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_every_kind_is_there(kind: str, part: str) -> None:
    found = kind_of(kind).load(part)
    module, _, name = getattr(KINDS[kind], part).partition(":")
    assert callable(found)
    assert (found.__module__, found.__qualname__) == (module, name)


def test_no_two_kinds_are_the_same() -> None:
    rows = [tuple(getattr(kind, part) for part in PARTS) for kind in KINDS.values()]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("name", ["multilabel", "Sequence", "", "opener"])
def test_an_unknown_kind_is_refused_with_the_list_of_those_known(name: str) -> None:
    with pytest.raises(InvalidConfig, match=rf"among {', '.join(KINDS)}; got '{name}'"):
        kind_of(name)


@pytest.mark.parametrize("name", CARDS)
def test_a_shipped_card_has_a_known_kind(name: str) -> None:
    card = read_json(WEIGHTS / name)
    if card["kind"] == "ensemble":
        assert {*card["members"], card["terms"]} <= set(CARDS)
    elif card["kind"] == "terms":
        assert set(card["members"]) <= set(CARDS)
    else:
        assert card["kind"] in KINDS


def test_a_card_of_an_unknown_kind_opens_nothing(tmp_path: Path) -> None:
    card = read_json(WEIGHTS / "attribute-distilled-1") | {"kind": "multilabel"}
    (tmp_path / "own-1.json").write_text(json.dumps(card))
    for suffix in (".onnx", ".reader.onnx"):
        shutil.copy(WEIGHTS / f"attribute-distilled-1{suffix}", tmp_path / f"own-1{suffix}")
    with pytest.raises(InvalidConfig, match=f"{', '.join(KINDS)}; got 'multilabel'"):
        open_recogniser(tmp_path / "own-1", TAXONOMY, 1)
