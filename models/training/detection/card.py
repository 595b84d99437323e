"""The files of a trained detector: its network and its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from torchvision.models.detection import FasterRCNN

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.detector import Detector, resized
from houndstooth.models.networks.encoders import ENCODERS
from houndstooth.models.networks.faster_rcnn import Limits
from houndstooth.models.runtime.card import DETECTOR, write_json
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.export import export_detector
from houndstooth.models.training.detection.fit import DetectorRecipe
from houndstooth.models.training.detection.precision import evaluate
from houndstooth.models.training.detection.samples import TEST_SHARE, VALIDATION_SHARE, BoxedImage

SURE_SCORE, MIN_SCORE = 0.5, Limits().min_score
SURE_SCORES = {"legwear": 0.8}
"""Bare legs are taken for tights below this score: 17 of 20 times on product photos, where all 26
leggings and tights had more."""

"""The least scores of a box: without a chosen category, and with one."""


def write_detector(
    stem: Path,
    network: FasterRCNN,
    recipe: DetectorRecipe,
    facts: dict[str, object],
    validation_set: Sequence[BoxedImage],
    calibration: Sequence[BoxedImage],
) -> None:
    """Write ``STEM.onnx`` and its card, with the exported network's precision.

    Args:
        facts: entries of the card that the recipe does not have: command, training data.
        validation_set: validation photos, for the precision.
        calibration: training photos, by which it is quantised statically.
    """
    images = [resized(Image.fromarray(each.pixels), recipe.side) for each in calibration]
    export_detector(network, stem.with_name(stem.name + DETECTOR), images)
    card: dict[str, Any] = {
        "name": recipe.name,
        "version": recipe.version,
        "kind": "detector",
        "made": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "source": ENCODERS[recipe.encoder].source,
        **facts,
        "split": {
            "seed": 1,
            "test": TEST_SHARE,
            "validation": VALIDATION_SHARE,
            "by": "street photo",
        },
        "recipe": asdict(recipe),
        "side": recipe.side,
        "classes": {c.label: c.categories for c in CLASSES},
        "thresholds": {"guided": MIN_SCORE, "unguided": SURE_SCORE, "classes": SURE_SCORES},
    }
    write_json(stem, card, (DETECTOR,))
    if validation_set:
        guided, unguided = evaluate(Detector(stem), validation_set, Taxonomy.load())
        card["validation"] = {
            "photos": len(validation_set),
            "min_boxes": 1,
            "guided": guided.mean(1),
            "unguided": unguided.mean(1),
        }
        write_json(stem, card, (DETECTOR,))
