"""Choose which fields of a shop's documents a product is read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from houndstooth.ingest.columns import Reading, matching
from houndstooth.ingest.platforms import GENERAL
from houndstooth.ingest.platforms.layouts import OneEach
from houndstooth.ingest.platforms.platform import ATTRIBUTES, ROLES, Platform
from houndstooth.mappings.errors import InvalidConfig

ID = "_id"
"""Column of a document's id."""

READ = ("title", "image", "images", "category", "box", *ATTRIBUTES)
"""Roles that a product is read from."""

TOLD = {
    "price": "filter by it: --filter {}=10..50",
    "group": "variants are one hit with HOUNDSTOOTH_VARIANT_FIELD={}",
}
"""Roles that no product is read from, and how a search names their fields."""

_REQUIRED = ("title", "image")
_DOCUMENTS = Platform("documents of a shop's index", [()], GENERAL.roles, layout=OneEach())


def parse_fields(text: str) -> dict[str, str]:
    """Parse ``title=name,image=media.0.url`` to the field of each role; an empty one is none.

    Raises:
        InvalidConfig: The text does not have this form, or there is no such role.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise InvalidConfig(f"expected --fields as title=FIELD,image=FIELD,…; got {text!r}")
    fields = {role.strip(): field.strip() for role, _, field in pairs}
    if unknown := next((role for role in fields if role not in (*READ, *TOLD)), None):
        known = ", ".join((*READ, *TOLD))
        raise InvalidConfig(f"expected one of {known} in --fields; got {unknown!r}")
    return fields


def choose_fields(
    names: Sequence[str], chosen: Mapping[str, str], image_base: str = "", language: str = ""
) -> Reading:
    """Choose the fields of each role: those that are given, else those that are called as it is.

    The words are those by which the columns of a feed are known.

    Args:
        names: Fields of the index, objects among them.
        chosen: Field by role; ``""`` = no such field.
        image_base, language: See Reading.

    Raises:
        InvalidConfig: No field is known as the title or the image.
    """
    roles: dict[str, tuple[str, ...]] = dict.fromkeys(ROLES, ())
    for role in READ:
        if role in chosen:
            roles[role] = (chosen[role],) if chosen[role] else ()
        else:
            words = (*GENERAL.roles.get(role, ()), *ATTRIBUTES.get(role, ()))
            roles[role] = tuple(matching(names, words))
    if lacking := [role for role in _REQUIRED if not roles[role]]:
        found = f"fields found: {', '.join(names) or 'none'}"
        flags = ",".join(f"{role}={(*roles[role], 'FIELD')[0]}" for role in _REQUIRED)
        raise InvalidConfig(
            f"expected a field as the {lacking[0]}; none is known by its name\n{found}\n"
            f"say which it is: --fields {flags}"
        )
    columns = dict.fromkeys(field for fields in roles.values() for field in fields)
    return Reading(
        _DOCUMENTS,
        (ID, *columns),
        roles | {"id": (ID,)},
        chosen,
        facts=False,
        image_base=image_base,
        language=language,
    )


def described(reading: Reading) -> str:
    """Format the field of each role, and the language, for people: a line each."""
    lines = [("language", reading.language or "unknown")]
    lines += [(role, ", ".join(reading.roles[role])) for role in READ if reading.roles[role]]
    for role, hint in TOLD.items():
        if field := reading.chosen.get(role):
            lines.append((role, f"{field}  ({hint.format(field)})"))
    return "\n".join(f"{role:<12}{text}" for role, text in lines)
