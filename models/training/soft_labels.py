"""Labels that doubt: what a network saw in each photo that it was not trained on.

Sellers disagree about where blue ends and navy begins, and a network that is trained for long
learns each one's answer by heart. A share of every target is therefore what another network
expects, which is a softer and often a truer label (bootstrapping, Reed et al. 2015, here by
cross-fitting: the other network has never seen the photo).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.vocabulary import Vocabulary


@dataclass(frozen=True)
class SoftLabels:
    """Distributions by photo.

    Attributes:
        row_of: row by ``key_of`` the sample.
        classes: names of the columns, see ``class_names``.
        likely: float16 [n, classes], by head a distribution or zeros.
    """

    row_of: dict[str, int]
    classes: tuple[str, ...]
    likely: NDArray[np.float16]

    @classmethod
    def none(cls) -> SoftLabels:
        """Of no photo."""
        return cls({}, (), np.zeros((0, 0), dtype=np.float16))

    @classmethod
    def read(cls, path: Path) -> SoftLabels:
        """Those of a file that ``write`` made.

        Raises:
            InvalidConfig: there is none.
        """
        if not path.exists():
            raise InvalidConfig(
                f"expected soft labels at {path}: make them with models.training.cross_fit; "
                "got no such file"
            )
        with np.load(path, allow_pickle=False) as file:
            keys = {str(key): row for row, key in enumerate(file["keys"])}
            return cls(keys, tuple(map(str, file["classes"])), file["likely"])

    def write(self, path: Path) -> None:
        """As a compressed NPZ without pickles."""
        keys, classes = np.array(list(self.row_of)), np.array(self.classes)
        np.savez_compressed(path, keys=keys, classes=classes, likely=self.likely)

    def of(self, samples: Sequence[Sample], vocabulary: Vocabulary) -> NDArray[np.float16]:
        """By sample and class of a vocabulary, zeros where nobody looked: float16 [n, classes]."""
        table = np.zeros((len(samples), sum(vocabulary.sizes)), dtype=np.float16)
        if not self.row_of:
            return table
        rows = np.array([self.row_of.get(key_of(sample), -1) for sample in samples])
        column_of = {name: column for column, name in enumerate(self.classes)}
        wanted = class_names(vocabulary)
        pairs = [(at, column_of[name]) for at, name in enumerate(wanted) if name in column_of]
        to, source = np.array(pairs).T
        seen = np.flatnonzero(rows >= 0)
        table[np.ix_(seen, to)] = self.likely[np.ix_(rows[seen], source)]
        return table


def class_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    """All classes with their heads: a great category and a leaf can have the same name."""
    return tuple(f"{head}={term}" for head, terms in vocabulary.heads.items() for term in terms)


def key_of(sample: Sample) -> str:
    """What tells an item from all others wherever files lie: its photo's bytes, its category."""
    digest = hashlib.sha256(sample.path.read_bytes())
    return digest.hexdigest()[:20] + ":" + sample.category


def fold_of(group: str, folds: int) -> int:
    """The fold of a group, by a hash of it: the same on every machine."""
    digest = hashlib.sha256(f"fold:{group}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % folds
