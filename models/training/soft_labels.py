"""Soft labels: the predictions of networks that did not train on the photo.

Sellers disagree about where blue ends and navy begins, and a network that is trained for long
learns each seller's answer by heart. So a share of every target is another network's prediction
(bootstrapping, Reed et al. 2015; here by cross-fitting, see ``cross_fit``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.vocabulary import Vocabulary


@dataclass(frozen=True)
class SoftLabels:
    """Predicted distributions by photo.

    Attributes:
        row_of: row of a sample by its ``sample_key``.
        classes: names of the columns, see ``class_names``.
        probabilities: float16 [n, classes], by head a distribution or zeros.
    """

    row_of: dict[str, int]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float16]

    @classmethod
    def none(cls) -> SoftLabels:
        """Make soft labels of no photo."""
        return cls({}, (), np.zeros((0, 0), dtype=np.float16))

    @classmethod
    def read(cls, path: Path) -> SoftLabels:
        """Read a file that ``write`` made.

        Raises:
            InvalidConfig: there is none, or it is of another form.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                keys = {str(key): row for row, key in enumerate(file["keys"])}
                return cls(keys, tuple(map(str, file["classes"])), file["probabilities"])
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InvalidConfig(
                f"expected soft labels at {path}, as a recipe of task cross-fit makes them; "
                f"got {error!r}"
            ) from None

    def write(self, path: Path) -> None:
        """Write a compressed NPZ without pickles."""
        keys, classes = np.array(list(self.row_of)), np.array(self.classes)
        np.savez_compressed(path, keys=keys, classes=classes, probabilities=self.probabilities)

    def of(self, samples: Sequence[Sample], vocabulary: Vocabulary) -> NDArray[np.float16]:
        """Look up soft labels by sample and class: float16 [n, classes], zeros where unknown."""
        table = np.zeros((len(samples), sum(vocabulary.sizes)), dtype=np.float16)
        if not self.row_of:
            return table
        rows = np.array([self.row_of.get(sample_key(sample), -1) for sample in samples])
        column_of = {name: column for column, name in enumerate(self.classes)}
        wanted = class_names(vocabulary)
        pairs = [(at, column_of[name]) for at, name in enumerate(wanted) if name in column_of]
        to, source = np.array(pairs).T
        known = np.flatnonzero(rows >= 0)
        table[np.ix_(known, to)] = self.probabilities[np.ix_(rows[known], source)]
        return table


def class_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    """List the classes as ``head=term``: a great category and a leaf can have the same name."""
    return tuple(f"{head}={term}" for head, terms in vocabulary.heads.items() for term in terms)


def sample_key(sample: Sample) -> str:
    """Compute a key of an item that no path is part of: the photo's hash, category and box."""
    digest = hashlib.sha256(sample.path.read_bytes())
    box = ",".join(f"{edge:.4f}" for edge in sample.box.as_list()) if sample.box else ""
    return f"{digest.hexdigest()[:20]}:{sample.category}:{box}"


def first_rows(samples: Sequence[Sample]) -> dict[str, int]:
    """List the row of each item by its key, in order; of two that are the same, the first."""
    rows: dict[str, int] = {}
    for row, sample in enumerate(samples):
        rows.setdefault(sample_key(sample), row)
    return rows


def fold_of(group: str, folds: int) -> int:
    """Compute the fold of a group from a hash of it, the same on every machine."""
    digest = hashlib.sha256(f"fold:{group}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % folds
