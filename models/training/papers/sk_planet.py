"""Tables of the first paper (SK Planet, 2016), on our photos: the paper exactly, and what we ship.

"The paper exactly" is the LSTM without a part straight from the image, trained and sampled without
the grammar; ``python -m tests.benchmarks.paper_exactly`` measures what it means for search. Its
encoder is EfficientNet-Lite0. The paper's own, ResCeption, is in the row ``resception``: from
scratch, at a quarter of the width, decoded as we do.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import DEFAULT_MODEL, open_recogniser
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.recognition.sequence_recogniser import SequenceRecogniser
from houndstooth.models.runtime.card import WEIGHTS, Card
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.datasets.products import COLUMNS
from houndstooth.models.training.inputs import Inputs
from houndstooth.models.training.metrics import TrueTerms, image_precision_recall
from houndstooth.models.training.papers.rows import Row
from houndstooth.models.training.papers.runs import Paper, Results, Run
from houndstooth.models.training.papers.tables import estimate, mean_of, table
from houndstooth.models.training.photo_run import run, true_likelihoods, true_terms
from houndstooth.models.training.samples import Split

EXACT = "paper-exactly"
ROWS = (
    Row("default", DEFAULT_MODEL, shipped=True),
    Row(EXACT, "attribute-sequence-paper"),
    Row("resception", "resception", {"epochs": 4}),
)
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
MOST_PHOTOS = 1000
"""Of a split; of more, so many are taken at even distances."""

SEARCH = "search.json"
"""What ``tests.benchmarks.paper_exactly`` writes into the folder of this paper."""

TABLE_2 = {
    "precision": (0.866, 0.842, 0.841),
    "recall": (0.867, 0.841, 0.842),
    "nll": (0.298, 0.363, 0.363),
}
TABLE_3 = {
    "guided": (
        (0.877, 0.872, 0.855, 0.716, 0.225),
        (0.779, 0.673, 0.524, 0.296, 0.049),
    ),
    "not guided": (
        (0.849, 0.842, 0.818, 0.684, 0.223),
        (0.677, 0.592, 0.480, 0.284, 0.048),
    ),
}
"""mAP at IoU 0.5 to 0.9: the paper's (the cells 0.6, 0.7 and 0.9 are in its earlier version alone),
and that of guided-detector-3 by ``houndstooth evaluate --street`` on our test split."""


def open_exactly(stem: Path, taxonomy: Taxonomy, seed: int = 1) -> SequenceRecogniser:
    """Open a trained network to be sampled as in the paper, without the grammar."""
    generator = np.random.default_rng(seed)
    card = Card.read(stem)
    return SequenceRecogniser(stem, card, taxonomy, None, generator=generator, free=True)


def evaluate(row: Row, inputs: Inputs) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Compute precision, recall and NLL of each photo, by split, and images/s.

    Predicted terms of groups without a label count in neither. NLL is the mean over an image's
    labels, each given those before it.
    """
    taxonomy, seed = inputs.taxonomy, inputs.recipe.seed
    sampled = row.name == EXACT
    recogniser: Recogniser
    if sampled:
        recogniser = open_exactly(inputs.stem, taxonomy, seed)
    else:
        stem = WEIGHTS / row.recipe if row.shipped else inputs.stem
        recogniser = open_recogniser(stem, taxonomy)
    extractor = ImageExtractor(recogniser, inputs.locator)
    facts: dict[str, Any] = {"heads": recogniser.card.heads}
    arrays: dict[str, NDArray[Any]] = {}
    for split in SPLITS:
        samples = inputs.split(split)
        samples = samples[:: -(-len(samples) // MOST_PHOTOS)]
        done = run(extractor, samples)
        known = [true_terms(sample, taxonomy, COLUMNS) for sample in samples]
        scored = np.array([
            image_precision_recall(_said(prediction, taxonomy, sampled), truth)
            for prediction, truth in zip(done.predictions, known, strict=True)
        ])  # fmt: skip
        guided = run(extractor, samples, [{sample.category} for sample in samples])
        arrays |= {
            f"{split}_precision": scored[:, 0],
            f"{split}_recall": scored[:, 1],
            f"{split}_nll": _nll(recogniser, guided.crops, known),
        }
        facts["images_per_s"] = round(len(samples) / done.seconds, 1)
    return facts, arrays


def _said(prediction: Prediction, taxonomy: Taxonomy, sampled: bool) -> dict[str, Collection[str]]:
    """List what a prediction says, by head.

    Args:
        sampled: whether it has the sampled terms alone; else the best of each group are said.
    """
    groups = {
        group: terms if sampled else [max(terms, key=terms.__getitem__)]
        for group, terms in prediction.groups.items()
    }
    great = taxonomy.great_category(prediction.category)
    return {GREAT_CATEGORY: [great], CATEGORY: [prediction.category], **groups}


def _nll(
    recogniser: Recogniser, crops: Sequence[Crop], known: Sequence[TrueTerms]
) -> NDArray[np.float64]:
    """Average each image's negative log-likelihoods over its labels, in nats: [n]."""
    likelihoods = true_likelihoods(recogniser, crops, known)
    return np.array([-np.log(np.maximum([*each.values()], 1e-9)).mean() for each in likelihoods])


def _values(run: Run, split: Split, figure: str) -> NDArray[Any]:
    with np.load(f"{run.stem}.scores.npz", allow_pickle=False) as arrays:
        return np.asarray(arrays[f"{split}_{figure}"])


def _search(path: Path) -> list[str]:
    """Write what the search finds, as tests.benchmarks.paper_exactly measured it; if it did."""
    if not path.exists():
        return []
    found = json.loads(path.read_text("utf-8"))
    rows = [
        [name, way, *(f"{figure:.3f}" for figure in figures)]
        for name, by_way in found["figures"].items()
        for way, figures in by_way.items()
    ]
    return [
        f"The search with {found['queries']} photos: `python -m tests.benchmarks.paper_exactly`. "
        f"{EXACT} also has codes binarised at 0, plain colour bins, ranking by looks alone, and "
        "the whole posting list.",
        table(["search", "category", *found["header"]], rows),
    ]


def report(results: Results) -> str:
    """Write Tables 2 and 3, and the search where it was measured."""
    rows = []
    for figure, paper in TABLE_2.items():
        rows.append([figure, "the paper's", *(f"{value:.3f}" for value in paper), ""])
        for row in ROWS:
            runs = results.of(row.name)
            cells = []
            for split in SPLITS:
                values = [_values(run, split, figure) for run in runs]
                photos = len(values[0]) if values else 0
                cells.append(estimate([mean_of(each) for each in values], photos))
            rows.append([figure, row.name, *cells, results.speed(row.name)])
    boxes = [
        [f"{name}, {whose}", *(f"{value:.3f}" for value in values)]
        for name, both in TABLE_3.items()
        for whose, values in zip(("the paper's", "guided-detector-3"), both, strict=True)
    ]
    return "\n\n".join([
        f"Table 2. At most {MOST_PHOTOS} photos of a split. {EXACT} samples its terms, so its NLL "
        "says more of the network than its precision does.",
        table(["figure", "recogniser", *SPLITS, "images/s"], rows),
        "Table 3, mAP by IoU: `houndstooth evaluate --street street/`.",
        table(["detector", *(f"{iou:.1f}" for iou in np.arange(0.5, 1.0, 0.1))], boxes),
        *_search(results.folder / SEARCH),
    ])  # fmt: skip


PAPER = Paper("sk-planet", "Visual search at SK Planet", ROWS, report, evaluate)
