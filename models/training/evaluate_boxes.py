"""Evaluation of a detector on photos with boxes (Table 3 of the SK Planet paper).

Mean average precision over IoU, by pycocotools. Guided, the boxes of each category in a photo are
selected by that category. Unguided, every box of every class counts in every photo.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tqdm import tqdm

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.training.detection.precision import OVERLAPS, Precision, evaluate
from houndstooth.models.training.detection.samples import STREET_LABELS, street_images

MIN_BOXES = 20
"""A class with fewer boxes counts in no mean."""


def evaluate_detector(
    stem: Path, street: Path, split: str | None = None, threads: int | None = None
) -> tuple[str, Precision, Precision]:
    """Compute guided and unguided precision of a detector on street photos.

    Args:
        stem: the detector's path without ``.onnx``.
        street: a folder with ``street.jsonl`` and its photos.
        split: ``train``, ``validation``, ``test`` or ``all``; None is ``test`` where the detector
            was trained on this ``street.jsonl``, else ``all``.
        threads: of one network run; all processors where None.

    Returns:
        A title, the guided precision and the unguided one.

    Raises:
        InvalidConfig: there is no such detector.
        InvalidFeed: the folder is of another form.
    """
    detector = Detector(stem, threads)
    split = split or unseen_split(detector, street)
    photos = list(street_images(street, None if split == "all" else {split}))
    progress = tqdm(photos, "detecting", unit="photo", leave=False)
    guided, unguided = evaluate(detector, progress, Taxonomy.load())
    return f"{detector.model} on {len(photos)} photos ({split})", guided, unguided


def unseen_split(detector: Detector, street: Path) -> str:
    """Select the photos of a folder that the detector was not trained on: ``test`` or ``all``."""
    try:
        digest = hashlib.sha256((street / STREET_LABELS).read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidFeed(f"expected a {STREET_LABELS} there; got {error!r}") from None
    return "test" if digest in detector.card.trained_on else "all"


def box_figures(guided: Precision, unguided: Precision, min_boxes: int) -> dict[str, Any]:
    """Collect the means and the figures of each class, for JSON."""
    return {
        "guided": guided.mean(min_boxes),
        "unguided": unguided.mean(min_boxes),
        "classes": {
            label: {
                "boxes": guided.boxes[label],
                "guided": round(guided.by_class[label][0], 4),
                "unguided": round(unguided.by_class[label][0], 4),
            }
            for label in guided.boxes
        },
    }


def print_boxes(title: str, guided: Precision, unguided: Precision, min_boxes: int) -> None:
    """Print the figures as tables."""
    print(f"{title}; mAP over classes of {min_boxes} boxes and more")
    print(f"{'IoU':12}" + "".join(f"{iou:>8}" for iou in OVERLAPS))
    for name, precision in (("guided", guided), ("not guided", unguided)):
        print(f"{name:12}" + "".join(f"{m:8.3f}" for m in precision.mean(min_boxes).values()))
    print(f"\n{'class':12}{'boxes':>8}{'AP50':>8}{'AP70':>8}{'not guided AP50':>18}")
    for label, count in guided.boxes.items():
        half, _, most, *_ = guided.by_class[label]
        print(f"{label:12}{count:8}{half:8.3f}{most:8.3f}{unguided.by_class[label][0]:18.3f}")
