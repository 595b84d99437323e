"""Serve the REST interface that ``web/openapi.json`` describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from houndstooth.mappings.errors import InvalidInput, ProductNotFound
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import LookAnswer, SearchAnswer, SearchRequest
from houndstooth.plugin.answer import answer_json, look_json, product_json
from houndstooth.plugin.events.ubi import Asked
from houndstooth.plugin.fact_paths import select_facts
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.catalogue import find_variants, pick_samples, taxonomy_json
from houndstooth.web.facets import count_facets
from houndstooth.web.languages import LANGUAGES, read_language
from houndstooth.web.media import image_url
from houndstooth.web.openapi import openapi_document
from houndstooth.web.photo import read_photos
from houndstooth.web.query_record import new_query_id, read_asked, record_search
from houndstooth.web.request_form import (
    ALL_FIELDS,
    FILTERS,
    REPEATABLE,
    SEARCH_FIELDS,
    SINGLE,
    check_no_parameters,
    read_fields,
    read_items,
    read_product_ids,
    read_search_request,
)


def api_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/api/v1``: search, catalogue and OpenAPI document."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    document = openapi_document(backend.taxonomy)

    @cache
    def taxonomy(language: str) -> dict[str, Any]:
        precisions = backend.extractor.precisions
        return taxonomy_json(backend.taxonomy, precisions, LANGUAGES[language])

    @api.route("/search", methods=["GET", "POST"])
    @requires("search")
    def search() -> ResponseReturnValue:
        photos, given = read_photos(backend.settings.max_upload_bytes)
        search_request = read_search_request(given, backend, SEARCH_FIELDS)
        fields, product_id = read_fields(given, backend), given.get("product")
        asked = read_asked(given, backend, product_id, by_photo=bool(photos))
        if read_items(given) == "one":
            product_id = product_id if product_id is None else _check_id(product_id)
            answer = backend.texts.search(search_request, photos, product_id)
            record_search(backend, answer, search_request, asked)
            return {"query_id": asked.query_id, **_found(answer, fields)}
        if len(photos) != 1 or product_id is not None:
            raise InvalidInput(f"expected one photo alone with items=all; got {len(photos)} photos")
        look = backend.looks.of_photo(photos[0], search_request)
        return _look(backend, look, search_request, replace(asked, look="photo"), fields)

    @api.get("/products/<product_id:product_id>/similar")
    @requires("search")
    def similar(product_id: str) -> ResponseReturnValue:
        search_request = _query_string(backend, ALL_FIELDS - {"box", "preview"})
        fields = read_fields(request.args, backend)
        asked = read_asked(request.args, backend, product_id)
        if read_items(request.args) == "all":
            look = backend.looks.worn_with(_check_id(product_id), search_request)
            return _look(backend, look, search_request, replace(asked, look="worn"), fields)
        answer = backend.texts.search(search_request, (), _check_id(product_id))
        record_search(backend, answer, search_request, asked)
        return {"query_id": asked.query_id, **_found(answer, fields)}

    @api.get("/products/<product_id:product_id>/outfit")
    @requires("search")
    def outfit(product_id: str) -> ResponseReturnValue:
        single = {"q", "category", "box", "cursor", "preview", "query_id"}
        search_request = _query_string(backend, (SINGLE | REPEATABLE) - single)
        fields = read_fields(request.args, backend)
        asked = read_asked(request.args, backend, product_id)
        look = backend.looks.complete(_check_id(product_id), search_request)
        return _look(backend, look, search_request, replace(asked, look="outfit"), fields)

    @api.get("/products/<product_id:product_id>")
    @requires("search")
    def product(product_id: str) -> ResponseReturnValue:
        check_no_parameters(request.args)
        return _with_image_url(product_json(backend.search.product(_check_id(product_id))))

    @api.get("/products")
    @requires("search")
    def products() -> ResponseReturnValue:
        ids, with_variants = read_product_ids(request.args)
        fields = read_fields(request.args, backend)
        found = backend.engine.fetch(ids)
        variants = find_variants(backend, found) if with_variants else {}

        def described(stored: StoredProduct) -> dict[str, Any]:
            product = _select(_with_image_url(product_json(stored)), fields)
            if stored.product_id not in variants:
                return product
            others = [_with_image_url(product_json(one)) for one in variants[stored.product_id]]
            return {**product, "variants": [_select(one, fields) for one in others]}

        return {"products": [described(one) for one in found]}

    @api.get("/facets")
    @requires("search")
    def facets() -> ResponseReturnValue:
        allowed = FILTERS | {"category", "q", "query", "sold_out"}
        return count_facets(backend, _query_string(backend, allowed))

    @api.get("/samples")
    @requires("search")
    def samples() -> ResponseReturnValue:
        check_no_parameters(request.args)
        products = [product_json(stored) for stored in pick_samples(backend)]
        return _with_image_urls({"products": products}, "products")

    @api.get("/progress")
    @requires("search")
    def progress() -> ResponseReturnValue:
        check_no_parameters(request.args)
        return {"progress": backend.progress.to_json() if backend.progress else None}

    @api.get("/taxonomy")
    @requires("search")
    def get_taxonomy() -> ResponseReturnValue:
        return jsonify(taxonomy(read_language(request.args).code))

    @api.get("/openapi.json")
    def openapi() -> ResponseReturnValue:
        return jsonify(document)

    return api


def _query_string(backend: Backend, allowed: frozenset[str]) -> SearchRequest:
    return read_search_request(request.args, backend, allowed)


def _check_id(product_id: str) -> str:
    if len(product_id.encode()) > MAX_ID_BYTES:
        raise ProductNotFound(f"no product has an id of more than {MAX_ID_BYTES} bytes")
    return product_id


def _look(
    backend: Backend,
    look: LookAnswer,
    search_request: SearchRequest,
    asked: Asked,
    fields: Sequence[str],
) -> dict[str, Any]:
    """Convert the answer for every item of a look to JSON; each is a query of its own."""
    found, items = look_json(look), []
    for answer, item in zip(look.items, found["items"], strict=True):
        each = replace(asked, query_id=new_query_id())
        record_search(backend, answer, search_request, each)
        items.append({"query_id": each.query_id, **_shown(item, fields)})
    return {**found, "items": items}


def _found(answer: SearchAnswer, fields: Sequence[str]) -> dict[str, Any]:
    """Convert an answer to JSON, with some facts of each product; no fields = all facts."""
    return _shown(answer_json(answer), fields)


def _shown(answer: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    found = _with_image_urls(answer, "hits")
    found["hits"] = [_select(hit, fields) for hit in found["hits"]]
    if evidence := found.get("evidence"):
        found["evidence"] = {**evidence, "view": _view_with_url(evidence["view"])}
    return found


def _select(item: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """Keep some facts of a product or hit, and ``image_url``; no fields = all facts."""
    if not fields:
        return item
    return {**item, "product": select_facts(item["product"], (*fields, "image_url"))}


def _with_image_urls(answer: dict[str, Any], items: str) -> dict[str, Any]:
    return {**answer, items: [_with_image_url(item) for item in answer[items]]}


def _with_image_url(item: dict[str, Any]) -> dict[str, Any]:
    product = item["product"]
    urls = {"product": {**product, "image_url": image_url(product.get("image"))}}
    if view := item.get("view"):
        urls["view"] = _view_with_url(view)
    return {**item, **urls}


def _view_with_url(view: dict[str, Any]) -> dict[str, Any]:
    return {**view, "image_url": image_url(view["image"])}
