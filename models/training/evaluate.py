"""``python -m models.training.evaluate NAME --products CSV [--json]``: how well a recogniser knows.

NAME is a trained model in models/weights, or ``default``. A file that the model was trained on is
judged by its test split alone; any other by all its photos. Judged are the groups that a
products.csv has columns for, except the year: great category, category, colour, gender, season and
usage. Precision and recall are those of the paper's Table 2: per image, of the predicted set of
terms against the known ones. NLL is in nats per known term, the terms before it being right.
Guided means that the true category is given, as a shop's text or a shopper's choice gives it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from houndstooth.mappings.errors import HoundstoothError, InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import DEFAULT_MODEL, load_extractor, open_recogniser
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.prediction import Choice, Prediction
from houndstooth.models.recognition.recogniser import Recogniser, encode_and_predict
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.calibrate import expected_calibration_error
from houndstooth.models.training.datasets.products import COLUMNS, product_samples
from houndstooth.models.training.metrics import group_scores, precision_recall, term_precision
from houndstooth.models.training.samples import Sample

BATCH = 32
GROUPS = (GREAT_CATEGORY, CATEGORY, *COLUMNS)
# What a guided recogniser is not told.
REST = tuple(COLUMNS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate, print the tables, and with ``--json`` one line of JSON."""
    options = _options(arguments)
    try:
        taxonomy = Taxonomy.load(options.taxonomy)
        figures = evaluate(options.name, options.products, options.split, options.weights, taxonomy)
    except HoundstoothError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    print_tables(figures)
    if options.json:
        print(json.dumps(figures))
    return 0


def evaluate(
    name: str,
    products: Path,
    split: str | None = None,
    weights: Path = WEIGHTS,
    taxonomy: Taxonomy | None = None,
) -> dict[str, Any]:
    """All figures of a model on a products.csv.

    Args:
        split: ``train``, ``validation``, ``test`` or ``all``; None decides as the module says.
        weights: folder of the model.
        taxonomy: None is the shipped one.

    Raises:
        InvalidConfig: no such model.
        InvalidFeed: not a products.csv, or no photo in that split.
    """
    taxonomy = taxonomy or Taxonomy.load()
    name = DEFAULT_MODEL if name == "default" else name
    all_samples = list(product_samples(products, taxonomy))
    extractor = load_extractor(taxonomy, name, weights=weights)
    card = extractor.recogniser.card
    seen = hashlib.sha256(products.read_bytes()).hexdigest() in card.trained_on
    split = split or ("test" if seen else "all")
    samples = [s for s in all_samples if split in (s.split, "all")]
    if not samples:
        raise InvalidFeed(f"expected photos of the {split} split in {products.name}; got none")
    known = [_known(sample, taxonomy) for sample in samples]
    free = run(extractor, samples, guided=False)
    guided = run(extractor, samples, guided=True)
    plain = open_recogniser(weights / name, taxonomy, calibrated=False)
    uncalibrated: list[Prediction] = []
    for first in range(0, len(samples), BATCH):
        crops = free.crops[first : first + BATCH]
        choices = free.choices[first : first + BATCH]
        uncalibrated += encode_and_predict(plain, crops, choices)[1]
    likely = _likelihoods(extractor.recogniser, guided.crops, known)
    return {
        **_figures(free.predictions, known, likely, taxonomy, GROUPS),
        "guided": _guided(_figures(guided.predictions, known, likely, taxonomy, REST)),
        "unguided_rest": _figures(free.predictions, known, likely, taxonomy, REST),
        "ece": round(_calibration(free.predictions, known), 4),
        "ece_before": round(_calibration(uncalibrated, known), 4),
        "term_to_product": {
            CATEGORY: round(
                term_precision(
                    [r.categories for r in free.predictions], [k[CATEGORY] for k in known]
                ),
                4,
            ),
            "colour": round(_colour_precision(free.predictions, known), 4),
        },
        "images_per_s": round(len(samples) / free.seconds, 1),
        "model": extractor.model,
        "split": split,
        "photos": len(samples),
    }


@dataclass
class Run:
    """The predictions for all photos, their crops and choices, and how long they took.

    Attributes:
        seconds: of finding the items and recognising them; reading and decoding left out.
    """

    predictions: list[Prediction] = field(default_factory=list)
    crops: list[Crop] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    seconds: float = 0.0


def run(extractor: ImageExtractor, samples: Sequence[Sample], guided: bool) -> Run:
    """All photos through the way that serves, in batches as serving has them."""
    found = Run()
    for first in tqdm(range(0, len(samples), BATCH), unit=" batches", leave=False):
        here = samples[first : first + BATCH]
        images = [extractor.decode(sample.path.read_bytes()) for sample in here]
        choices: list[Choice] = [{s.category} if guided else None for s in here]
        start = time.perf_counter()
        items = extractor.recognise(images, choices)
        found.seconds += time.perf_counter() - start
        found.crops += [item.view.crop for item in items]
        found.choices += choices
        found.predictions += [item.prediction for item in items]
    return found


def _known(sample: Sample, taxonomy: Taxonomy) -> dict[str, str]:
    """The terms that a products.csv states."""
    stated = {group: sample.terms[group] for group in COLUMNS if group in sample.terms}
    great = taxonomy.great_category(sample.category)
    return {GREAT_CATEGORY: great, CATEGORY: sample.category, **stated}


def _found(seen: Prediction, taxonomy: Taxonomy) -> dict[str, str]:
    best = {group: max(likely, key=likely.__getitem__) for group, likely in seen.groups.items()}
    return {
        GREAT_CATEGORY: taxonomy.great_category(seen.category),
        CATEGORY: seen.category,
        **best,
    }


def _figures(
    seen: Sequence[Prediction],
    known: Sequence[Mapping[str, str]],
    likely: Sequence[Mapping[str, float]],
    taxonomy: Taxonomy,
    groups: Sequence[str],
) -> dict[str, Any]:
    """Precision, recall, NLL and the groups' scores."""
    found = [_found(one, taxonomy) for one in seen]
    truth = [{g: t for g, t in terms.items() if g in groups} for terms in known]
    precision, recall = precision_recall(found, truth)
    shares = [p for terms in likely for group, p in terms.items() if group in groups]
    if CATEGORY in groups:
        shares += [s.categories.get(k[CATEGORY], 0.0) for s, k in zip(seen, known, strict=True)]
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "nll": round(float(-np.log(np.maximum(shares, 1e-9)).mean()), 4),
        "groups": group_scores(found, truth, groups),
    }


def _guided(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures, and each group's scores at the first level too, as readers may look there."""
    return {**figures, **figures["groups"]}


def _likelihoods(
    recogniser: Recogniser, crops: Sequence[Crop], known: Sequence[Mapping[str, str]]
) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for start in range(0, len(crops), BATCH):
        here = slice(start, start + BATCH)
        found += recogniser.likelihoods(crops[here], known[here])
    return [{g: p for g, p in terms.items() if g in REST} for terms in found]


def _calibration(seen: Sequence[Prediction], known: Sequence[Mapping[str, str]]) -> float:
    """Expected calibration error of the first choices of all judged groups together."""
    confidence, right = [], []
    for one, truth in zip(seen, known, strict=True):
        for group, likely in {CATEGORY: one.categories, **one.groups}.items():
            if group in truth:
                best = max(likely, key=likely.__getitem__)
                confidence.append(likely[best])
                right.append(best == truth[group])
    return expected_calibration_error(np.array(confidence, np.float32), np.array(right))


def _colour_precision(seen: Sequence[Prediction], known: Sequence[Mapping[str, str]]) -> float:
    pairs = [(s, k["colour"]) for s, k in zip(seen, known, strict=True) if "colour" in k]
    return term_precision([s.groups.get("colour", {}) for s, _ in pairs], [c for _, c in pairs])


def print_tables(figures: dict[str, Any]) -> None:
    """For people."""
    rest, guided = figures["unguided_rest"], figures["guided"]
    print(f"{figures['model']}: {figures['photos']} photos, split {figures['split']}\n")
    print("| terms | precision | recall | NLL per term |")
    print("|---|---|---|---|")
    for name, row in (("all", figures), ("rest, unguided", rest), ("rest, guided", guided)):
        print(f"| {name} | {row['precision']} | {row['recall']} | {row['nll']} |")
    print("\n| group | accuracy | macro-F1 | guided accuracy | guided macro-F1 |")
    print("|---|---|---|---|---|")
    for group, row in figures["groups"].items():
        told = guided["groups"].get(group, {"accuracy": "given", "macro_f1": "given"})
        print(
            f"| {group} | {row['accuracy']} | {row['macro_f1']} "
            f"| {told['accuracy']} | {told['macro_f1']} |"
        )
    terms = figures["term_to_product"]
    print(f"\nexpected calibration error {figures['ece']} (uncalibrated {figures['ece_before']})")
    print(f"term to product, P@10: category {terms[CATEGORY]}, colour {terms['colour']}")
    print(f"{figures['images_per_s']} images/s")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help="a model's name and version, or default")
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--split", choices=["train", "validation", "test", "all"])
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the models")
    parser.add_argument("--taxonomy", type=Path, help="a shop's own (the shipped one)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
