"""Read the webhooks of Shopify and WooCommerce.

A platform sends a product whenever it changes: several times, or in another order than it changed.
So each product has the time of its own last change, and an older one changes nothing.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from houndstooth.ingest.formats.row import Feed, Row, name_columns
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.ingest.writes.operations import Delete, Operation, Refused, Result, Upsert
from houndstooth.ingest.writes.writer import ProductWriter
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.product import Fact
from houndstooth.mappings.times import now_ms, parse_time

MAX_VARIANTS = 250
"""Variants of one product; Shopify has at most 100, or 2,048 if a shop asks for it."""


@dataclass(frozen=True)
class Shop:
    """A platform that sends webhooks.

    Attributes:
        name: Its name.
        topic, signature, delivery, sent_at: Names of headers; "" = it has none.
        written, deleted: Topics of products that changed, and of those that were deleted.
        changed_at: Field of a product with the time of its last change.
    """

    name: str
    topic: str
    signature: str
    delivery: str
    sent_at: str
    written: frozenset[str]
    deleted: frozenset[str]
    changed_at: str


SHOPIFY = Shop(
    "shopify",
    "X-Shopify-Topic",
    "X-Shopify-Hmac-Sha256",
    "X-Shopify-Webhook-Id",
    "X-Shopify-Triggered-At",
    frozenset({"products/create", "products/update"}),
    frozenset({"products/delete"}),
    "updated_at",
)
_SIGNATURE = re.compile("[A-Za-z0-9+/]{43}=")
RESTORED = "product.restored"

WOOCOMMERCE = Shop(
    "woocommerce",
    "X-WC-Webhook-Topic",
    "X-WC-Webhook-Signature",
    "X-WC-Webhook-Delivery-ID",
    "",
    frozenset({"product.created", "product.updated", RESTORED}),
    frozenset({"product.deleted"}),
    "date_modified_gmt",
)


def may_be_signed(signature: str) -> bool:
    """Tell whether a signature is of the right form: 32 bytes in base64."""
    return _SIGNATURE.fullmatch(signature) is not None


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Tell whether a body has the signature of a secret: HMAC-SHA256, in base64."""
    expected = base64.b64encode(hmac.digest(secret.encode(), body, sha256))
    return hmac.compare_digest(expected, signature.encode(errors="replace"))


def receive(
    writer: ProductWriter, shop: Shop, topic: str, payload: Any, sent_at: str = ""
) -> list[Result]:
    """Write what a webhook tells of a product; the same again, or an older one, changes nothing.

    Args:
        writer: What writes.
        shop: The platform.
        topic: What happened.
        payload: The product as JSON; of a deleted one its id alone.
        sent_at: When it happened, of a deleted product; "" = now.

    Raises:
        InvalidInput: The topic is not one of a product's, or the product cannot be read.
        EngineUnavailable: Nothing was done; the webhook may be sent again.
    """
    if topic not in shop.written | shop.deleted:
        known = ", ".join(sorted(shop.written | shop.deleted))
        raise InvalidInput(f"expected a topic of {known}; got {topic[:80]!r}")
    number = payload.get("id") if isinstance(payload, dict) else None
    if type(number) not in (int, str) or not str(number):
        raise InvalidInput(f"expected the JSON of a product with an id; got id {number!r:.80}")
    parent = f"{shop.name}\0{number}"  # no product has such an id
    if topic in shop.deleted:
        return _delete(writer, parent, _time(sent_at))
    as_of = _time(payload.get(shop.changed_at))
    if topic == RESTORED:  # after its deletion, whose time is that of its arrival
        as_of = max(as_of, writer.ledger.deleted([parent]).get(parent, -1) + 1)
    return _write(writer, parent, payload, as_of)


def _write(
    writer: ProductWriter, parent: str, payload: Mapping[str, Any], as_of: int
) -> list[Result]:
    ledger = writer.ledger
    found = _read(payload)
    sold = {one.product.product_id for one in found if isinstance(one, FeedProduct)}
    if ledger.deleted([parent]).get(parent, -1) >= as_of:
        return [Result(one, "overtaken") for one in sorted(sold)]
    known = ledger.family(parent)
    ledger.change_family(parent, added=sold)
    changes: list[Operation] = []
    for one in found:
        if isinstance(one, FeedProduct):
            changes.append(Upsert(replace(one.product, as_of=as_of), as_of))
        elif one.status == "failed":
            changes.append(Refused(one.product_id, "invalid_product", one.reason or ""))
    # Variants that are gone, and products that are not sold: drafts.
    leave = [one for one in {*known, *_left_out(found)} if one not in sold]
    results = writer.write([*changes, *(Delete(one, as_of) for one in sorted(leave))])
    # What is newer may be another's: a product that was made anew with the same SKU.
    others = {one.product_id for one in results if one.status == "overtaken"} - {*known}
    _forget(writer, parent, results, others)
    return results


def _delete(writer: ProductWriter, parent: str, as_of: int) -> list[Result]:
    writer.ledger.mark_deleted(parent, as_of)
    known = writer.ledger.family(parent)
    results = writer.write([Delete(one, as_of) for one in known])
    _forget(writer, parent, results)
    return results


def _forget(
    writer: ProductWriter, parent: str, results: Sequence[Result], others: Collection[str] = ()
) -> None:
    gone = [one.product_id for one in results if one.status in ("deleted", "absent")]
    writer.ledger.change_family(parent, removed=[*gone, *others])


def _left_out(found: Sequence[FeedProduct | Outcome]) -> list[str]:
    outcomes = (one for one in found if isinstance(one, Outcome))
    return [one.product_id for one in outcomes if one.status == "left_out" and one.product_id]


def _read(payload: Mapping[str, Any]) -> list[FeedProduct | Outcome]:
    """Read the products that a platform's product consists of, as its feed would have them."""
    if payload.get("variations"):  # each of them comes by itself
        return []
    is_variation = payload.get("type") == "variation"
    if is_variation:
        payload = {**payload, "type": "simple"}
    variants = payload.get("variants")
    if isinstance(variants, list) and len(variants) > MAX_VARIANTS:
        raise InvalidInput(f"expected at most {MAX_VARIANTS} variants; got {len(variants)}")
    columns, parts = name_columns(iter([Row(1, payload)]))
    _, entries = read_feed(Feed(columns, parts, lambda: "webhook"), ReadOptions())
    if not is_variation:
        return list(entries)
    group = {"group": str(payload.get("parent_id"))}
    return [_with_facts(one, group) for one in entries]


def _with_facts(entry: FeedProduct | Outcome, facts: Mapping[str, Fact]) -> FeedProduct | Outcome:
    if isinstance(entry, Outcome):
        return entry
    product = entry.product
    return entry._replace(product=replace(product, facts={**(product.facts or {}), **facts}))


def _time(text: Any) -> int:
    """Read when something happened; what is unknown, or ahead of this clock, is now."""
    try:
        return max(0, parse_time(text)) if isinstance(text, str) and text else now_ms()
    except (InvalidInput, OverflowError):
        return now_ms()
