"""Read the settings; no other module reads environment variables.

=============================  ======================================  ============================
variable                       meaning                                 default
=============================  ======================================  ============================
HOUNDSTOOTH_ENGINE             engine URL: ``sqlite:///file.db`` or    ``sqlite:///var/catalogue.db``
                               ``opensearch://host:port/index``; hosts
                               of a cluster are separated by commas
HOUNDSTOOTH_TAXONOMY           path of a shop's own taxonomy           the shipped one
HOUNDSTOOTH_MODEL              path of a shop's own recogniser: its    the shipped one
                               card, ``NAME-VERSION.json``
HOUNDSTOOTH_DETECTOR           path of the card of a shop's own        the shipped one
                               detector
HOUNDSTOOTH_EMBEDDER           path of the card of an embedder for     the recogniser's features
                               binary codes
HOUNDSTOOTH_IMAGES             folder of the feed's images, which the  none: images are not served
                               page shows
HOUNDSTOOTH_REDIS              URL of the Redis that workers share     ``redis://127.0.0.1:6379/0``
HOUNDSTOOTH_FEEDS              folder for feeds that are given by      ``var/feeds``
                               URL; workers must see it too
HOUNDSTOOTH_JOBS               folder in which workers and commands    ``var/jobs``
                               keep what became of jobs
HOUNDSTOOTH_VIEWS              images of a product by which it is      4
                               found, 1 to 8; 1: the first alone
HOUNDSTOOTH_IMAGE_HOSTS        the shop's own image hosts, separated   none: only public addresses
                               by commas; their addresses may be
                               private
HOUNDSTOOTH_FIELDS             allowlist of shop fields, separated by  none: all fields
                               commas: the web service shows, filters
                               and counts no others
HOUNDSTOOTH_VARIANT_FIELD      shop field that is equal for all        ``group``
                               variants of a product; one of them is
                               a hit
HOUNDSTOOTH_COLUMNS            folder for the columns, from which all  ``var/columns``
                               products are ranked (about 320 bytes
                               a product); ``no``: OpenSearch ranks
                               by itself
HOUNDSTOOTH_CANDIDATES         products that OpenSearch ranks by       1000
                               itself, 1 to 10000
HOUNDSTOOTH_APPEARANCE_WEIGHT  weight of the appearance distance, 0    0.7
                               to 1, if a request gives none; the
                               rest is colour
HOUNDSTOOTH_ATTRIBUTE_WEIGHT   weight of agreeing attributes in the    0.5
                               score, 0 to 1
HOUNDSTOOTH_MAX_UPLOAD_BYTES   largest image file, in bytes            12000000
HOUNDSTOOTH_MAX_PIXELS         largest image, in pixels                50000000
HOUNDSTOOTH_PAPER_THRESHOLD    ``yes``: binarise at 0, as the paper    ``no``: at each dimension's
                               does (set it for ingest and search)     median
=============================  ======================================  ============================

An empty variable counts as unset.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.numbers import read_integer, read_number
from houndstooth.mappings.search import MAX_CANDIDATES, SearchRequest
from houndstooth.plugin.filters import FIELD

ATTRIBUTE_WEIGHT = 0.5
"""Weight of agreeing attributes in the score; the rest is appearance and colour."""


@dataclass(frozen=True)
class Settings:
    """The settings of a deployment; the module's table explains each of them."""

    engine: str = "sqlite:///var/catalogue.db"
    taxonomy: Path | None = None
    model: Path | None = None
    detector: Path | None = None
    embedder: Path | None = None
    images: Path | None = None
    redis: str = "redis://127.0.0.1:6379/0"
    feeds: Path = Path("var/feeds")
    jobs: Path = Path("var/jobs")
    views: int = 4
    image_hosts: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    variant_field: str = "group"
    columns: Path | None = Path("var/columns")
    candidates: int = 1000
    appearance_weight: float = SearchRequest.appearance_weight
    attribute_weight: float = ATTRIBUTE_WEIGHT
    max_upload_bytes: int = 12_000_000
    max_pixels: int = 50_000_000
    paper_threshold: bool = False

    @property
    def extractor_options(self) -> dict[str, Any]:
        """Keyword arguments for ``models.loading.load_extractor``."""
        named = {"model": self.model, "detector": self.detector, "embedder": self.embedder}
        return {
            "max_pixels": self.max_pixels,
            "paper_threshold": self.paper_threshold,
            **{name: card.with_suffix("") for name, card in named.items() if card},
        }

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings from environment variables, with defaults for the rest.

        Raises:
            InvalidConfig: A variable is not valid; the message names it.
        """
        values: dict[str, Any] = {}
        for variable in read_variables(environ):
            if variable.error:
                raise InvalidConfig(variable.error)
            if variable.is_set:
                values[variable.field] = variable.value
        return cls(**values)


@dataclass(frozen=True)
class Variable:
    """An environment variable of Houndstooth.

    Attributes:
        name: Such as ``HOUNDSTOOTH_ENGINE``.
        field: Field of ``Settings``.
        value: The value or the default; None if the value is not valid.
        is_set: Whether the variable is set.
        error: Why the value is not valid; ``""`` if it is.
    """

    name: str
    field: str
    value: Any
    is_set: bool
    error: str = ""


def read_variables(environ: Mapping[str, str] = os.environ) -> Iterator[Variable]:
    """Read all variables, in the order of ``Settings``; an invalid one has an ``error``."""
    for field, read in _READERS.items():
        name = f"HOUNDSTOOTH_{field.upper()}"
        text = environ.get(name, "").strip()
        if not text:
            yield Variable(name, field, getattr(Settings, field), False)
            continue
        try:
            yield Variable(name, field, read(text), True)
        except ValueError as error:
            safe = hide_password(text)[:80]
            yield Variable(name, field, None, True, f"{name}: {error}; got {safe!r}")


def hide_password(text: str) -> str:
    """Replace the user name and password in a URL."""
    return re.sub(r"//.*@", "//…@", text)


def _url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not (scheme and separator and rest):
        raise ValueError("expected a URL such as sqlite:///file.db")
    return text


def _redis(text: str) -> str:
    parts = urlsplit(text)
    database = parts.path.strip("/") or "0"
    if parts.scheme in ("redis", "rediss") and parts.hostname and database.isdecimal():
        return text
    raise ValueError("expected a URL such as redis://127.0.0.1:6379/0")


def _file(text: str) -> Path:
    if not Path(text).is_file():
        raise ValueError("expected the path of a file")
    return Path(text)


def _card(text: str) -> Path:
    if not text.endswith(".json") or not Path(text).is_file():
        raise ValueError("expected the path of a network's card, NAME-VERSION.json")
    return Path(text).resolve()


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ValueError("expected the path of a folder")
    return Path(text)


def _folder_or_no(text: str) -> Path | None:
    if Path(text).exists() and not Path(text).is_dir():
        raise ValueError("expected the path of a folder, or no")
    return None if text.lower() == "no" else Path(text)


def _hosts(text: str) -> frozenset[str]:
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    if any(character in name for name in names for character in "/@*[] "):
        raise ValueError("expected host names separated by commas, such as images.shop.example")
    return names


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _field(text: str) -> str:
    if not FIELD.fullmatch(text) or "." in text:
        raise ValueError("expected the name of one field, none within an object")
    return text


def _fraction(text: str) -> float:
    try:
        fraction = read_number(text)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction <= 1:
        raise ValueError("expected a number from 0 to 1")
    return fraction


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("expected yes or no")
    return text.lower() == "yes"


def _integer(minimum: int, maximum: int) -> Callable[[str], int]:
    return partial(read_integer, minimum=minimum, maximum=maximum)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "engine": _url,
    "taxonomy": _file,
    "model": _card,
    "detector": _card,
    "embedder": _card,
    "images": _folder,
    "redis": _redis,
    "feeds": Path,
    "jobs": Path,
    "views": _integer(1, 8),
    "image_hosts": _hosts,
    "fields": _names,
    "variant_field": _field,
    "columns": _folder_or_no,
    "candidates": _integer(1, MAX_CANDIDATES),
    "appearance_weight": _fraction,
    "attribute_weight": _fraction,
    "max_upload_bytes": _integer(1, 10**9),
    "max_pixels": _integer(1, 10**9),
    "paper_threshold": _yes_or_no,
}
