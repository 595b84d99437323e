"""What is learned of a teacher's answers, and what is kept back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.recognition.prediction import Prediction, Reading
from houndstooth.models.runtime.card import Card
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.soft_labels import fold_of
from houndstooth.models.training.teacher import (
    FOLDS,
    UNANSWERED,
    Teacher,
    taught_labels,
    taught_terms,
)
from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary

TAXONOMY = Taxonomy.load()
TERMS = ("sleeve:short", "sleeve:long", "toe:round")
VOCABULARY = Vocabulary({
    "great_category": ("top", "shoes"),
    "category": ("shirt", "heels"),
    "colour": ("colour:red", "colour:blue"),
})  # fmt: skip
BACK = next(f"g{n}" for n in range(99) if fold_of(f"g{n}", FOLDS) == 0)
LEARNED = next(f"g{n}" for n in range(99) if fold_of(f"g{n}", FOLDS) != 0)


def sample(path: Path, group: str, **more: Any) -> Sample:
    fields = {"category": "shirt", "terms": {}, "known": frozenset(), "split": "train"} | more
    return Sample(path, group=group, **fields)


class Recogniser:
    """Answers with the brightness of what it is shown, and counts the crops."""

    def __init__(self, terms: tuple[str, ...] = TERMS) -> None:
        nothing = np.zeros(1, np.float32)
        self.card = Card("wise-1", "distilled", 32, {}, {}, (), nothing, terms=terms)
        self.seen = 0

    def encode(self, crops: Sequence[Any]) -> Any:
        self.seen += len(crops)
        return [crop.pixels[16, 16].mean() / 255 for crop in crops]

    def read(self, maps: Any, crops: Any, choices: Any) -> Any:
        found = []
        for shade, choice in zip(maps, choices, strict=True):
            groups = {"colour": {"colour:red": shade, "colour:blue": 1 - shade}}
            groups["sleeve"] = {"sleeve:short": shade, "sleeve:long": 1 - shade}
            found.append(Prediction({"shirt": 0.75, "heels": 0.25}, "shirt", bool(choice), groups))
        return Reading.of(np.array([[shade, 1.0] for shade in maps], np.float32), found)


def teacher(samples: Sequence[Sample], folder: Path, recogniser: Recogniser) -> Teacher:
    locator = Locator(None, TAXONOMY)
    return Teacher(cast(Any, recogniser), samples, VOCABULARY, TAXONOMY, locator, folder)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{shade}.png" for shade in (40, 120, 200)]
    for path in paths:
        Image.new("L", (40, 40), int(path.stem)).save(path)
    return paths


def test_each_item_has_its_own_answer(photos: list[Path], tmp_path: Path) -> None:
    left, right = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)
    samples = [
        sample(photos[0], "a"),
        sample(photos[1], "b", box=left),
        sample(photos[1], "b", box=right),
        sample(photos[0], "c"),  # the same photo again
        sample(photos[2], "d"),
    ]
    recogniser = Recogniser()
    answers = teacher(samples, tmp_path / "answers", recogniser).answers()
    assert answers.terms == TERMS and len(answers.probabilities) == 4
    rows = answers.rows(samples)
    assert rows.tolist() == [0, 1, 2, 0, 3]
    shades = [40 / 255, 120 / 255, 120 / 255, 40 / 255, 200 / 255]
    assert answers.probabilities[rows, 0][[0, 3, 4]] == pytest.approx(
        [shades[0], shades[3], shades[4]], abs=0.01
    )
    assert (answers.probabilities[:, 2] == UNANSWERED).all(), "a shirt has no toe"
    soft = answers.soft_labels.of(samples, VOCABULARY)
    assert soft[0].tolist() == pytest.approx(
        [0.75, 0.25, 0.75, 0.25, 40 / 255, 215 / 255], abs=0.01
    )
    assert abs(answers.features.astype(float).mean(axis=0)[0]) < 0.01

    again = Recogniser()
    teacher(samples, tmp_path / "answers", again).answers()
    assert again.seen == 0, "they are kept"
    teacher(samples[:4], tmp_path / "answers", again).answers()
    assert again.seen == 4, "those of other samples are others"


def test_a_teacher_reads_terms(photos: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="reads attribute terms; got wise-1"):
        teacher([sample(photos[0], "a")], tmp_path, Recogniser(())).answers()


def test_what_people_saw_counts_half_and_judges_where_it_is_kept_back(tmp_path: Path) -> None:
    seen = {"terms": {"sleeve": ("sleeve:long",)}, "known": frozenset({"sleeve"})}
    samples = [
        sample(tmp_path, LEARNED, **seen),
        sample(tmp_path, BACK, **seen),
        sample(tmp_path, BACK),
        sample(tmp_path, "synthetic-1", **seen),
    ]
    said = np.array([[0.4, 0.6, 0.2]] * 4, np.float16)
    found = taught_terms(said, TERMS, samples).astype(float)
    assert found[0].tolist() == pytest.approx([0.2, 0.8, 0.2], abs=0.001)
    assert found[1].tolist() == pytest.approx([UNANSWERED, UNANSWERED, 0.2], abs=0.001)
    assert found[2].tolist() == pytest.approx([0.4, 0.6, 0.2], abs=0.001)
    assert found[3].tolist() == [0, 1, UNANSWERED]


def test_unknown_labels_are_the_teachers() -> None:
    labels = np.array([[0, 0, UNKNOWN], [1, 1, 0], [0, 0, UNKNOWN]])
    soft = np.array([[1, 0, 1, 0, 0.2, 0.8], [1, 0, 1, 0, 0.2, 0.8], [0] * 6], np.float16)
    assert taught_labels(labels, soft, VOCABULARY)[:, 2].tolist() == [1, 0, UNKNOWN]
