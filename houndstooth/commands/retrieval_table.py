"""Print the figures of ``houndstooth evaluate --dataset``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from houndstooth.models.training.retrieval.compare import Comparison
    from houndstooth.models.training.retrieval.metrics import Estimate
    from houndstooth.models.training.retrieval.ranking import Form

TOLD = 10
"""Broken pictures that are named."""


def print_retrieval(
    dataset: str,
    folder: Path,
    cards: Sequence[str],
    with_floats: bool,
    cache: Path,
    as_json: bool,
) -> None:
    """Measure encoders on a retrieval benchmark, and print a table.

    Args:
        dataset: a name of ``names.BENCHMARKS``.
        cards: of encoders to compare with the recogniser's own features.
        with_floats: whether float features are ranked beside codes.

    Raises:
        InvalidFeed: the folder is not laid out as the benchmark.
        InvalidConfig: an encoder or the cache cannot be used.
    """
    from houndstooth.commands.networks import network_stem
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
    from houndstooth.models.extractor import ImageExtractor
    from houndstooth.models.loading import load_extractor
    from houndstooth.models.training.retrieval.compare import compare
    from houndstooth.models.training.retrieval.readers import READERS
    from houndstooth.plugin.config import Settings

    benchmark = READERS[dataset](folder)
    encoders = [OnnxEncoder(network_stem(card), texts=False) for card in cards]
    settings = Settings.from_env()
    options = settings.extractor_options | {"encoder": None}
    own = load_extractor(Taxonomy.load(settings.taxonomy), **options)
    beside = partial(
        ImageExtractor,
        own.recogniser,
        own.locator,
        max_pixels=settings.max_pixels,
        paper_threshold=settings.paper_threshold,
    )
    embedders = [own, *map(beside, encoders)]
    forms: tuple[Form, ...] = ("code", "float") if with_floats else ("code",)
    found = compare(benchmark, embedders, forms, cache, _progress)
    pictures = len(benchmark.pictures)
    click.echo(f"{dataset}: {pictures} pictures, {len(found.broken)} of them left out")
    _print_table(found)
    for line in found.broken[:TOLD]:
        click.echo(f"left out: {line}", err=True)
    if len(found.broken) > TOLD:
        click.echo(f"left out: {len(found.broken) - TOLD} more", err=True)
    if as_json:
        click.echo(json.dumps({"dataset": dataset, "pictures": pictures, **asdict(found)}))


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[int], object]]:
    from tqdm import tqdm

    with tqdm(total=total, desc=title) as bar:
        yield bar.update


def _print_table(found: Comparison) -> None:
    metrics = list(found.rows[0].figures)
    several = len({(row.encoder, row.form) for row in found.rows}) > 1
    header = ["task", "encoder", "features", "queries", *metrics]
    lines = [header + [f"{metric}, gain" for metric in metrics if several]]
    for row in found.rows:
        cells = [row.task or "-", row.encoder, row.form, str(row.queries)]
        cells += [_text(row.figures[metric]) for metric in metrics]
        if several:
            cells += [_text(row.gains[m], "+") if m in row.gains else "-" for m in metrics]
        lines.append(cells)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
    against = "; gain: over the first row of the task, the same queries" if several else ""
    click.echo(
        f"± standard error, queries of one item counted as one cluster{against}; "
        f"queries left out since nothing right is in the gallery: {found.without_right}"
    )


def _text(one: Estimate, sign: str = "") -> str:
    error = "-" if one.error is None else f"{one.error:.4f}"
    return f"{one.value:{sign}.4f} ± {error}"
