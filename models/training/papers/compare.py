"""Trains and compares the papers' recognisers: all rows that are asked for, and their tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from houndstooth.mappings.errors import HoundstoothError, InvalidConfig
from houndstooth.models.training.papers import (
    multi_weight,
    sk_planet,
    structure_aware,
    wide_deep_recurrent,
)
from houndstooth.models.training.papers.runs import Bench, Paper, Results
from houndstooth.models.training.papers.scores import BATCH
from houndstooth.models.training.papers.tables import rewrite

PAPERS = {
    module.PAPER.name: module.PAPER
    for module in (sk_planet, wide_deep_recurrent, multi_weight, structure_aware)
}

SPEED = (
    "Errors are standard errors: over seeds where several were run, else over photos. Images/s are "
    f"crops recognised by onnxruntime on {os.cpu_count()} processors, {BATCH} at once; of the "
    "first paper they include locating the item."
)
"""What all tables have in common."""


def choose(papers: Sequence[str], rows: Sequence[str]) -> list[tuple[Paper, list[str]]]:
    """Choose papers and rows by their names, none is all; papers without such a row are left out.

    Raises:
        InvalidConfig: there is no such paper or row.
    """
    if unknown := [name for name in papers if name not in PAPERS]:
        raise InvalidConfig(f"expected papers among {', '.join(PAPERS)}; got {', '.join(unknown)}")
    chosen = [PAPERS[name] for name in papers or PAPERS]
    known = [row.name for paper in chosen for row in paper.rows]
    if unknown := [name for name in rows if name not in known]:
        raise InvalidConfig(f"expected rows among {', '.join(known)}; got {', '.join(unknown)}")
    of_papers = [
        (paper, [row.name for row in paper.rows if not rows or row.name in rows])
        for paper in chosen
    ]
    return [(paper, names) for paper, names in of_papers if names]


def compare(
    bench: Bench,
    chosen: Sequence[tuple[Paper, Sequence[str]]],
    seeds: Sequence[int],
    tables: Path,
    drawn: Sequence[Path],
) -> list[str]:
    """Train the rows, one seed of all before the next, and write tables after each paper.

    A row that cannot be trained on these photos is left out, with the reason.

    Args:
        tables: the file of tables; what is between its markers is written anew.
        drawn: drawn images, for pictures.

    Returns:
        The rows that were left out.

    Raises:
        InvalidFeed: the photos' labels cannot be read.
    """
    rows = sum(len(names) for _, names in chosen)
    print(f"{len(bench.cache.samples)} photos, {rows} rows, {len(seeds)} seeds", flush=True)
    left_out = []
    for seed in seeds:
        for paper, names in chosen:
            try:
                for name in names:
                    try:
                        bench.run(paper, paper.row(name), seed)
                    except HoundstoothError as error:
                        left_out.append(f"{paper.name}: {name}, seed {seed}: {error}")
                        print(f"left out {left_out[-1]}", flush=True)
            finally:
                write_tables(bench, tables, drawn)
    return left_out


def time_again(
    bench: Bench, chosen: Sequence[tuple[Paper, Sequence[str]]], seeds: Sequence[int]
) -> None:
    """Measure the images/s of rows that are done again; see Bench.time_again."""
    for paper, names in chosen:
        for name, seed in product(names, seeds):
            bench.time_again(paper, paper.row(name), seed)


def write_tables(bench: Bench, tables: Path, drawn: Sequence[Path]) -> None:
    """Write the tables of all papers of what is done so far, of any seed."""
    parts = [SPEED]
    for paper in PAPERS.values():
        results = Results(
            bench.out / paper.name,
            tables.with_suffix(""),
            {row.name: bench.finished(paper, row) for row in paper.rows},
            drawn,
        )
        if any(results.runs.values()):
            command = f"{bench.command} --paper {paper.name}"
            parts.append(f"## {paper.title}\n\n`{command}`\n\n{paper.report(results)}")
    if parts != [SPEED]:
        rewrite(tables, "\n\n".join(parts))
