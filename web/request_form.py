"""From the fields of a form or a query string to a `SearchRequest`."""

from __future__ import annotations

from collections.abc import Collection

from werkzeug.datastructures import MultiDict

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Box
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.search import MAX_HITS, SearchRequest
from houndstooth.plugin.filters import parse_filter
from houndstooth.web.backend import Backend

Fields = MultiDict[str, str]

SINGLE = frozenset({"category", "box", "collapse", "top", "appearance_weight"})
REPEATABLE = frozenset({"filter", "require", "exclude"})
MAX_VALUES = 50


def read_search_request(
    fields: Fields, backend: Backend, allowed: Collection[str] = SINGLE | REPEATABLE
) -> SearchRequest:
    """Read and check every field.

    Raises:
        InvalidInput: a field that is not allowed, given too often, or malformed; a category or
            an attribute that the taxonomy lacks.
    """
    _check_names(fields, allowed)
    taxonomy = backend.taxonomy
    category, box = fields.get("category"), fields.get("box")
    top, appearance_weight = fields.get("top"), fields.get("appearance_weight")
    return SearchRequest(
        category=None if category is None else taxonomy.check_category(category),
        box=None if box is None else Box.parse(box),
        filters=tuple(parse_filter(text) for text in fields.getlist("filter")),
        required=tuple(taxonomy.check_attribute(term) for term in fields.getlist("require")),
        excluded=tuple(taxonomy.check_attribute(term) for term in fields.getlist("exclude")),
        collapse=_yes_or_no("collapse", fields.get("collapse", "yes")),
        top=SearchRequest.top if top is None else _whole_number("top", top),
        appearance_weight=backend.settings.appearance_weight
        if appearance_weight is None
        else _share("appearance_weight", appearance_weight),
    )


def check_no_parameters(fields: Fields, instead: str = "no parameters") -> None:
    """Refuse what would be passed over in silence.

    Args:
        instead: what was expected, in words.

    Raises:
        InvalidInput: any field at all.
    """
    if fields:
        raise InvalidInput(f"expected {instead}; got {sorted(fields)[0][:80]!r}")


def _check_names(fields: Fields, allowed: Collection[str]) -> None:
    for name, values in fields.lists():
        if name not in allowed:
            raise InvalidInput(f"expected fields among {', '.join(sorted(allowed))}; got {name!r}")
        most = 1 if name in SINGLE else MAX_VALUES
        if len(values) > most:
            raise InvalidInput(f"expected {name} at most {most} times; got it {len(values)} times")


def _whole_number(name: str, text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= MAX_HITS:
        raise InvalidInput(
            f"expected {name} to be a whole number from 1 to {MAX_HITS}; got {text[:40]!r}"
        )
    return number


def _yes_or_no(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise InvalidInput(f"expected {name} to be yes or no; got {text[:40]!r}")
    return text == "yes"


def _share(name: str, text: str) -> float:
    try:
        share = read_number(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidInput(f"expected {name} to be a number from 0 to 1; got {text[:40]!r}")
    return share
