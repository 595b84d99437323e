"""Average precision of boxes by pycocotools, guided by the category and not."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from houndstooth.mappings.features import Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.training.detection.classes import CLASSES, own_categories
from houndstooth.models.training.detection.samples import BoxedImage

OVERLAPS = (0.5, 0.6, 0.7, 0.8, 0.9)

Guided = Callable[[Sequence[str], list[Detection]], list[Detection]]


@dataclass(frozen=True)
class Precision:
    """Average precision by class and IoU, and how many boxes there were.

    Attributes:
        boxes: by class label; classes without any are left out.
        by_class: average precision by class label, in the order of ``OVERLAPS``.
    """

    boxes: Mapping[str, int]
    by_class: Mapping[str, Sequence[float]]

    def mean(self, min_boxes: int) -> dict[str, float]:
        """Over the classes of at least so many boxes, by IoU; of all, where there is none."""
        classes = [c for c, n in self.boxes.items() if n >= min_boxes] or list(self.boxes)
        means = np.mean([self.by_class[c] for c in classes], axis=0) if classes else [0.0] * 5
        return {str(iou): round(float(m), 4) for iou, m in zip(OVERLAPS, means, strict=True)}


@dataclass
class Answers:
    """Truth and finds in COCO's form, of any number of photos."""

    photos: list[dict[str, int]] = field(default_factory=list)
    truth: list[dict[str, object]] = field(default_factory=list)
    guided: list[dict[str, object]] = field(default_factory=list)
    unguided: list[dict[str, object]] = field(default_factory=list)

    def add(self, photo: BoxedImage, found: list[Detection], guided: Guided) -> None:
        """One photo, and what was found in it.

        Args:
            found: best first.
            guided: what is left of them when some categories are asked for.
        """
        height, width = photo.pixels.shape[:2]
        number = len(self.photos) + 1
        self.photos.append({"id": number, "width": width, "height": height})
        for (left, top, right, bottom), label in zip(
            photo.boxes.tolist(), photo.labels, strict=True
        ):
            box = [left, top, right - left, bottom - top]
            self.truth.append(
                {
                    "id": len(self.truth) + 1,
                    "image_id": number,
                    "category_id": int(label),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        names = [c.label for c in CLASSES]
        for item in found:
            self.unguided.append(_answer(number, names.index(item.label) + 1, item, width, height))
        for label in sorted(set(photo.labels.tolist())):
            for item in guided(own_categories(CLASSES[label - 1].label), found):
                self.guided.append(_answer(number, label, item, width, height))


def _answer(photo: int, label: int, item: Detection, width: int, height: int) -> dict[str, object]:
    box = item.box
    corners = [box.x * width, box.y * height, box.w * width, box.h * height]
    return {"image_id": photo, "category_id": label, "bbox": corners, "score": item.score}


def evaluate(
    detector: Detector, photos: Iterable[BoxedImage], taxonomy: Taxonomy
) -> tuple[Precision, Precision]:
    """Guided and unguided precision on photos with known boxes."""
    answers = Answers()

    def guide(categories: Sequence[str], found: list[Detection]) -> list[Detection]:
        return detector.guided(found, categories, taxonomy)

    for photo in photos:
        answers.add(photo, detector.find([Image.fromarray(photo.pixels)])[0], guide)
    return precision(answers, answers.guided), precision(answers, answers.unguided)


def precision(answers: Answers, found: list[dict[str, object]]) -> Precision:
    """Average precision of finds, each class by itself."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": answers.photos,
            "annotations": answers.truth,
            "categories": [{"id": n, "name": c.label} for n, c in enumerate(CLASSES, 1)],
        }
        truth.createIndex()
        scored = COCOeval(truth, _results(truth, found), "bbox")
        scored.params.iouThrs = np.array(OVERLAPS)
        scored.params.areaRng, scored.params.areaRngLbl = [[0, 1e10]], ["all"]
        scored.params.maxDets = [100]
        scored.evaluate()
        scored.accumulate()
    # [IoUs, recalls, classes, areas, limits], -1 where a class has no box.
    curves = scored.eval["precision"][:, :, :, 0, 0]
    counts = np.bincount([int(str(t["category_id"])) for t in answers.truth], minlength=1)
    boxes = {c.label: int(counts[n]) for n, c in enumerate(CLASSES, 1) if n < len(counts)}
    boxes = {label: count for label, count in boxes.items() if count}
    by_class = {
        c.label: curves[:, :, n].mean(axis=1).tolist()
        for n, c in enumerate(CLASSES)
        if c.label in boxes
    }
    return Precision(boxes, by_class)


def _results(truth: COCO, found: list[dict[str, object]]) -> COCO:
    if found:
        return truth.loadRes(found)
    nothing = COCO()
    nothing.dataset = {**truth.dataset, "annotations": []}
    nothing.createIndex()
    return nothing
