"""``python -m models.training.evaluate_boxes --street DIR [--split SPLIT] [--json]``.

Table 3 of the SK Planet paper: mean average precision of the shipped detector's boxes, guided by
the category and not, over IoU, by pycocotools. Guided, a photo is asked once for each category it
has; not guided, every box of every class counts in every photo.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from houndstooth.mappings.errors import HoundstoothError, InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.detection.precision import OVERLAPS, Precision, evaluate
from houndstooth.models.training.detection.samples import STREET_LABELS, street_images

# A class with fewer boxes has a figure of its own, but no say in the mean.
MIN_BOXES = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate, print the tables, and return the exit status."""
    options = _options(arguments)
    try:
        detector = Detector(options.weights, options.threads)
        split = options.split or split_unseen(detector, options.street)
        photos = list(street_images(options.street, None if split == "all" else {split}))
        shown = tqdm(photos, "finding", unit="photo", disable=options.json, leave=False)
        guided, unguided = evaluate(detector, shown, Taxonomy.load())
    except HoundstoothError as error:
        print(f"evaluate_boxes: {error}", file=sys.stderr)
        return 2
    _print_tables(
        f"{detector.model} on {len(photos)} photos ({split})", guided, unguided, options.min_boxes
    )
    if options.json:
        classes = {
            label: {
                "boxes": guided.boxes[label],
                "guided": round(guided.by_class[label][0], 4),
                "unguided": round(unguided.by_class[label][0], 4),
            }
            for label in guided.boxes
        }
        print(
            json.dumps(
                {
                    "guided": guided.mean(options.min_boxes),
                    "unguided": unguided.mean(options.min_boxes),
                    "classes": classes,
                }
            )
        )
    return 0


def split_unseen(detector: Detector, street: Path) -> str:
    """The photos of a folder that training never saw: ``test`` or ``all``."""
    try:
        digest = hashlib.sha256((street / STREET_LABELS).read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidFeed(f"expected a {STREET_LABELS} there; got {error!r}") from None
    return "test" if digest in detector.card.trained_on else "all"


def _print_tables(title: str, guided: Precision, unguided: Precision, least: int) -> None:
    print(f"{title}; mAP over classes of {least} boxes and more")
    print(f"{'IoU':12}" + "".join(f"{iou:>8}" for iou in OVERLAPS))
    for name, found in (("guided", guided), ("not guided", unguided)):
        print(f"{name:12}" + "".join(f"{m:8.3f}" for m in found.mean(least).values()))
    print(f"\n{'class':12}{'boxes':>8}{'AP50':>8}{'AP70':>8}{'not guided AP50':>18}")
    for label, count in guided.boxes.items():
        half, _, most, *_ = guided.by_class[label]
        print(f"{label:12}{count:8}{half:8.3f}{most:8.3f}{unguided.by_class[label][0]:18.3f}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.evaluate_boxes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--street", type=Path, required=True, help="a folder with street.jsonl and its photos"
    )
    parser.add_argument(
        "--split",
        choices=["test", "validation", "train", "all"],
        help="which photos, by the hash of their names (test where the detector was trained on "
        "this street.jsonl, else all)",
    )
    parser.add_argument(
        "--least-boxes",
        type=int,
        default=MIN_BOXES,
        help=f"of a class that counts in the means ({MIN_BOXES})",
    )
    parser.add_argument(
        "--weights", type=Path, default=WEIGHTS / DEFAULT_DETECTOR, help="NAME-VERSION"
    )
    parser.add_argument("--threads", type=int, help="for one network run (all processors)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
