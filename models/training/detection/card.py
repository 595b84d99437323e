"""The detector's files: its network, and the card that says how it was made and how to serve it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from torchvision.models.detection import FasterRCNN

from mappings.taxonomy import Taxonomy
from models.detector import Detector
from models.networks.faster_rcnn import Limits
from models.training.card import SOURCES
from models.training.detection.classes import CLASSES
from models.training.detection.export import export_detector
from models.training.detection.fit import DetectorRecipe
from models.training.detection.precision import evaluate
from models.training.detection.samples import TEST_SHARE, VALIDATION_SHARE, BoxedImage

# A find that nobody asked for, and one that was; the second is the network's own least score.
SURE_SCORE, LEAST_SCORE = 0.5, Limits().least_score


def write_detector(
    stem: Path,
    network: FasterRCNN,
    recipe: DetectorRecipe,
    facts: dict[str, object],
    held: Sequence[BoxedImage],
) -> None:
    """``STEM.onnx`` and ``STEM.json``, with the exported network's precision on held photos.

    Args:
        facts: of the run that the recipe does not say; they go into the card.
        held: validation photos; they are not trained on.
    """
    export_detector(network, stem.with_name(stem.name + ".onnx"))
    card = {
        "name": recipe.name,
        "version": recipe.version,
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
        "thresholds": {"guided": LEAST_SCORE, "unguided": SURE_SCORE},
    }
    path = stem.with_name(stem.name + ".json")
    path.write_text(json.dumps(card, indent=1) + "\n")
    if held:
        guided, unguided = evaluate(Detector(stem), held, Taxonomy.load())
        found = {"guided": guided, "unguided": unguided}
        card["validation"] = {
            "photos": len(held),
            "least_boxes": 1,
            **{name: precision.mean(1) for name, precision in found.items()},
        }
        path.write_text(json.dumps(card, indent=1) + "\n")
