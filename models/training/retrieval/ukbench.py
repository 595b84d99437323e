"""Reader of UKBench (Nistér and Stewénius, CVPR 2006).

Pictures are numbered from 0; each four show one object. Every picture is a query, and it is itself
in the gallery, so that a perfect score is 4.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.retrieval.benchmark import (
    Album,
    Benchmark,
    Query,
    Task,
    unknown_layout,
)
from houndstooth.models.training.retrieval.metrics import n_s_score

OF_ONE_OBJECT = 4


def read_ukbench(root: Path) -> Benchmark:
    """Read the pictures of the folder, or of ``full`` within it; some objects alone are fine.

    Raises:
        InvalidFeed: there are no pictures of such names, or an object lacks some of its four.
    """
    folder = root / "full" if (root / "full").is_dir() else root
    paths = {path.stem: path for path in sorted(folder.glob("ukbench*.jpg"))}
    objects = {
        name: int(name[-5:]) // OF_ONE_OBJECT
        for name in paths
        if re.fullmatch(r"ukbench[0-9]{5}", name)
    }
    if not objects:
        raise unknown_layout("pictures such as full/ukbench00000.jpg", folder)
    for number, count in Counter(objects.values()).items():
        if count != OF_ONE_OBJECT:
            first, last = number * OF_ONE_OBJECT, (number + 1) * OF_ONE_OBJECT - 1
            raise InvalidFeed(
                f"expected four pictures ukbench{first:05d} to ukbench{last:05d} in {folder}; "
                f"got {count}"
            )
    album = Album()
    gallery = [album.add(name, paths[name]) for name in objects]
    labels = [str(number) for number in objects.values()]
    queries = [
        Query(place, frozenset({label}), label)
        for place, label in zip(gallery, labels, strict=True)
    ]
    task = Task("", queries, gallery, labels)
    return Benchmark("ukbench", album.pictures, [task], {"N-S score": n_s_score})
