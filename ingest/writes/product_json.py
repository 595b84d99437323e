"""Read products and operations from JSON, as REST takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any

from houndstooth.ingest.images import is_url
from houndstooth.ingest.writes.operations import Delete, Operation, Refused, Update, Upsert
from houndstooth.mappings.errors import InvalidInput, InvalidProduct
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import MAX_ID_BYTES, Fact, Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.times import now_ms, parse_time

MAX_OPERATIONS = 100
MAX_IMAGES = 20
MAX_FACTS = 200
MAX_TEXT = 10_000
MAX_LIST = 100

PRODUCT = frozenset(
    {"title", "images", "category", "language", "box", "attributes", "facts", "as_of"}
)
OPERATIONS = {"upsert": {"id", "product"}, "update": {"id", "facts", "as_of"}}
OPERATIONS["delete"] = {"id", "as_of"}

_LANGUAGE = re.compile("[a-z]{2}", re.ASCII)


def parse_json(data: bytes) -> Any:
    """Parse JSON.

    Raises:
        InvalidInput: It is not JSON in UTF-8, or holds text that cannot be written in it.
    """
    try:
        value = json.loads(data.decode(), parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or getattr(error, "reason", None) or str(error)
        raise InvalidInput(f"expected JSON in UTF-8; {str(reason)[:200]}") from None
    return value


def read_operations(data: Any, taxonomy: Taxonomy) -> list[Operation]:
    """Read ``{"operations": […]}``; one that cannot be used costs no other.

    Raises:
        InvalidInput: It is no list of operations, or of too many.
    """
    _fields(data, {"operations"}, "a JSON object")
    listed = data.get("operations")
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_OPERATIONS:
        raise InvalidInput(f"expected 1 to {MAX_OPERATIONS} operations; got {_shown(listed)}")
    # Each has a time of its own, so that what is deleted can be inserted again by the next one.
    now = now_ms()
    return [_read_or_refuse(one, taxonomy, now + place) for place, one in enumerate(listed)]


def read_upsert(
    product_id: str,
    data: Any,
    taxonomy: Taxonomy,
    uploads: Mapping[str, bytes] | None = None,
    now: int | None = None,
) -> Upsert:
    """Read a product.

    Args:
        product_id: Its id.
        data: Its JSON.
        taxonomy: The taxonomy, which names the attribute groups.
        uploads: Bytes of images that were sent along; they come before those by URL.
        now: Its time if it names none; None = now. As for the others.

    Raises:
        InvalidInput: It cannot be used.
    """
    _fields(data, PRODUCT, f"product {product_id!r}")
    title = _text(data, "title")
    images = _images(data.get("images", []))
    facts = {"title": title, **_facts(data.get("facts", {}))}
    if images:
        facts["image"] = images[0]
    if len(images) > 1:
        facts["images"] = images[1:]
    product = Product(
        product_id,
        title,
        (*(uploads or {}), *images),
        category_text=_text(data, "category", ""),
        box=_box(data.get("box")),
        facts=facts,
        attributes=_attributes(data.get("attributes", {}), taxonomy.groups),
        language=_language(data.get("language", "")),
    )
    return Upsert(product, _as_of(data, now), uploads or {})


def read_update(product_id: str, data: Any, now: int | None = None) -> Update:
    """Read some facts of a product.

    Raises:
        InvalidInput: They cannot be used.
    """
    _fields(data, {"facts", "as_of"}, f"product {product_id!r}")
    _check_id(product_id)
    facts = _facts(data.get("facts"))
    if not facts:
        raise InvalidProduct("expected facts to replace; got none")
    return Update(product_id, facts, _as_of(data, now))


def read_delete(product_id: str, data: Mapping[str, Any], now: int | None = None) -> Delete:
    """Read a deletion; ``data`` may have a time.

    Raises:
        InvalidInput: It cannot be used.
    """
    _fields(data, {"as_of"}, f"product {product_id!r}")
    _check_id(product_id)
    return Delete(product_id, _as_of(data, now))


def _read_or_refuse(data: Any, taxonomy: Taxonomy, now: int) -> Operation:
    product_id = data.get("id") if isinstance(data, dict) else None
    try:
        return _read_operation(data, taxonomy, now)
    except InvalidInput as error:
        name = product_id[:MAX_ID_BYTES] if isinstance(product_id, str) else ""
        return Refused(name, "invalid_product", str(error))


def _read_operation(data: Any, taxonomy: Taxonomy, now: int) -> Operation:
    kind = data.get("op") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in OPERATIONS:
        raise InvalidInput(f"expected op as one of {', '.join(OPERATIONS)}; got {_shown(kind)}")
    _fields(data, {"op", *OPERATIONS[kind]}, f"an operation {kind}")
    product_id = _text(data, "id")
    rest = {name: value for name, value in data.items() if name not in ("op", "id")}
    if kind == "upsert":
        return read_upsert(product_id, rest.get("product"), taxonomy, now=now)
    read = read_update if kind == "update" else read_delete
    return read(product_id, rest, now)


def _fields(data: Any, names: Collection[str], what: str) -> None:
    if not isinstance(data, dict):
        raise InvalidProduct(f"expected {what} as a JSON object; got {_shown(data)}")
    if unknown := sorted(set(data) - set(names)):
        raise InvalidProduct(
            f"expected no fields in {what} but {', '.join(sorted(names))}; got {unknown[0][:80]!r}"
        )


def _check_id(product_id: str) -> None:
    size = len(product_id.encode())
    if not 0 < size <= MAX_ID_BYTES:
        raise InvalidProduct(f"expected a product id of 1 to {MAX_ID_BYTES} bytes; got {size}")


def _text(data: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = data.get(name, default)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidProduct(
            f"expected {name} as text of at most {MAX_TEXT} characters; got {_shown(value)}"
        )
    return value


def _images(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_IMAGES:
        raise InvalidProduct(f"expected at most {MAX_IMAGES} images; got {_shown(value)}")
    for one in value:
        if not isinstance(one, str) or not is_url(one) or len(one) > MAX_TEXT:
            raise InvalidProduct(f"expected the http or https URL of an image; got {_shown(one)}")
    return list(dict.fromkeys(value))


def _facts(value: Any) -> dict[str, Fact]:
    if not isinstance(value, dict) or len(value) > MAX_FACTS:
        raise InvalidProduct(f"expected at most {MAX_FACTS} facts by name; got {_shown(value)}")
    for name, fact in value.items():
        texts = fact if isinstance(fact, list) and len(fact) <= MAX_LIST else None
        is_scalar = fact is None or isinstance(fact, str | int | float)
        if not is_scalar and not (texts is not None and all(isinstance(t, str) for t in texts)):
            raise InvalidProduct(
                f"expected text, a number, true, false, null or at most {MAX_LIST} texts as "
                f"{name[:80]!r}; got {_shown(fact)}"
            )
        if isinstance(fact, float) and not isfinite(fact):
            raise InvalidProduct(f"expected a finite number as {name[:80]!r}; got {fact}")
    return dict(value)


def _attributes(value: Any, groups: Collection[str]) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise InvalidProduct(f"expected attributes as texts by group; got {_shown(value)}")
    if unknown := next((name for name in value if name not in groups), None):
        raise InvalidProduct(
            f"expected an attribute group of the taxonomy; got {unknown[:80]!r}, not one of "
            f"{', '.join(groups)}"
        )
    return dict(value)


def _box(value: Any) -> Box | None:
    if value is None:
        return None
    numbers = [one for one in value if type(one) in (int, float)] if isinstance(value, list) else []
    if len(numbers) != 4 or numbers != value or max(map(abs, numbers)) > 1:
        raise InvalidProduct(
            f"expected a box as four numbers x, y, w, h from 0 to 1; got {_shown(value)}"
        )
    return Box(*map(float, numbers))


def _language(value: Any) -> str:
    if not isinstance(value, str) or (value and not _LANGUAGE.fullmatch(value)):
        raise InvalidProduct(f"expected a language of two letters such as de; got {_shown(value)}")
    return value


def _as_of(data: Mapping[str, Any], now: int | None) -> int:
    value = data.get("as_of")
    if value is None:
        return now_ms() if now is None else now
    try:
        time = parse_time(value) if isinstance(value, str) else -1
    except OverflowError:
        time = -1
    if time < 0:
        raise InvalidProduct(
            f"expected a time since 1970 in ISO 8601 as as_of; got {_shown(value)}"
        )
    return time


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _shown(value: Any) -> str:
    """Show what came in a few words."""
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "an object"
        return f"{kind} of {len(value)}"
    return repr(value)[:80]
