"""``houndstooth papers``: the papers' recognisers, trained and compared."""

from __future__ import annotations

from pathlib import Path

import click

from houndstooth.commands import parameters
from houndstooth.commands.parameters import FILE
from houndstooth.commands.training_packages import training_packages

DRAWN, DRAWN_SEED = 4, 5
"""Drawn images in the pictures, and their seed."""


@click.command
@click.option(
    "--products", type=FILE, metavar="CSV", required=True, help="A products.csv, with its photos."
)
@click.option(
    "--out", type=FILE, metavar="DIR", required=True,
    help="Folder of runs and crops; finished runs in it are not done again.",
)  # fmt: skip
@click.option("--paper", "papers", multiple=True, metavar="NAME", help="Of one paper; repeatable.")
@click.option("--row", "rows", multiple=True, metavar="NAME", help="One row alone; repeatable.")
@click.option(
    "--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True,
    help="Repeatable; errors are over seeds where there are several.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(1), help="Instead of the recipes'.")
@click.option(
    "--tables", type=FILE, metavar="FILE",
    help="Markdown file whose part between two markers is written anew; pictures go into the "
    "folder of its name.  [default: DIR/papers.md]",
)  # fmt: skip
@click.option(
    "--detector", metavar="NAME",
    help="Locates items worn with others; a name, or none.  [default: the shipped one]",
)  # fmt: skip
@click.option(
    "--time", "timed", is_flag=True,
    help="Measure images/s of what is done again, on a machine without other work.",
)  # fmt: skip
@click.option("--list", "list_rows", is_flag=True, help="List the rows, with how they stand.")
@parameters.taxonomy
def command(
    products: Path,
    out: Path,
    papers: tuple[str, ...],
    rows: tuple[str, ...],
    seeds: tuple[int, ...],
    epochs: int | None,
    tables: Path | None,
    detector: str | None,
    timed: bool,
    list_rows: bool,
    taxonomy: Path | None,
) -> int:
    """Train and compare the recognisers of the papers, in the papers' own tables.

    Each finished run leaves its figures and scores in DIR; an interrupted one continues where it
    stopped. Tables are written anew after each paper, of all that is done.

    \b
    Examples:
      houndstooth papers --products products.csv --out var/papers --list
      houndstooth papers --products products.csv --out var/papers --paper structure-aware
    """
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import DEFAULT_DETECTOR
    from houndstooth.models.synthetic.catalogue import generate

    with training_packages():
        from houndstooth.models.training.papers.compare import choose, compare, time_again
        from houndstooth.models.training.papers.runs import Bench

    chosen = choose(papers, rows)
    line = f"houndstooth papers --products {products.name} --out DIR"
    line += f" --epochs {epochs}" if epochs else ""
    bench = Bench(
        products, out, Taxonomy.load(taxonomy), detector or DEFAULT_DETECTOR, epochs, line
    )
    if list_rows:
        for paper, names in chosen:
            for name in names:
                done = sum(bench.load(paper, paper.row(name), seed) is not None for seed in seeds)
                click.echo(f"{paper.name:20} {name:32} {done} of {len(seeds)} seeds done")
        return 0
    if timed:
        time_again(bench, chosen, seeds)
    drawn = sorted((out / "drawn" / "images").glob("*"))
    if not drawn:
        generate(DRAWN, DRAWN_SEED, out / "drawn", outfits=0.5)
        drawn = sorted((out / "drawn" / "images").glob("*"))
    tables = tables or out / "papers.md"
    left_out = compare(bench, chosen, seeds, tables, drawn)
    click.echo(f"wrote {tables}")
    return 1 if left_out else 0
