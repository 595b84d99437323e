"""Reader of INRIA Holidays (Jégou, Douze and Schmid, ECCV 2008).

Pictures are named by six digits. The first four are the group; the picture that ends in 00 is the
group's query, the others are right.
"""

from __future__ import annotations

import re
from pathlib import Path

from houndstooth.models.training.retrieval.benchmark import (
    Album,
    Benchmark,
    Query,
    Task,
    unknown_layout,
)
from houndstooth.models.training.retrieval.metrics import trapezoid_average_precision


def read_holidays(root: Path) -> Benchmark:
    """Read the pictures of the folder, or of ``jpg`` within it.

    Raises:
        InvalidFeed: there are no pictures of such names, or no query among them.
    """
    folder = root / "jpg" if (root / "jpg").is_dir() else root
    found = sorted(folder.glob("*.jpg"))
    paths = {path.stem: path for path in found if re.fullmatch(r"[0-9]{6}", path.stem)}
    if not any(name.endswith("00") for name in paths):
        raise unknown_layout("pictures such as jpg/100000.jpg", folder)
    album = Album()
    gallery = [album.add(name, path) for name, path in paths.items()]
    groups = [name[:4] for name in paths]
    queries = [
        Query(place, frozenset({group}), group)
        for place, name, group in zip(gallery, paths, groups, strict=True)
        if name.endswith("00")
    ]
    task = Task("", queries, gallery, groups)
    metrics = {"mAP": trapezoid_average_precision}
    return Benchmark("holidays", album.pictures, [task], metrics, skips_query=True)
