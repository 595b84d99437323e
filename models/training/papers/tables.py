"""Tables in Markdown: figures with their standard errors, and where they stand in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig

BEGIN, END = "<!-- papers: begin -->", "<!-- papers: end -->"
"""The markers between which a file's tables stand."""

RESAMPLES, SEED = 200, 1
"""Of the bootstrap over photos."""

Metric = Callable[[NDArray[np.int64]], float]
"""A figure of some photos, by their rows; a row may come several times."""

NONE = "–"
"""A cell whose run is not done."""


def estimate(metrics: Sequence[Metric], photos: int, scale: float = 1.0, digits: int = 3) -> str:
    """Write a figure and its standard error: ``0.899 ± 0.010``.

    Args:
        metrics: the figure of each seed. Of several the error is over seeds, of one over photos,
            by the bootstrap.
        photos: their number.
        scale: multiplies both; 100 for per cent.
    """
    if not metrics or not photos:
        return NONE
    everything = np.arange(photos)
    values = np.array([metric(everything) for metric in metrics])
    if len(values) > 1:
        error = values.std(ddof=1) / np.sqrt(len(values))
    else:
        generator = np.random.default_rng(SEED)
        draws = (generator.integers(0, photos, photos) for _ in range(RESAMPLES))
        error = np.std([metrics[0](draw) for draw in draws])
    return f"{scale * values.mean():.{digits}f} ± {scale * error:.{digits}f}"


def mean_of(values: NDArray[np.generic]) -> Metric:
    """Return the mean of a figure that each photo has, as a Metric."""
    return lambda rows: float(values[rows].mean())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rewrite(path: Path, tables: str) -> None:
    """Write the tables between the markers of a file; a file that is not there begins with them.

    Raises:
        InvalidConfig: the file has no such markers.
    """
    block = f"{BEGIN}\n\n{tables.strip()}\n\n{END}"
    if not path.exists():
        path.write_text(f"{block}\n", encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InvalidConfig(f"expected the lines {BEGIN} and {END} in {path}; got none")
    path.write_text(before + block + after, encoding="utf-8")
