"""Take the webhooks of shops, which are signed and need no key."""

from __future__ import annotations

import re
from hashlib import sha256

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, Unauthorized

from houndstooth.ingest.writes.product_json import parse_json
from houndstooth.ingest.writes.webhooks import SHOPIFY, WOOCOMMERCE, Shop, is_signed, receive
from houndstooth.ingest.writes.writer import ProductWriter
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.engines.patience import patience
from houndstooth.web.access.guard import UNSIGNED
from houndstooth.web.access.rates import Unsigned
from houndstooth.web.backend import Backend
from houndstooth.web.idempotency import once_named
from houndstooth.web.request_form import check_no_parameters
from houndstooth.web.writes_view import result_json
from houndstooth.web.writing import WRITE_SECONDS

MAX_DELIVERY = 255
"""Characters of the id of a delivery."""

PING = re.compile(rb"webhook_id=\d+")
"""What WooCommerce sends, without a signature, when a webhook is made."""


def webhooks_blueprint(backend: Backend, writer: ProductWriter) -> Blueprint:
    """Create the blueprint of ``/api/v1/webhooks``."""
    view = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks")
    access = backend.settings.access

    @view.post("/shopify")
    def shopify() -> ResponseReturnValue:
        return _receive(writer, SHOPIFY, access.shopify_secret)

    @view.post("/woocommerce")
    def woocommerce() -> ResponseReturnValue:
        if WOOCOMMERCE.topic not in request.headers and PING.fullmatch(request.get_data()):
            _count_unsigned()
            return {"results": []}
        return _receive(writer, WOOCOMMERCE, access.woocommerce_secret)

    return view


def _count_unsigned() -> None:
    """Count a webhook without a right signature.

    Raises:
        TooManyRequests: There were too many of its address.
    """
    unsigned: Unsigned = current_app.extensions[UNSIGNED]
    unsigned.check(request.remote_addr or "")
    unsigned.count(request.remote_addr or "")


def _receive(writer: ProductWriter, shop: Shop, secret: str) -> ResponseReturnValue:
    """Write what a webhook tells.

    What no repetition would mend is answered 200, with what became of each product: a platform
    gives up a webhook that fails too often.
    """
    if not secret:
        _count_unsigned()
        raise Forbidden(f"no webhooks are taken: HOUNDSTOOTH_{shop.name.upper()}_SECRET is not set")
    body = request.get_data()
    if not is_signed(secret, body, request.headers.get(shop.signature, "")):
        _count_unsigned()
        raise Unauthorized(f"expected the signature of this body as {shop.signature}")
    check_no_parameters(request.args)
    topic = request.headers.get(shop.topic, "")
    sent_at = request.headers.get(shop.sent_at, "") if shop.sent_at else ""

    def write() -> Response:
        with patience(WRITE_SECONDS):
            results = receive(writer, shop, topic, parse_json(body), sent_at)
        if any(one.retryable for one in results):
            raise EngineUnavailable(f"a webhook of {shop.name} was not written as a whole")
        return jsonify({"results": [result_json(one) for one in results]})

    if delivery := request.headers.get(shop.delivery):
        # WooCommerce gives deliveries of one second the same name: the body tells them apart.
        name = f"{delivery[:MAX_DELIVERY]} {sha256(body).hexdigest()}"
        return once_named(writer.ledger, shop.name, name, write)
    return write()
