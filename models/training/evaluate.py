"""Evaluation of a recogniser on labelled photos.

A file that the model was trained on is evaluated by its test split alone, any other by all its
photos. Of a products.csv the groups with a column count, of a plain CSV all that have a label.
Precision and recall are those of the paper's Table 2: per image, of the predicted set of terms
against the labels; a term is right if it is among the true ones. NLL is in nats per label, given
the true terms before it. Guided means that the true category is given, as a shop's text or a
shopper's choice gives it. ACC is the share of photos that are right, MACC its mean over the terms.

Of every group it is told what would be stored, from photos alone and with the seller's text, and
how true that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor, open_recogniser
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.calibrate import expected_calibration_error
from houndstooth.models.training.datasets.plain_csv import csv_samples
from houndstooth.models.training.datasets.products import COLUMNS, product_rows, product_samples
from houndstooth.models.training.metrics import (
    TrueTerms,
    group_scores,
    precision_recall,
    term_precision,
)
from houndstooth.models.training.photo_run import (
    BATCH,
    Run,
    decodable,
    run,
    true_likelihoods,
    true_terms,
)
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.stored_terms import (
    group_figures,
    stored_from_picture,
    stored_with_text,
)


def evaluate(
    name: str,
    labels: Path,
    split: str | None = None,
    weights: Path = WEIGHTS,
    taxonomy: Taxonomy | None = None,
    *,
    plain_csv: bool = False,
) -> dict[str, Any]:
    """Compute all figures of a recogniser on a products.csv or a plain CSV.

    Args:
        name: name of the recogniser, or its path without ``.json``.
        labels: the file.
        split: ``train``, ``validation``, ``test`` or ``all``; None decides as the module says.
        weights: the folder in which ``name`` is a name.
        taxonomy: None is the shipped one.
        plain_csv: whether the file is a plain CSV.

    Raises:
        InvalidConfig: there is no such recogniser.
        InvalidFeed: the file is of another form, or has no photo in that split.
    """
    taxonomy = taxonomy or Taxonomy.load()
    all_samples = list((csv_samples if plain_csv else product_samples)(labels, taxonomy))
    extractor = load_extractor(taxonomy, name, weights=weights)
    trained_on = extractor.recogniser.card.trained_on
    trained = hashlib.sha256(labels.read_bytes()).hexdigest() in trained_on
    split = split or ("test" if trained else "all")
    samples = [s for s in all_samples if split in (s.split, "all")]
    if not samples:
        raise InvalidFeed(f"expected photos of the {split} split in {labels.name}; got none")
    samples = decodable(samples, extractor)
    rest = _labelled_groups(samples, taxonomy) if plain_csv else tuple(COLUMNS)
    groups = (GREAT_CATEGORY, CATEGORY, *rest)
    known = [true_terms(sample, taxonomy, rest) for sample in samples]
    free = run(extractor, samples)
    guided = run(extractor, samples, [{sample.category} for sample in samples])
    plain = open_recogniser(weights / name, taxonomy, calibrated=False)
    uncalibrated: list[Prediction] = []
    for first in range(0, len(samples), BATCH):
        crops = free.crops[first : first + BATCH]
        choices = free.choices[first : first + BATCH]
        uncalibrated += encode_and_predict(plain, crops, choices)[1]
    likelihoods = [
        {head: p for head, p in of_photo.items() if head in rest}
        for of_photo in true_likelihoods(extractor.recogniser, guided.crops, known)
    ]
    return {
        **_figures(free.predictions, known, likelihoods, taxonomy, groups),
        "guided": _guided(_figures(guided.predictions, known, likelihoods, taxonomy, rest)),
        "unguided_rest": _figures(free.predictions, known, likelihoods, taxonomy, rest),
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
        "stored": _stored(extractor, samples, free, None if plain_csv else labels, taxonomy),
        "images_per_s": round(len(samples) / free.seconds, 1),
        "model": extractor.model,
        "split": split,
        "photos": len(samples),
    }


def _stored(
    extractor: ImageExtractor,
    samples: Sequence[Sample],
    free: Run,
    products: Path | None,
    taxonomy: Taxonomy,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Compute the figures of what is stored, by source, by group.

    Args:
        free: the photos recognised without their text.
        products: the file with sellers' names, where there are some.
    """
    measured = extractor.recogniser.card.measured
    stored = {"picture": [stored_from_picture(each, measured) for each in free.predictions]}
    if products:
        names = {
            products.parent / r["file"]: r["productDisplayName"] for r in product_rows(products)
        }
        texts = [read_seller_text(taxonomy, names[sample.path]) for sample in samples]
        # As ingest does: within what the name says.
        done = run(extractor, samples, [text.categories or None for text in texts])
        stored["text"] = [
            stored_with_text(prediction, text, measured, taxonomy)
            for prediction, text in zip(done.predictions, texts, strict=True)
        ]
    return {
        source: {g: asdict(row) for g, row in group_figures(terms, samples, taxonomy).items()}
        for source, terms in stored.items()
    }


def _labelled_groups(samples: Sequence[Sample], taxonomy: Taxonomy) -> tuple[str, ...]:
    """List the attribute groups of which any sample has a label, in taxonomy order."""
    labelled = {group for sample in samples for group in sample.terms}
    return tuple(group for group in taxonomy.groups if group in labelled)


def _best_terms(prediction: Prediction, taxonomy: Taxonomy) -> dict[str, str]:
    best = {group: max(terms, key=terms.__getitem__) for group, terms in prediction.groups.items()}
    return {
        GREAT_CATEGORY: taxonomy.great_category(prediction.category),
        CATEGORY: prediction.category,
        **best,
    }


def _figures(
    predictions: Sequence[Prediction],
    known: Sequence[TrueTerms],
    likelihoods: Sequence[Mapping[str, float]],
    taxonomy: Taxonomy,
    groups: Sequence[str],
) -> dict[str, Any]:
    """Compute precision, recall, NLL and the groups' scores."""
    best = [_best_terms(prediction, taxonomy) for prediction in predictions]
    truth = [{g: t for g, t in terms.items() if g in groups} for terms in known]
    precision, recall = precision_recall(best, truth)
    shares = [p for terms in likelihoods for group, p in terms.items() if group in groups]
    if CATEGORY in groups:
        pairs = zip(predictions, known, strict=True)
        shares += [p.categories.get(k[CATEGORY][0], 0.0) for p, k in pairs]
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "nll": round(_negative_log_likelihood(shares), 4),
        "groups": group_scores(best, truth, groups),
    }


def _negative_log_likelihood(probabilities: Sequence[float]) -> float:
    """Average over the probabilities of true terms, nats; not a number where there are none."""
    if not probabilities:
        return float("nan")
    return float(-np.log(np.maximum(probabilities, 1e-9)).mean())


def _guided(figures: dict[str, Any]) -> dict[str, Any]:
    """Add each group's scores at the first level of the figures too."""
    return {**figures, **figures["groups"]}


def _calibration(predictions: Sequence[Prediction], known: Sequence[TrueTerms]) -> float:
    """Compute the expected calibration error of the best terms of all groups together."""
    confidence, right = [], []
    for prediction, truth in zip(predictions, known, strict=True):
        for group, terms in {CATEGORY: prediction.categories, **prediction.groups}.items():
            if group in truth:
                best = max(terms, key=terms.__getitem__)
                confidence.append(terms[best])
                right.append(best in truth[group])
    return expected_calibration_error(np.array(confidence, np.float32), np.array(right))


def _colour_precision(predictions: Sequence[Prediction], known: Sequence[TrueTerms]) -> float:
    pairs = [(p, k["colour"]) for p, k in zip(predictions, known, strict=True) if "colour" in k]
    return term_precision([p.groups.get("colour", {}) for p, _ in pairs], [c for _, c in pairs])


def print_stored(figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Print what would be stored of each group as a table."""
    print("| group | photos | labelled | coverage | precision | recall | micro-F1 | macro-F1 |")
    print("|---|---|---|---|---|---|---|---|")
    for group, row in figures.items():
        cells = ["–" if value is None else str(value) for value in row.values()]
        print(f"| {group} | {' | '.join(cells)} |")


def print_tables(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    rest, guided = figures["unguided_rest"], figures["guided"]
    print(f"{figures['model']}: {figures['photos']} photos, split {figures['split']}\n")
    print("| terms | precision | recall | NLL per term |")
    print("|---|---|---|---|")
    for name, row in (("all", figures), ("rest, unguided", rest), ("rest, guided", guided)):
        print(f"| {name} | {row['precision']} | {row['recall']} | {row['nll']} |")
    print("\n| group | ACC | MACC | macro-F1 | guided ACC | guided MACC | guided macro-F1 |")
    print("|---|---|---|---|---|---|---|")
    for group, row in figures["groups"].items():
        given = guided["groups"].get(group, dict.fromkeys(row, "given"))
        cells = [str(scores[key]) for scores in (row, given) for key in row]
        print(f"| {group} | {' | '.join(cells)} |")
    for source, title in (("picture", "photos alone"), ("text", "photos and sellers' text")):
        if source in figures["stored"]:
            print(f"\nStored, by {title}:\n")
            print_stored(figures["stored"][source])
    terms = figures["term_to_product"]
    print(f"\nexpected calibration error {figures['ece']} (uncalibrated {figures['ece_before']})")
    print(f"term to product, P@10: category {terms[CATEGORY]}, colour {terms['colour']}")
    print(f"{figures['images_per_s']} images/s")
