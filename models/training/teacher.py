"""What a teacher says of the training photos, for distillation (Hinton et al. 2015).

The teacher recognises each photo once, as it is; its answers are kept in a file beside the network
that learns them, and not in the repository. What people saw in a photo counts half where it is
known. A fold of the photos that people labelled is kept back: of these nothing is learned in the
labelled groups, and they judge the network in ``measure``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.recognition.ensemble import Ensemble
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.training.crops import load_crops
from houndstooth.models.training.samples import Sample, is_drawn
from houndstooth.models.training.soft_labels import (
    SoftLabels,
    class_names,
    first_rows,
    fold_of,
    sample_key,
)
from houndstooth.models.training.terms import label_matrices
from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary

FOLDS = 4
"""One in so many of the photos that people labelled is kept back."""

CHUNK, BATCH = 256, 32
"""Photos whose answers are written at once, and that are recognised at once."""

UNANSWERED = -1.0
"""Stands for a term of which the teacher says nothing."""

Halves = NDArray[np.float16]


@dataclass(frozen=True)
class Answers:
    """The answers of a teacher, by photo.

    Attributes:
        soft_labels: categories, and the groups of the sequence given the true category.
        terms: attribute terms, ``group:value``.
        probabilities: of the terms, float16 [n, terms]; UNANSWERED where the category lacks the
            group.
        features: the teacher's, standardised, float16 [n, d].
    """

    soft_labels: SoftLabels
    terms: tuple[str, ...]
    probabilities: Halves
    features: Halves

    def write(self, path: Path) -> None:
        """Write a compressed NPZ without pickles."""
        np.savez_compressed(
            path,
            keys=np.array(list(self.soft_labels.row_of)),
            classes=np.array(self.soft_labels.classes),
            soft_labels=self.soft_labels.probabilities,
            terms=np.array(self.terms),
            probabilities=self.probabilities,
            features=self.features,
        )

    @classmethod
    def read(cls, path: Path) -> Answers:
        """Read a file that ``write`` made."""
        with np.load(path, allow_pickle=False) as file:
            row_of = {str(key): row for row, key in enumerate(file["keys"])}
            soft_labels = SoftLabels(row_of, tuple(map(str, file["classes"])), file["soft_labels"])
            terms = tuple(map(str, file["terms"]))
            return cls(soft_labels, terms, file["probabilities"], file["features"])

    def rows(self, samples: Sequence[Sample]) -> NDArray[np.int64]:
        """Look up the rows of samples; -1 where there is no answer: int64 [n]."""
        return np.array([self.soft_labels.row_of.get(sample_key(s), -1) for s in samples])


@dataclass(frozen=True)
class Teacher:
    """A teacher at work on some samples.

    Attributes:
        recogniser: an ensemble with a reader of attribute terms, or one that was taught by it; not
            weighed, as the network that learns weighs its own categories (``measure``).
        samples: those to answer for.
        vocabulary: of the network that learns; its heads are answered as distributions.
        folder: parts of the answers are kept in it, so that an interrupted run goes on after them.
    """

    recogniser: Recogniser
    samples: Sequence[Sample]
    vocabulary: Vocabulary
    taxonomy: Taxonomy
    locator: Locator
    folder: Path

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The terms that it reads beside sequences, in its order."""
        reader = self.recogniser.reader if isinstance(self.recogniser, Ensemble) else None
        terms = reader.terms if reader else self.recogniser.card.terms
        if not terms:
            model = self.recogniser.card.model
            raise InvalidConfig(f"expected a teacher that reads attribute terms; got {model}")
        return terms

    @cached_property
    def digest(self) -> str:
        """A hash of all that the answers depend on."""
        detector = self.locator.detector
        parts = [
            repr(self.recogniser.card),
            repr(self.terms),
            detector.model if detector else "none",
            *class_names(self.vocabulary),
            *map(sample_key, self.samples),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def answers(self) -> Answers:
        """Recognise all samples, or what is left of them; or read the answers where that is done.

        Raises:
            InvalidConfig: the teacher has no term reader.
        """
        path = self.folder / f"answers-{self.digest}.npz"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial.npz")
            self._answer().write(partial)
            partial.replace(path)
        return Answers.read(path)

    def _answer(self) -> Answers:
        parts = []
        for start in tqdm(range(0, len(self.samples), CHUNK), "teacher", unit=f" x {CHUNK} photos"):
            here = self.samples[start : start + CHUNK]
            path = self.folder / f"{self.digest}-{start:06}.npz"
            if not path.exists():
                partial = path.with_suffix(".partial.npz")
                np.savez(partial, allow_pickle=False, **self._chunk(here))
                partial.replace(path)
            with np.load(path, allow_pickle=False) as file:
                parts.append({name: file[name] for name in file.files})
        rows_of = first_rows(self.samples)
        rows = list(rows_of.values())
        whole = {name: np.concatenate([part[name] for part in parts])[rows] for name in parts[0]}
        features = whole["features"].astype(np.float32)
        standard = (features - features.mean(0)) / (features.std(0) + 1e-3)
        keys = {key: row for row, key in enumerate(rows_of)}
        return Answers(
            SoftLabels(keys, class_names(self.vocabulary), whole["soft_labels"]),
            self.terms,
            whole["terms"],
            standard.clip(-4, 4).astype(np.float16),
        )

    def _chunk(self, samples: Sequence[Sample]) -> dict[str, Halves]:
        side = self.recogniser.card.side
        crops = load_crops(samples, side, self.locator, progress=False).each()
        soft, terms, features = [], [], []
        for start in range(0, len(crops), BATCH):
            here, of = crops[start : start + BATCH], samples[start : start + BATCH]
            maps = self.recogniser.encode(here)
            free = self.recogniser.read(maps, here, [None] * len(here)).categories
            guided = self.recogniser.read(maps, here, [{s.category} for s in of])
            given = guided.predictions
            soft += [self._distributions(a, b) for a, b in zip(free, given, strict=True)]
            terms += [self._of_terms(prediction) for prediction in given]
            features.append(guided.features)
        return {
            "soft_labels": np.stack(soft).astype(np.float16),
            "terms": np.stack(terms).astype(np.float16),
            "features": np.concatenate(features).astype(np.float16),
        }

    def _distributions(self, free: Prediction, given: Prediction) -> NDArray[np.float32]:
        """List the probabilities by class of the vocabulary; zeros in a head without an answer."""
        greats: dict[str, float] = {}
        for leaf, p in free.categories.items():
            great = self.taxonomy.great_category(leaf)
            greats[great] = greats.get(great, 0.0) + p
        known = {GREAT_CATEGORY: greats, CATEGORY: free.categories, **given.groups}
        return np.array(
            [known.get(h, {}).get(t, 0.0) for h, ts in self.vocabulary.heads.items() for t in ts],
            dtype=np.float32,
        )

    def _of_terms(self, prediction: Prediction) -> NDArray[np.float32]:
        found = {t: p for terms in prediction.groups.values() for t, p in terms.items()}
        return np.array([found.get(term, UNANSWERED) for term in self.terms], dtype=np.float32)


def is_kept_back(sample: Sample) -> bool:
    """Tell whether a photo's labelled attributes judge, and are not learned."""
    return not is_drawn(sample) and fold_of(sample.group, FOLDS) == 0


def taught_terms(
    answers: NDArray[np.float16], terms: Sequence[str], samples: Sequence[Sample]
) -> Halves:
    """Mix the teacher's answers with what is known: float16 [n, terms].

    Half of the target of a photo is what people saw, all of it of a drawing, whose labels are
    exact. Of photos that are kept back, groups that people labelled are left out.

    Args:
        answers: float16 [n, terms].
    """
    true, known = label_matrices(samples, terms)
    drawn = np.array([is_drawn(sample) for sample in samples])[:, None]
    kept_back = np.array([is_kept_back(sample) for sample in samples])[:, None]
    half = np.where(answers >= 0, (answers + true) / 2, true)
    mixed = np.where(known, np.where(drawn, true, half), np.where(drawn, UNANSWERED, answers))
    return np.where(known & kept_back, UNANSWERED, mixed).astype(np.float16)


def taught_labels(
    labels: NDArray[np.int64], soft_labels: Halves, vocabulary: Vocabulary
) -> NDArray[np.int64]:
    """Fill labels that are unknown with the teacher's likeliest term.

    Args:
        labels: int64 [n, heads].
        soft_labels: float16 [n, classes]; zeros in a head without an answer.
    """
    filled = labels.copy()
    for column, where in enumerate(vocabulary.slices().values()):
        of_head = soft_labels[:, where]
        asked = (filled[:, column] == UNKNOWN) & (of_head.sum(axis=1) > 0)
        filled[asked, column] = of_head[asked].argmax(axis=1)
    return filled
