import numpy as np
import pytest

from houndstooth.mappings.features import Box, Detection
from houndstooth.models.training.detection.classes import CLASSES, own_categories
from houndstooth.models.training.detection.precision import OVERLAPS, CocoRecords, precision
from houndstooth.models.training.detection.samples import BoxedImage

NUMBER = {c.label: n for n, c in enumerate(CLASSES, 1)}
LEAVES = {c.label: c.categories for c in CLASSES}


def photo(*labels: str) -> BoxedImage:
    """Boxes of 40 x 40 pixels side by side."""
    boxes = [[40 * i, 0, 40 * i + 40, 40] for i in range(len(labels))]
    return BoxedImage(
        np.zeros((100, 200, 3), np.uint8),
        np.array(boxes, np.float32),
        np.array([NUMBER[label] for label in labels]),
        "p.jpg",
    )


def found(label: str, place: int, score: float, shrink: float = 1.0) -> Detection:
    return Detection(label, LEAVES[label], score, Box(0.2 * place, 0, 0.2, 0.4 * shrink))


def of_class(asked: object, items: list[Detection]) -> list[Detection]:
    return [item for item in items if own_categories(item.label) == asked]


def test_right_boxes_score_one() -> None:
    answers = CocoRecords()
    answers.add(photo("top", "shoes"), [found("top", 0, 0.9), found("shoes", 1, 0.8)], of_class)
    for items in (answers.guided, answers.unguided):
        result = precision(answers, items)
        assert result.boxes == {"top": 1, "shoes": 1}
        assert set(result.mean(1).values()) == {1.0}


def test_what_nobody_asked_for_counts_only_unguided() -> None:
    answers = CocoRecords()
    answers.add(photo("top"), [found("dress", 0, 0.95), found("top", 0, 0.9)], of_class)
    answers.add(photo("dress"), [found("dress", 0, 0.5)], of_class)
    guided, unguided = (precision(answers, i) for i in (answers.guided, answers.unguided))
    assert guided.mean(1)["0.5"] == 1.0
    assert unguided.mean(1)["0.5"] == pytest.approx(0.75, abs=0.01)


def test_loose_boxes_fall_behind_as_overlap_rises() -> None:
    answers = CocoRecords()
    answers.add(photo("bag"), [found("bag", 0, 0.9, shrink=0.75)], of_class)
    means = precision(answers, answers.guided).mean(1)
    assert list(means) == [str(iou) for iou in OVERLAPS]
    assert list(means.values()) == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_means_are_over_classes_of_enough_boxes() -> None:
    answers = CocoRecords()
    answers.add(photo("bag", "bag", "hat"), [found("bag", 0, 0.9), found("bag", 1, 0.8)], of_class)
    result = precision(answers, answers.guided)
    assert result.mean(2)["0.5"] == 1.0
    assert result.mean(1)["0.5"] == 0.5


def test_nothing_found() -> None:
    answers = CocoRecords()
    answers.add(photo("bag"), [], of_class)
    assert precision(answers, answers.guided).mean(1)["0.5"] == 0.0
