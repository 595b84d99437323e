"""Print the figures of ``houndstooth evaluate --clicks``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from houndstooth.plugin.events.click_figures import Estimate, Evaluation

TOLD = 10
"""Broken records that are named."""


def print_clicks(target: str, as_json: bool) -> None:
    """Print a table of what is recorded in a file or cluster, and what could not be counted.

    Raises:
        InvalidConfig: The file cannot be read, or there is no such cluster.
        EngineUnavailable: The cluster cannot be reached.
    """
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.events.click_figures import evaluate_clicks
    from houndstooth.plugin.events.stores import open_store

    store = open_store(target, Settings.from_env().credentials)
    found = evaluate_clicks(store.read())
    _print_table(found)
    for line in found.broken[:TOLD]:
        click.echo(line, err=True)
    if found.broken:
        click.echo(f"broken records, left out: {len(found.broken)}", err=True)
    if as_json:
        figures = asdict(found)
        click.echo(json.dumps({**figures, "broken": len(found.broken)}))


def _print_table(found: Evaluation) -> None:
    rows = [["model", "index", "arm", "queries", "click-through", "mrr", "add to basket"]]
    for one in found.figures:
        estimates = (one.click_through, one.reciprocal_rank, one.add_to_basket)
        setting = [one.model, one.index, one.arm or "-", str(one.queries)]
        rows.append([*setting, *map(_text, estimates)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    click.echo(
        f"± standard error; {found.empty} queries without hits, {found.strays} events of queries "
        f"that are not recorded, {found.unplaced} clicks without a position; left out are "
        f"{found.looks} items of looks"
    )


def _text(one: Estimate) -> str:
    return f"{one.value:.4f} ± {one.error:.4f}"
