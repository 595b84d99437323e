"""``houndstooth draw``: a catalogue of drawn products."""

from __future__ import annotations

from pathlib import Path

import click

from houndstooth.commands.parameters import FILE


@click.command
@click.option("--count", type=int, required=True, help="Number of products.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the catalogue.")
@click.option(
    "--out", type=FILE, required=True, help="Folder to write to.",
    metavar="DIR",
)  # fmt: skip
@click.option(
    "--outfits", type=float, default=0.3, show_default=True, metavar="SHARE",
    help="Share of the garments shown in a whole outfit on a figure, 0 to 1.",
)  # fmt: skip
@click.option("--jobs", type=int, help="Number of processes.  [default: one for each core]")
def command(count: int, seed: int, out: Path, outfits: float, jobs: int | None) -> None:
    """Draw a synthetic catalogue: images, a feed, and exact labels.

    DIR gets images/, feed.csv to ingest, and labels.jsonl to train on. The same seed draws the same
    catalogue.

    Example: houndstooth draw --count 640 --seed 7 --out var/catalogue
    """
    from houndstooth.models.synthetic.catalogue import generate

    products = generate(count, seed, out, outfits, jobs, progress=True)
    click.echo(f"wrote {len(products)} products to {out / 'feed.csv'}")
    click.echo(f"next: houndstooth ingest {out / 'feed.csv'}")
