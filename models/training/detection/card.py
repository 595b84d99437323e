"""Writes a trained detector: its network, and the card that says how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torchvision.models.detection import FasterRCNN

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.networks.faster_rcnn import Limits
from houndstooth.models.runtime.card import DETECTOR, write_json
from houndstooth.models.training.card import SOURCES
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.export import export_detector
from houndstooth.models.training.detection.fit import DetectorRecipe
from houndstooth.models.training.detection.precision import evaluate
from houndstooth.models.training.detection.samples import TEST_SHARE, VALIDATION_SHARE, BoxedImage

SURE_SCORE, MIN_SCORE = 0.5, Limits().min_score
"""The scores from which a box is shown unasked, and where its category is asked for."""


def write_detector(
    stem: Path,
    network: FasterRCNN,
    recipe: DetectorRecipe,
    facts: dict[str, object],
    held: Sequence[BoxedImage],
) -> None:
    """Write ``STEM.onnx`` and its card, with the exported network's precision on held photos.

    Args:
        facts: of the run that the recipe does not say; they go into the card.
        held: validation photos; they are not trained on.
    """
    export_detector(network, stem.with_name(stem.name + DETECTOR))
    card: dict[str, Any] = {
        "name": recipe.name,
        "version": recipe.version,
        "kind": "detector",
        "made": datetime.now(UTC).date().isoformat(),
        "licence": "Apache-2.0",
        "source": SOURCES[recipe.encoder],
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
        "thresholds": {"guided": MIN_SCORE, "unguided": SURE_SCORE},
    }
    write_json(stem, card, (DETECTOR,))
    if held:
        guided, unguided = evaluate(Detector(stem), held, Taxonomy.load())
        card["validation"] = {
            "photos": len(held),
            "min_boxes": 1,
            "guided": guided.mean(1),
            "unguided": unguided.mean(1),
        }
        write_json(stem, card, (DETECTOR,))
