"""Serve a shop that has the widget in its pages; ``houndstooth demo`` has it at ``/shop``."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from houndstooth.mappings.read_products import StoredProduct
from houndstooth.plugin.answer import product_json
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.catalogue import pick_samples
from houndstooth.web.languages import choose_language
from houndstooth.web.media import image_url


def shop_blueprint(backend: Backend, service: str = "") -> Blueprint:
    """Create the blueprint of ``/shop`` and of a page for each product.

    Args:
        backend: The catalogue.
        service: Origin of the service that has the widget; "" = that of the shop.
    """
    shop = Blueprint("shop", __name__, template_folder="templates")

    def page(template: str, **values: object) -> ResponseReturnValue:
        language = choose_language(request.accept_languages)
        response = render_template(template, language=language.code, service=service, **values)
        return response, {"Vary": "Accept-Language"}

    def described(stored: StoredProduct) -> dict[str, object]:
        facts = dict(product_json(stored)["product"])
        url = image_url(facts.get("image"))
        picture = f"{service}{url}" if url and url.startswith("/") else url
        return {**facts, "id": stored.product_id, "picture": picture}

    @shop.get("/shop")
    @requires("search")
    def front() -> ResponseReturnValue:
        return page("shop.html", products=[described(one) for one in pick_samples(backend)])

    @shop.get("/shop/<path:product_id>")
    @requires("search")
    def product(product_id: str) -> ResponseReturnValue:
        found = backend.engine.fetch([product_id])
        if not found:
            abort(404)
        return page("shop_product.html", product=described(found[0]))

    return shop
