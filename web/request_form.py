"""Read a `SearchRequest` from a form or a query string."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, cast, get_args

from werkzeug.datastructures import MultiDict

from houndstooth.mappings.engine import Filter, ShopQuery
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Box
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.mappings.search import (
    MAX_HITS,
    MERGE_CHOICES,
    RELAXED_STEPS,
    SOLD_OUT_CHOICES,
    SearchRequest,
    read_choice,
)
from houndstooth.plugin.arms import Arm
from houndstooth.plugin.events.ubi import read_id
from houndstooth.plugin.fact_paths import names_path, parse_names
from houndstooth.plugin.filters import parse_filter
from houndstooth.plugin.shop_query import parse_query
from houndstooth.plugin.sorting import BY_LOOKS, parse_sort
from houndstooth.web.backend import Backend

Fields = MultiDict[str, str]

SINGLE = frozenset(
    {"q", "category", "box", "query", "sold_out", "collapse", "relax", "sort", "top", "cursor"}
    | {"merge", "appearance_weight", "preview", "query_id", "client_id", "arm"}
)
FILTERS = frozenset({"filter", "post_filter", "require", "exclude"})
REPEATABLE = FILTERS | {"fields"}
ALL_FIELDS = SINGLE | REPEATABLE | {"items"}
"""Fields of a search beside a product."""

SEARCH_FIELDS = ALL_FIELDS | {"product"}
"""Fields of a search."""

MAX_VALUES = 50

Items = Literal["one", "all"]
"""Which items of a photo are searched for."""


def read_search_request(
    fields: Fields, backend: Backend, allowed: Collection[str] = SINGLE | REPEATABLE
) -> SearchRequest:
    """Read and check every field.

    Raises:
        InvalidInput: A field is not allowed, repeated too often or malformed, or a category or
            attribute is not in the taxonomy.
    """
    _check_names(fields, allowed)
    taxonomy = backend.taxonomy
    category, box = fields.get("category"), fields.get("box")
    top, appearance_weight = fields.get("top"), fields.get("appearance_weight")
    arm = backend.arms.choose(fields.get("arm"), read_client_id(fields)) or Arm("")
    relax = fields.get("relax", arm.relax or SearchRequest.relax)
    if appearance_weight is not None:
        weight = _fraction("appearance_weight", appearance_weight)
    elif arm.appearance_weight is not None:
        weight = arm.appearance_weight
    else:
        weight = backend.settings.appearance_weight
    query, sort = fields.get("query"), parse_sort(fields.get("sort", BY_LOOKS))
    if sort:
        _check_allowed(sort.field, backend)
    return SearchRequest(
        category=None if category is None else taxonomy.check_category(category),
        box=None if box is None else Box.parse(box),
        filters=tuple(parse_filter(text) for text in fields.getlist("filter")),
        query=None if query is None else parse_query(query),
        post_filters=tuple(_post_filter(text) for text in fields.getlist("post_filter")),
        sort=sort,
        required=tuple(taxonomy.check_attribute(term) for term in fields.getlist("require")),
        excluded=tuple(taxonomy.check_attribute(term) for term in fields.getlist("exclude")),
        sold_out=read_choice(
            "sold_out", SOLD_OUT_CHOICES, fields.get("sold_out", SearchRequest.sold_out)
        ),
        collapse=_yes_or_no("collapse", fields.get("collapse", "yes")),
        merge=read_choice("merge", MERGE_CHOICES, fields.get("merge", SearchRequest.merge)),
        relax=read_choice("relax", RELAXED_STEPS, relax),
        top=SearchRequest.top if top is None else _whole_number("top", top),
        cursor=fields.get("cursor"),
        preview=_yes_or_no("preview", fields.get("preview", "no")),
        appearance_weight=weight,
        attribute_weight=arm.attribute_weight,
        rules=arm.rules,
        arm=arm.name,
        text=_words(fields.get("q")),
    )


def _words(text: str | None) -> str:
    """Read what a shopper has typed; "" if there is nothing."""
    if text is not None and not text.strip():
        raise InvalidInput("expected q with a word; got an empty one")
    return text or ""


def read_client_id(fields: Fields) -> str | None:
    """Read the id that the browser has made; None if there is none.

    Raises:
        InvalidInput: It is no id.
    """
    given = fields.get("client_id")
    return None if given is None else read_id("client_id", given)


def read_product_ids(fields: Fields) -> tuple[list[str], bool]:
    """Read which products to return, and whether with their variants.

    An id that is too long is left out, as no product has it.

    Raises:
        InvalidInput: A field is not allowed or repeated too often, or there is no id.
    """
    _check_names(fields, {"id", "variants", "fields"})
    ids = fields.getlist("id")
    if not ids:
        raise InvalidInput(f"expected id, from 1 to {MAX_VALUES} times; got none")
    usable = [one for one in dict.fromkeys(ids) if len(one.encode()) <= MAX_ID_BYTES]
    return usable, _yes_or_no("variants", fields.get("variants", "no"))


def read_fields(fields: Fields, backend: Backend) -> tuple[str, ...]:
    """Read which facts of the hits to return; none = all of them.

    Raises:
        InvalidInput: There is no such name, or it is not an allowed one.
    """
    names = parse_names(fields.getlist("fields"))
    for name in names:
        _check_allowed(name, backend)
    return names


def read_items(fields: Fields) -> Items:
    """Read which items of a photo are searched for.

    Raises:
        InvalidInput: It is not one of them.
    """
    text = fields.get("items", "one")
    for choice in get_args(Items):
        if text == choice:
            return cast(Items, choice)
    raise InvalidInput(f"expected items to be one or all; got {text[:40]!r}")


def check_no_parameters(fields: Fields, instead: str = "no parameters") -> None:
    """Refuse parameters that would be ignored.

    Args:
        fields: The parameters.
        instead: What was expected, for the message.

    Raises:
        InvalidInput: There are parameters.
    """
    if fields:
        raise InvalidInput(f"expected {instead}; got {sorted(fields)[0][:80]!r}")


def _post_filter(text: str) -> Filter | ShopQuery:
    """Read a filter, or a query in JSON."""
    is_query = text.lstrip().startswith("{")
    return parse_query(text, "post_filter") if is_query else parse_filter(text)


def _check_allowed(name: str, backend: Backend) -> None:
    allowed = backend.settings.allowed_fields
    if allowed and not names_path(allowed, name):
        raise InvalidInput(f"expected one of the fields {', '.join(sorted(allowed))}; got {name!r}")


def _check_names(fields: Fields, allowed: Collection[str]) -> None:
    for name, values in fields.lists():
        if name not in allowed:
            raise InvalidInput(f"expected fields among {', '.join(sorted(allowed))}; got {name!r}")
        maximum = MAX_VALUES if name in REPEATABLE | {"id"} else 1
        if len(values) > maximum:
            raise InvalidInput(
                f"expected {name} at most {maximum} times; got it {len(values)} times"
            )


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


def _fraction(name: str, text: str) -> float:
    try:
        fraction = read_number(text)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction <= 1:
        raise InvalidInput(f"expected {name} to be a number from 0 to 1; got {text[:40]!r}")
    return fraction
