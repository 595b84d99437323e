"""Serve the REST interface that ``web/openapi.json`` describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from houndstooth.mappings.engine import StoredProduct
from houndstooth.mappings.errors import InvalidInput, ProductNotFound
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.plugin.answer import answer_json, product_json
from houndstooth.plugin.fact_paths import select_facts
from houndstooth.web.backend import Backend
from houndstooth.web.catalogue import find_variants, pick_samples, taxonomy_json
from houndstooth.web.facets import count_facets
from houndstooth.web.languages import read_language
from houndstooth.web.media import image_url
from houndstooth.web.openapi import openapi_document
from houndstooth.web.request_form import (
    FILTERS,
    REPEATABLE,
    SINGLE,
    check_no_parameters,
    read_fields,
    read_product_ids,
    read_search_request,
)

MULTIPART = "multipart/form-data"


def api_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/api/v1``: search, catalogue and OpenAPI document."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    document = openapi_document(backend.taxonomy)

    @api.post("/search")
    def search() -> ResponseReturnValue:
        check_no_parameters(request.args, "all fields in the form and none in the query string")
        image = _uploaded_image(backend.settings.max_upload_bytes)
        search_request = read_search_request(request.form, backend)
        fields = read_fields(request.form, backend)
        return _found(backend.search.search(image, search_request), fields)

    @api.get("/products/<product_id:product_id>/similar")
    def similar(product_id: str) -> ResponseReturnValue:
        search_request = _query_string(backend, (SINGLE | REPEATABLE) - {"box"})
        fields = read_fields(request.args, backend)
        return _found(backend.search.similar(_check_id(product_id), search_request), fields)

    @api.get("/products/<product_id:product_id>")
    def product(product_id: str) -> ResponseReturnValue:
        check_no_parameters(request.args)
        return _with_image_url(product_json(backend.search.product(_check_id(product_id))))

    @api.get("/products")
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
    def facets() -> ResponseReturnValue:
        allowed = FILTERS | {"category", "query", "sold_out"}
        return count_facets(backend, _query_string(backend, allowed))

    @api.get("/samples")
    def samples() -> ResponseReturnValue:
        check_no_parameters(request.args)
        products = [product_json(stored) for stored in pick_samples(backend)]
        return _with_image_urls({"products": products}, "products")

    @api.get("/progress")
    def progress() -> ResponseReturnValue:
        check_no_parameters(request.args)
        return {"progress": backend.progress.to_json() if backend.progress else None}

    @api.get("/taxonomy")
    def get_taxonomy() -> ResponseReturnValue:
        language = read_language(request.args)
        return jsonify(taxonomy_json(backend.taxonomy, backend.extractor.precisions, language))

    @api.get("/openapi.json")
    def openapi() -> ResponseReturnValue:
        return jsonify(document)

    return api


def _query_string(backend: Backend, allowed: frozenset[str]) -> SearchRequest:
    return read_search_request(request.args, backend, allowed)


def _uploaded_image(max_bytes: int) -> bytes:
    """Read the bytes of the one file ``image``.

    Raises:
        InvalidInput: The file is missing, or there are other files.
        UnsupportedMediaType: The request is not multipart/form-data.
        RequestEntityTooLarge: The file has more than ``max_bytes``.
    """
    too_large = RequestEntityTooLarge(f"expected an image of at most {max_bytes} bytes")
    if (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
        raise too_large
    if request.mimetype != MULTIPART:
        raise UnsupportedMediaType(f"expected {MULTIPART}; got {request.mimetype[:80]!r}")
    try:
        request.form  # noqa: B018 - parses the form, within its limits
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(
            f"expected at most {current_app.config['MAX_FORM_MEMORY_SIZE']} bytes in at most "
            f"{current_app.config['MAX_FORM_PARTS']} fields beside the image"
        ) from None
    files = [(name, file) for name, same in request.files.lists() for file in same]
    names = [name for name, _ in files]
    if names != ["image"]:
        raise InvalidInput(f"expected one file in the field image; got files in {names[:10]}")
    data: bytes = files[0][1].read(max_bytes + 1)
    if len(data) > max_bytes:
        raise too_large
    return data


def _check_id(product_id: str) -> str:
    if len(product_id.encode()) > MAX_ID_BYTES:
        raise ProductNotFound(f"no product has an id of more than {MAX_ID_BYTES} bytes")
    return product_id


def _found(answer: SearchAnswer, fields: Sequence[str]) -> dict[str, Any]:
    """Convert an answer to JSON, with some facts of each product; no fields = all facts."""
    found = _with_image_urls(answer_json(answer), "hits")
    return {**found, "hits": [_select(hit, fields) for hit in found["hits"]]}


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
        urls["view"] = {**view, "image_url": image_url(view["image"])}
    return {**item, **urls}
