"""What of a recogniser is true often enough to be stored: measured, and written into its card.

Photos of the validation and test parts are recognised from the picture alone, as serving does.
Three things are decided by them:

- from which probability on a term is stored, and which terms never are (``measured_terms``);
- from which probability on a category is, where no text says it;
- how much rarer categories are favoured. Networks see few of a rare category, and
  say it too seldom. Dividing by a power of a category's share of the training photos evens that out
  (logit adjustment, Menon et al. 2021). The power is chosen on validation photos alone: the one
  with the best mean accuracy over categories among those that lose no accuracy over photos.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.recognition.ensemble import Ensemble
from houndstooth.models.recognition.prediction import Prediction, weighed
from houndstooth.models.recognition.sequence_recogniser import SequenceRecogniser
from houndstooth.models.runtime.card import CATEGORY_MEASURED, MeasuredTerm, read_json, write_keys
from houndstooth.models.training.measured_terms import JudgedTerms, measure_share, measure_terms
from houndstooth.models.training.metrics import mean_class_accuracy
from houndstooth.models.training.photo_run import decodable, run
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.teacher import is_kept_back
from houndstooth.models.training.thresholds import select_thresholds

PAGE = """# Which attributes are stored from a picture

What the seller's text says is always stored. From a picture alone a term is stored only where it is
right nine times in ten. {stored} of the taxonomy's terms are, by `{model}`; each from its own
probability on. All others are preferred in a search, by their probability, and never stored.
`houndstooth measure` makes this page; REST tells `precision` with each term, and so does the page's
menu.

*Precision* is the share of labelled photos at or above the threshold that show the term, *error*
its standard error, *photos* their number. "category" is the best category, whichever it is: below
its threshold a product's category is unknown unless its text says it.

| term | stored from | precision | error | photos |
|---|---|---|---|---|
{rows}

Never stored from a picture:

{never}
"""

POWERS = np.arange(0.0, 0.55, 0.05)

Weights = Mapping[str, float]


def measure(
    stem: Path,
    samples: Sequence[Sample],
    taxonomy: Taxonomy,
    cross_fitted: JudgedTerms | None = None,
) -> dict[str, MeasuredTerm]:
    """Measure a recogniser, and write the result into its card.

    Args:
        stem: path of the card without ``.json``.
        samples: training samples tell how rare categories are; the others are recognised.
        cross_fitted: predictions of training photos by a term reader that did not see them.

    Returns:
        By term, in taxonomy order; first the category, see ``CATEGORY_MEASURED``.

    Raises:
        InvalidConfig: there is no such recogniser.
        InvalidFeed: there are no labelled photos for validation and test.
    """
    held_back = [sample for sample in samples if sample.split != "train"]
    if not held_back:
        raise InvalidFeed("expected labelled photos for validation or test; got none")
    extractor = load_extractor(taxonomy, stem.name, weights=stem.parent)
    held_back = decodable(held_back, extractor)
    recogniser, changes = extractor.recogniser, dict[str, Any]()
    least: Weights = {}
    if isinstance(recogniser, Ensemble):
        least = recogniser.reader.thresholds if recogniser.reader else {}
    elif recogniser.card.terms:
        cross_fitted = _kept_back(extractor, samples)
        least = _said_from(cross_fitted) if cross_fitted else {}
    if isinstance(recogniser, Ensemble | SequenceRecogniser):
        recogniser.category_weights = {}
    predictions = run(extractor, held_back).predictions
    if isinstance(recogniser, Ensemble | SequenceRecogniser):
        weights = category_weights(predictions, held_back, samples)
        recogniser.category_weights = changes["category_weights"] = weights
        predictions = _recognised_again(extractor, held_back, predictions, weights)
    measured = {
        **_measured_category(predictions, held_back),
        **measure_terms(JudgedTerms.of(predictions, held_back, taxonomy), cross_fitted, least),
    }
    changes["measured"] = {term: asdict(each) for term, each in measured.items()}
    write_keys(stem, {**read_json(stem), **changes})
    return measured


def _kept_back(extractor: ImageExtractor, samples: Sequence[Sample]) -> JudgedTerms | None:
    """Recognise the training photos that were kept back from a network that a teacher taught.

    Returns:
        What they say of the network's terms; None where there are no such photos.
    """
    terms, taxonomy = extractor.recogniser.card.terms, extractor.locator.taxonomy
    groups = {group_of(term) for term in terms}
    labelled = [s for s in samples if s.split == "train" and s.known & groups and is_kept_back(s)]
    if not labelled:
        return None
    labelled = decodable(labelled, extractor)
    predictions = run(extractor, labelled).predictions
    judged = JudgedTerms.of(predictions, labelled, taxonomy)
    own = [judged.terms.index(term) for term in terms if term in judged.terms]
    columns = (judged.probabilities[:, own], judged.true[:, own], judged.known[:, own])
    return JudgedTerms(tuple(judged.terms[at] for at in own), *columns)


def _said_from(judged: JudgedTerms) -> dict[str, float]:
    """Select by term the probability from which on it is more right than wrong to say it."""
    probabilities = judged.probabilities
    thresholds = select_thresholds(probabilities, judged.true.astype(np.uint8), judged.known)
    pairs = zip(judged.terms, thresholds.tolist(), strict=True)
    return {term: round(least, 4) for term, least in pairs if np.isfinite(least)}


def category_weights(
    predictions: Sequence[Prediction], held_back: Sequence[Sample], samples: Sequence[Sample]
) -> dict[str, float]:
    """Choose by how much to multiply the probability of each category.

    Args:
        predictions: of the photos held back, unweighed.
        held_back: those for validation decide.
        samples: those for training are counted.

    Returns:
        By leaf, at least 1 of the most frequent; empty where no power is better than none.
    """
    counts = Counter(sample.category for sample in samples if sample.split == "train")
    leaves = sorted({leaf for prediction in predictions for leaf in prediction.categories})
    pairs = [
        (prediction, sample)
        for prediction, sample in zip(predictions, held_back, strict=True)
        if sample.split == "validation" and sample.category in leaves
    ]
    if not pairs or not counts:
        return {}
    probabilities = np.array([[p.categories.get(leaf, 0.0) for leaf in leaves] for p, _ in pairs])
    truth = np.array([leaves.index(sample.category) for _, sample in pairs])
    most = max(counts.values())
    rarity = np.array([most / max(counts[leaf], 1) for leaf in leaves])
    power = _best_power(probabilities, truth, rarity)
    weights = zip(leaves, rarity**power, strict=True)
    return {leaf: round(float(weight), 4) for leaf, weight in weights} if power else {}


def _best_power(
    probabilities: NDArray[np.float64], truth: NDArray[np.int64], rarity: NDArray[np.float64]
) -> float:
    right = [(probabilities * rarity**power).argmax(axis=1) == truth for power in POWERS]
    accuracy = np.array([each.mean() for each in right])
    macro = np.array([mean_class_accuracy(each, truth) for each in right])
    macro[accuracy < accuracy[0]] = -np.inf
    return float(POWERS[int(macro.argmax())])


def _recognised_again(
    extractor: ImageExtractor,
    samples: Sequence[Sample],
    before: Sequence[Prediction],
    weights: Weights,
) -> list[Prediction]:
    """Weigh the categories, and recognise the photos again whose best one is another then."""
    found = [replace(each, categories=weighed(each.categories, weights)) for each in before]
    changed = [
        at
        for at, each in enumerate(found)
        if max(each.categories, key=each.categories.__getitem__) != each.category
    ]
    again = run(extractor, [samples[at] for at in changed]).predictions
    for at, prediction in zip(changed, again, strict=True):
        found[at] = prediction
    return found


def _measured_category(
    predictions: Sequence[Prediction], samples: Sequence[Sample]
) -> dict[str, MeasuredTerm]:
    sure = np.array([round(max(prediction.categories.values()), 4) for prediction in predictions])
    right = np.array([
        prediction.category == sample.category
        for prediction, sample in zip(predictions, samples, strict=True)
    ])  # fmt: skip
    found = measure_share(sure, right)
    return {CATEGORY_MEASURED: found} if found else {}


def measured_page(model: str, measured: Mapping[str, MeasuredTerm], taxonomy: Taxonomy) -> str:
    """Write the page of all terms in Markdown: from what on each is stored, and how true it is."""
    terms = [term for term in taxonomy.attribute_terms() if term in measured]
    rows = [
        f"| {term} | {m.threshold:.2f} | {m.precision:.3f} | {m.error:.3f} | {m.photos} |"
        for term in (CATEGORY_MEASURED, *terms)
        if (m := measured.get(term))
    ]
    never = {
        name: [value for value in group.values if f"{name}:{value}" not in measured]
        for name, group in taxonomy.groups.items()
    }
    lines = [f"- {name}: {', '.join(values)}" for name, values in never.items() if values]
    return PAGE.format(model=model, stored=len(terms), rows="\n".join(rows), never="\n".join(lines))
