"""A feed as a shop would give it, of a products.csv: ids, names and images alone."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_feed(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the rows' ids, names and image files; what the labels say stays out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "image"])
        writer.writerows([r["id"], r["productDisplayName"], r["file"]] for r in rows)
