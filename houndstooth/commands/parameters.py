"""Options and parameter types that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.numbers import read_integer
from houndstooth.mappings.times import parse_time


class Whole(click.ParamType):  # type: ignore[type-arg]  # older versions have none
    """A whole number from ``low`` to ``high``, both included."""

    name = "N"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number; click shows its default through here too."""
        try:
            return read_integer(str(value), self.low, self.high)
        except ValueError as error:
            self.fail(f"{error}; got {value!r}", param, ctx)


class Time(click.ParamType):  # type: ignore[type-arg]
    """A time in ISO 8601, in milliseconds since 1970."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the time."""
        try:
            return parse_time(str(value))
        except InvalidInput as error:
            self.fail(str(error), param, ctx)


FILE = click.Path(path_type=Path)
"""A path as it is; whoever opens it says what is wrong with it."""

engine = click.option(
    "--engine",
    metavar="URL",
    help="sqlite:///file.db or opensearch://host:port/index.  "
    "[default: HOUNDSTOOTH_ENGINE, else sqlite:///var/catalogue.db]",
)
"""The option ``--engine``."""

port = click.option(
    "--port", type=Whole(1, 65535), default=8000, show_default=True, help="Port to listen on."
)
"""The option ``--port``."""

as_of = click.option(
    "--as-of",
    type=Time(),
    help="Of when the feed's data are, e.g. 2026-05-01T12:00:00Z; products with newer data are "
    "left alone.  [default: this moment]",
)
"""The option ``--as-of``."""


class Limit(click.ParamType):  # type: ignore[type-arg]
    """A share such as ``10%``, or a number of products."""

    name = "N|N%"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it."""
        from houndstooth.ingest.deletion import check_limit

        try:
            return check_limit(str(value))
        except InvalidInput as error:
            self.fail(str(error), param, ctx)


report = click.option(
    "--report",
    type=FILE,
    metavar="FILE",
    help="Write a JSON report, an outcome per product; by workers, of the first 1,000 that failed "
    "and of as many that were left out or have a note.",
)
"""The option ``--report``."""

columns = click.option(
    "--columns",
    metavar="ROLE=COLUMN,…",
    help="Columns that are not recognised, e.g. id=sku,title=label,image=picture; category= says "
    "that no column is the seller's category.",
)
"""The option ``--columns``."""

image_base = click.option(
    "--image-base",
    metavar="URL|DIR",
    help="What stands before image paths, e.g. https://shop.example/media/catalog/product, or a "
    "folder inside the feed's.  [default: the feed's folder]",
)
"""The option ``--image-base``."""

language = click.option(
    "--language", metavar="CODE", help="Language of the feed's texts, e.g. de.  [default: detected]"
)
"""The option ``--language``."""

encoding = click.option(
    "--encoding", metavar="NAME", help="Encoding of the feed, e.g. cp1252.  [default: detected]"
)
"""The option ``--encoding``."""

street = click.option(
    "--street",
    type=FILE,
    metavar="DIR",
    help="Detector: a folder with street.jsonl and its photos.",
)
"""The option ``--street`` of training and evaluation."""

taxonomy = click.option(
    "--taxonomy", type=FILE, metavar="JSON", help="Recogniser: a shop's own taxonomy."
)
"""The option ``--taxonomy`` of training and evaluation."""
