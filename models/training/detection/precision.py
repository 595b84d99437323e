"""Average precision of boxes, guided by the category and unguided, by pycocotools."""

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
"""The thresholds of IoU."""

Guide = Callable[[Sequence[str], list[Detection]], list[Detection]]
"""Selects the detections that may be of some categories."""


@dataclass(frozen=True)
class Precision:
    """Average precision by class and IoU.

    Attributes:
        boxes: number of true boxes by class label; classes without any are left out.
        by_class: average precision by class label, in the order of ``OVERLAPS``.
    """

    boxes: Mapping[str, int]
    by_class: Mapping[str, Sequence[float]]

    def mean(self, min_boxes: int) -> dict[str, float]:
        """Average over the classes of at least ``min_boxes``, by IoU; over all if none has."""
        classes = [c for c, n in self.boxes.items() if n >= min_boxes] or list(self.boxes)
        means = np.mean([self.by_class[c] for c in classes], axis=0) if classes else [0.0] * 5
        return {str(iou): round(float(m), 4) for iou, m in zip(OVERLAPS, means, strict=True)}


@dataclass
class CocoRecords:
    """True boxes and detections of photos, in COCO's form."""

    photos: list[dict[str, int]] = field(default_factory=list)
    truth: list[dict[str, object]] = field(default_factory=list)
    guided: list[dict[str, object]] = field(default_factory=list)
    unguided: list[dict[str, object]] = field(default_factory=list)

    def add(self, photo: BoxedImage, detections: list[Detection], guide: Guide) -> None:
        """Add the true boxes and the detections of one photo.

        Args:
            detections: best first.
            guide: selects the detections of some categories.
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
        for item in detections:
            label = names.index(item.label) + 1
            self.unguided.append(_coco_detection(number, label, item, (width, height)))
        for label in sorted(set(photo.labels.tolist())):
            for item in guide(own_categories(CLASSES[label - 1].label), detections):
                self.guided.append(_coco_detection(number, label, item, (width, height)))


def _coco_detection(
    photo: int, label: int, item: Detection, size: tuple[int, int]
) -> dict[str, object]:
    box, (width, height) = item.box, size
    corners = [box.x * width, box.y * height, box.w * width, box.h * height]
    return {"image_id": photo, "category_id": label, "bbox": corners, "score": item.score}


def evaluate(
    detector: Detector, photos: Iterable[BoxedImage], taxonomy: Taxonomy
) -> tuple[Precision, Precision]:
    """Compute guided and unguided precision on photos with known boxes."""
    records = CocoRecords()

    def guide(categories: Sequence[str], items: list[Detection]) -> list[Detection]:
        return detector.guided(items, categories, taxonomy)

    for photo in photos:
        records.add(photo, detector.find(Image.fromarray(photo.pixels)), guide)
    return precision(records, records.guided), precision(records, records.unguided)


def precision(records: CocoRecords, selected: list[dict[str, object]]) -> Precision:
    """Compute the average precision of selected detections, each class by itself."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": records.photos,
            "annotations": records.truth,
            "categories": [{"id": n, "name": c.label} for n, c in enumerate(CLASSES, 1)],
        }
        truth.createIndex()
        scored = COCOeval(truth, _results(truth, selected), "bbox")
        scored.params.iouThrs = np.array(OVERLAPS)
        scored.params.areaRng, scored.params.areaRngLbl = [[0, 1e10]], ["all"]
        scored.params.maxDets = [100]
        scored.evaluate()
        scored.accumulate()
    # [IoUs, recalls, classes, areas, limits], -1 where a class has no box.
    curves = scored.eval["precision"][:, :, :, 0, 0]
    counts = np.bincount([int(str(t["category_id"])) for t in records.truth], minlength=1)
    boxes = {c.label: int(counts[n]) for n, c in enumerate(CLASSES, 1) if n < len(counts)}
    boxes = {label: count for label, count in boxes.items() if count}
    by_class = {
        c.label: curves[:, :, n].mean(axis=1).tolist()
        for n, c in enumerate(CLASSES)
        if c.label in boxes
    }
    return Precision(boxes, by_class)


def _results(truth: COCO, selected: list[dict[str, object]]) -> COCO:
    if selected:
        return truth.loadRes(selected)
    nothing = COCO()
    nothing.dataset = {**truth.dataset, "annotations": []}
    nothing.createIndex()
    return nothing
