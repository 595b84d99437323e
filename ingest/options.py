"""Define how a feed is to be read, as the user says it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from houndstooth.ingest.columns import parse_columns
from houndstooth.ingest.images import is_url
from houndstooth.mappings.errors import InvalidConfig

_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9-]+)?", re.ASCII | re.IGNORECASE)
"""A code of ISO 639-1; a country or a script after it is left out."""


@dataclass(frozen=True)
class ReadOptions:
    """Options with which a feed is read, as the user gives them.

    Attributes:
        columns: Column by role; ``""`` = no such column.
        image_base: What stands before an image path: a URL, or a folder relative to the feed's;
            empty = the feed's own folder.
        language: Language of the texts, ISO 639-1 such as ``de``; empty if unknown.
        encoding: Encoding of the feed, such as ``cp1252``; None detects it.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    image_base: str = ""
    language: str = ""
    encoding: str | None = None


def parse_options(
    feed: Path,
    columns: str | None = None,
    image_base: str | None = None,
    language: str | None = None,
    encoding: str | None = None,
) -> ReadOptions:
    """Parse the options of a command.

    Args:
        feed: Path of the feed.
        columns: ``ROLE=COLUMN,…``; None chooses none.
        image_base: A URL or a folder; None gives none, as for the others.

    Raises:
        InvalidFeed: The columns do not have this form.
        InvalidConfig: The folder is not inside the feed's, or the language is no code.
    """
    match = _LANGUAGE.fullmatch(language or "")
    if language and match is None:
        raise InvalidConfig(f"expected a language of two letters such as 'de'; got {language!r}")
    return ReadOptions(
        {} if columns is None else parse_columns(columns),
        _base(image_base or "", feed),
        match[1].lower() if match else "",
        encoding or None,
    )


def _base(image_base: str, feed: Path) -> str:
    if not image_base or is_url(image_base):
        return image_base
    path = os.path.relpath(Path(image_base).absolute(), feed.absolute().parent)
    if path.startswith(".."):
        raise InvalidConfig(
            f"expected a URL, or a folder inside the feed's, as --image-base; got {image_base!r}"
        )
    return Path(path).as_posix()
