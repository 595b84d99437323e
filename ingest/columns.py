"""Read a feed's columns as those of a platform: the role of each column.

Only a known category column is read as category text. A column without a role is a fact: it is
stored, shown and filtered on, and never used to find the category or attributes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from houndstooth.ingest.cells.currencies import CODES
from houndstooth.ingest.cells.texts import as_text
from houndstooth.ingest.feeds import Row
from houndstooth.ingest.platforms import GENERAL, Platform, normal, recognise
from houndstooth.ingest.platforms.nested import Nested
from houndstooth.ingest.platforms.platform import ATTRIBUTES, ROLES
from houndstooth.ingest.platforms.words import WORDS
from houndstooth.mappings.document import is_visual
from houndstooth.mappings.errors import InvalidFeed

REQUIRED = ("id", "title", "image")
_RESERVED = frozenset(
    {
        *("title", "brand", "price", "price_before", "currency", "availability", "stock"),
        *("image", "images", "group", "url", "product_id"),
    }
)
_PATTERNS = {"#": r"(\d+)", "@": r"([a-z]{3})"}
_CODE = re.compile(r"(?:^|[\W_])([A-Z]{3})\)?$")


@dataclass
class Counts:
    """Counts of what was done to rows while they were read.

    Attributes:
        folded: Rows that are no product of their own: of further images, translations, or of a
            product whose variants are sold.
        inherited: Number of variants that took a value from their product, by role.
        left_out: Products that are not sold, such as drafts.
    """

    folded: int = 0
    inherited: Counter[str] = field(default_factory=Counter)
    left_out: int = 0


@dataclass
class Reading:
    """The roles of a feed's columns, and how its cells are read.

    Attributes:
        platform: The platform that the feed comes from.
        columns: Column names of the feed.
        roles: The columns of each role, in the order in which they are read.
        chosen: Column by role as set by the user; ``""`` = no such column.
        facts: Whether to read facts.
        image_base: What stands before an image path: a URL or a folder relative to the feed.
        language: Language of the texts, ISO 639-1; empty if unknown.
        sample: The first rows.
        counts: What was done to the rows that were read so far.
    """

    platform: Platform
    columns: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    chosen: Mapping[str, str]
    facts: bool = True
    image_base: str = ""
    language: str = ""
    sample: Sequence[Row] = ()
    counts: Counts = field(default_factory=Counts)

    @property
    def others(self) -> tuple[str, ...]:
        """Return the columns without a role; they are stored as facts."""
        used = {column for columns in self.roles.values() for column in columns}
        return tuple(column for column in self.columns if column and column not in used)

    def text(self, cells: Mapping[str, Any], role: str) -> str:
        """Return the first value of a role that is not empty, as text, else ``""``."""
        for column in self.roles.get(role, ()):
            text = as_text(cells.get(column))
            if text:
                return text
        return ""

    def currency(self, column: str) -> str:
        """Return the currency that the name of a column of prices ends in, else ``""``."""
        match = _CODE.search(column)
        return match[1] if match and match[1] in CODES else ""

    def cover(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add the columns that rows have and the first rows of a feed without a header had not."""
        known = frozenset(self.columns)
        new = {name: None for cells in rows if not known.issuperset(cells) for name in cells}
        if new:
            self.columns = tuple(dict.fromkeys((*self.columns, *new)))
            roles = _find_roles(self.platform, self.columns, self.chosen)
            if self.platform is GENERAL:  # columns of variants do not replace their product's
                for role in REQUIRED:
                    roles[role] = tuple(dict.fromkeys((*roles[role], *self.roles[role])))
            self.roles = roles


def read_as(
    columns: Sequence[str],
    sample: Sequence[Row] = (),
    chosen: Mapping[str, str] | None = None,
    *,
    facts: bool = True,
    image_base: str = "",
    language: str = "",
) -> Reading:
    """Recognise the platform of a feed, and find the role of each column.

    Args:
        columns: Column names of the feed.
        sample: The first rows, a few hundred: they show how the feed writes its prices.
        chosen: Column by role, for roles that the user has set; ``""`` = no such column.
        facts: See Reading, as for the others.

    Raises:
        InvalidFeed: There is no such role or column, or a required role has no column or several
            possible ones. The message lists the columns and the flag to use.
    """
    chosen, columns = chosen or {}, tuple(dict.fromkeys(columns))
    _check_chosen(columns, chosen)
    first_id = as_text(sample[0].cell_values.get("id")) if sample else ""
    platform = recognise(columns, first_id)
    roles = _find_roles(platform, columns, chosen)
    reading = Reading(platform, columns, roles, chosen, facts, image_base, language, sample)
    if isinstance(platform.layout, Nested):
        reading.sample = [*platform.layout.unfolded(sample, reading)]
        reading.cover(row.cell_values for row in reading.sample)
    instead = {"image": "images", "id": platform.layout.key}
    for role in REQUIRED:
        several = platform is GENERAL and len(roles[role]) > 1
        known = platform.has_id(first_id)
        if several or not (
            known or reading.roles[role] or reading.roles.get(instead.get(role, ""))
        ):
            raise InvalidFeed(_ambiguity(role, columns, roles))
    return reading


def parse_columns(flag: str) -> dict[str, str]:
    """Parse ``id=id,title=productDisplayName`` to the column of each role.

    Raises:
        InvalidFeed: The text does not have this form.
    """
    pairs = [part.partition("=") for part in flag.split(",")]
    if not all(equals and role.strip() for role, equals, _ in pairs):
        raise InvalidFeed(f"expected columns as id=COLUMN,title=COLUMN,…; got {flag!r}")
    return {role.strip(): column.strip() for role, _, column in pairs}


@lru_cache(maxsize=4096)
def fact_name(column: str) -> str:
    """Convert a column name to a field name without dots and spaces that is not reserved."""
    name = re.sub(r"[^\w-]+", "_", column).strip("_") or "column"
    return f"{name}_" if name in _RESERVED or is_visual(name) else name


def matching(columns: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the columns that match one of a platform's names, in the order of the names.

    Columns of one numbered name stand in the order of their numbers.
    """
    found: dict[str, None] = {}
    normals = [(normal(column), column) for column in columns]
    for name in names:
        found |= dict.fromkeys(_matches(name, normals))
    return [*found]


def _matches(name: str, normals: Sequence[tuple[str, str]]) -> list[str]:
    parts = re.split(r"([#@*])", name)
    if len(parts) == 1:
        wanted = normal(name)
        found = [column for known, column in normals if known == wanted]
        return sorted(found, key=lambda column: column != name)  # of "_id" and "id" the latter
    text = "".join(_PATTERNS.get(part) or (".*" if part == "*" else normal(part)) for part in parts)
    pattern = re.compile(text, re.ASCII)
    numbered = []
    for place, (known, column) in enumerate(normals):
        match = pattern.fullmatch(known)
        if match is None or ("@" in name and match[1].upper() not in CODES):
            continue
        number = int(match[1]) if "#" in name else place
        numbered.append((number, place, column))
    return [column for *_, column in sorted(numbered)]


def _find_roles(
    platform: Platform, columns: Sequence[str], chosen: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    roles: dict[str, tuple[str, ...]] = {}
    for role in ROLES:
        if role in chosen:
            roles[role] = (chosen[role],) if chosen[role] else ()
            continue
        found = matching(columns, (*platform.roles.get(role, ()), *ATTRIBUTES.get(role, ())))
        if platform is GENERAL and role in REQUIRED:
            exact = [column for column in found if column.lower() == role]
            certain = [column for column in found if normal(column) == role]
            foreign = {*map(normal, WORDS[role])}
            english = [column for column in found if normal(column) not in foreign]
            found = exact or certain or english or found
        roles[role] = tuple(found)
    return roles


def _check_chosen(names: Sequence[str], chosen: Mapping[str, str]) -> None:
    for role, column in chosen.items():
        if role not in ROLES:
            raise InvalidFeed(f"expected one of {', '.join(ROLES)} in --columns; got {role!r}")
        if names.count(column) != 1 and (column or role in REQUIRED):
            raise InvalidFeed(
                f"expected one column {column!r} as {role}; columns found: {', '.join(names)}"
            )


def _ambiguity(role: str, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]) -> str:
    several = roles[role]
    problem = (
        f"more than one column may be the {role}: {', '.join(several)}"
        if several
        else f"no column is known as the {role} ({', '.join(GENERAL.roles[role])})"
    )
    flags = ",".join(
        f"{one}={roles[one][0] if len(roles[one]) == 1 else 'COLUMN'}" for one in REQUIRED
    )
    return f"{problem}\ncolumns found: {', '.join(names)}\nsay which it is: --columns {flags}"
