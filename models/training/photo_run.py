"""Recognition of labelled photos as serving does it, in batches of its size."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from houndstooth.mappings.errors import InvalidFeed, InvalidImage
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.prediction import Choice, Prediction
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.metrics import TrueTerms
from houndstooth.models.training.samples import Sample

_LOG = logging.getLogger(__name__)

BATCH = 32


@dataclass
class Run:
    """The predictions for all photos, with their crops and choices.

    Attributes:
        seconds: time of locating and recognising the items, without reading and decoding.
    """

    predictions: list[Prediction] = field(default_factory=list)
    crops: list[Crop] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    seconds: float = 0.0


def decodable(samples: Sequence[Sample], extractor: Extractor) -> list[Sample]:
    """Leave out photos that cannot be decoded, each with a warning.

    Raises:
        InvalidFeed: none is left.
    """
    kept = []
    for sample in samples:
        try:
            extractor.decode(sample.path.read_bytes())
        except (InvalidImage, OSError) as error:
            _LOG.warning("left out %s: %s", sample.path, error)
        else:
            kept.append(sample)
    if not kept:
        raise InvalidFeed(f"expected photos that can be decoded; got none of {len(samples)}")
    return kept


def run(
    extractor: ImageExtractor, samples: Sequence[Sample], choices_of: Sequence[Choice] | None = None
) -> Run:
    """Recognise all photos as serving does.

    Args:
        choices_of: the leaf categories that each may show; None is all of all.
    """
    results = Run()
    guides: Sequence[Choice] = choices_of or [None] * len(samples)
    for first in tqdm(range(0, len(samples), BATCH), "recognising", unit=" batches", leave=False):
        here, choices = samples[first : first + BATCH], guides[first : first + BATCH]
        images = [extractor.decode(sample.path.read_bytes()) for sample in here]
        start = time.perf_counter()
        items = extractor.recognise(images, choices)
        results.seconds += time.perf_counter() - start
        results.crops += [item.view.crop for item in items]
        results.choices += choices
        results.predictions += [item.prediction for item in items]
    return results


def true_terms(sample: Sample, taxonomy: Taxonomy, groups: Collection[str]) -> TrueTerms:
    """Look up the true categories and terms of some groups, those that are known."""
    stated = {group: sample.terms[group] for group in groups if group in sample.terms}
    great = taxonomy.great_category(sample.category)
    return {GREAT_CATEGORY: (great,), CATEGORY: (sample.category,), **stated}


def true_likelihoods(
    recogniser: Recogniser, crops: Sequence[Crop], known: Sequence[TrueTerms]
) -> list[dict[str, float]]:
    """Compute the likelihood of the first true term of each head, in batches; see Recogniser.

    Only heads of ``known`` are told.
    """
    likelihoods: list[dict[str, float]] = []
    for start in range(0, len(crops), BATCH):
        here = slice(start, start + BATCH)
        first = [{head: terms[0] for head, terms in truth.items()} for truth in known[here]]
        likelihoods += recogniser.likelihoods(crops[here], first)
    return likelihoods
