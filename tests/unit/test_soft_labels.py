"""Soft labels: kept by photo and category, read into any vocabulary, folds by group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.soft_labels import SoftLabels, class_names, fold_of, sample_key
from houndstooth.models.training.vocabulary import Vocabulary

VOCABULARY = Vocabulary({"category": ("shirt", "dress"), "colour": ("colour:red", "colour:blue")})


@pytest.fixture
def photos(tmp_path: Path) -> list[Sample]:
    found = []
    for name in "abc":
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(name.encode())
        found.append(Sample(path, "shirt", {}, frozenset(), name, "train"))
    return found


def predicted(photos: list[Sample]) -> SoftLabels:
    probabilities = np.array([[0.9, 0.1, 0.2, 0.8], [0.5, 0.5, 1.0, 0.0]], dtype=np.float16)
    return SoftLabels(
        {sample_key(s): row for row, s in enumerate(photos[:2])},
        class_names(VOCABULARY),
        probabilities,
    )


def test_they_come_back_as_written_wherever_the_photos_lie(
    photos: list[Sample], tmp_path: Path
) -> None:
    predicted(photos).write(tmp_path / "x.soft.npz")
    moved = [
        Sample(s.path.rename(tmp_path / f"moved-{s.path.name}"), "shirt", {}, s.known, "g", "train")
        for s in photos
    ]
    table = SoftLabels.read(tmp_path / "x.soft.npz").of(moved, VOCABULARY)
    np.testing.assert_array_equal(table[:2], predicted(moved).probabilities)
    assert not table[2].any(), "nobody looked"


def test_another_vocabulary_takes_what_it_knows(photos: list[Sample]) -> None:
    vocabulary = Vocabulary({"colour": ("colour:blue", "colour:green"), "category": ("dress",)})
    table = predicted(photos).of(photos, vocabulary)
    np.testing.assert_allclose(table[0], [0.8, 0.0, 0.1], atol=1e-3)


def test_a_great_category_is_not_the_leaf_of_its_name(photos: list[Sample]) -> None:
    heads = {"great_category": ("top", "bottom"), "category": ("top", "shirt")}
    vocabulary = Vocabulary(heads)
    probabilities = np.array([[0.9, 0.1, 0.3, 0.7]], dtype=np.float16)
    soft = SoftLabels({sample_key(photos[0]): 0}, class_names(vocabulary), probabilities)
    np.testing.assert_array_equal(soft.of(photos[:1], vocabulary), probabilities)


def test_another_item_in_the_same_photo_is_another_key(photos: list[Sample]) -> None:
    other = Sample(photos[0].path, "dress", {}, frozenset(), "a", "train")
    vocabulary = Vocabulary({"category": ("shirt", "dress")})
    assert not predicted(photos).of([other], vocabulary).any()


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="cross-fit"):
        SoftLabels.read(tmp_path / "none.soft.npz")


def test_folds_part_groups_evenly_and_for_good() -> None:
    folds = np.bincount([fold_of(f"group-{i}", 4) for i in range(4000)])
    assert len(folds) == 4 and folds.min() > 900
    assert fold_of("group-1", 4) == fold_of("group-1", 4)
