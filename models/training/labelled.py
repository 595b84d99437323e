"""Labelled images of several sources, and the hashes by which an evaluation knows them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets import READERS
from houndstooth.models.training.samples import Sample

Sources = Mapping[str, Sequence[Path]]
"""Paths of labelled images by the name of their reader."""


def labelled_samples(sources: Sources, taxonomy: Taxonomy) -> list[Sample]:
    """Read the samples of all sources: paths by the name of their reader.

    Raises:
        InvalidFeed: a file cannot be read.
    """
    return [
        sample
        for name, paths in sources.items()
        for path in paths
        for sample in READERS[name].read(path, taxonomy)
    ]


def digests(sources: Sources) -> list[str]:
    """Compute the SHA-256 of label files; folders are left out."""
    files = [path for paths in sources.values() for path in paths if path.is_file()]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
