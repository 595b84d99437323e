"""``houndstooth casual-photos``: labels of photos as shoppers take them, for training."""

from __future__ import annotations

from pathlib import Path

import click

from houndstooth.commands.parameters import FILE


@click.command
@click.option(
    "--street", type=FILE, multiple=True, metavar="DIR",
    help="Folder with street.jsonl and its photos; repeatable.",
)  # fmt: skip
@click.option(
    "--photos", type=FILE, multiple=True, metavar="CSV",
    help="Photos of a single item: columns file, category, source_split; repeatable.",
)  # fmt: skip
@click.option(
    "--labels", type=FILE, metavar="CSV",
    help="Categories by people: columns file and category.  [default: those of the package]",
)  # fmt: skip
@click.option("--out", type=FILE, required=True, metavar="CSV", help="File to write.")
def command(
    street: tuple[Path, ...], photos: tuple[Path, ...], labels: Path | None, out: Path
) -> None:
    """Label casual photos for training.

    Writes a CSV for houndstooth train --csv, --backgrounds and --casual-photos. A label that may
    mean several categories ("pants") is resolved by people's labels, else by the shipped
    recogniser.
    """
    from houndstooth.mappings.errors import InvalidConfig
    from houndstooth.models.training.casual_photos import PHOTO_LABELS, write_casual_photos

    if not (street or photos):
        raise InvalidConfig("expected photos: --street or --photos; got none")
    rows = write_casual_photos(street, photos, out, labels or PHOTO_LABELS)
    click.echo(f"wrote {rows} items to {out}")
