"""Write products over REST: one, or up to a hundred at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from houndstooth.ingest.writes.operations import Operation, Result
from houndstooth.ingest.writes.product_json import (
    parse_json,
    read_delete,
    read_operations,
    read_update,
    read_upsert,
)
from houndstooth.ingest.writes.writer import ProductWriter
from houndstooth.mappings.errors import InvalidInput
from houndstooth.plugin.engines.patience import patience
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.errors import error_response
from houndstooth.web.idempotency import once
from houndstooth.web.request_form import check_no_parameters
from houndstooth.web.writing import WRITE_SECONDS

JSON = "application/json"
MULTIPART = "multipart/form-data"
STATUS = {
    "product_not_found": 404,
    "invalid_image": 422,
    "image_unavailable": 503,
    "refused": 422,
    "engine_unavailable": 503,
}
"""HTTP status of a single product that failed, by code."""


def writes_blueprint(backend: Backend, writer: ProductWriter) -> Blueprint:
    """Create the blueprint of the routes that write ``/api/v1/products``."""
    view = Blueprint("writes", __name__, url_prefix="/api/v1/products")
    taxonomy = backend.taxonomy

    @view.post("")
    @requires("ingest", always=True)
    def write_products() -> ResponseReturnValue:
        check_no_parameters(request.args)

        def write() -> Response:
            operations = read_operations(parse_json(_json_body()), taxonomy)
            return jsonify({"results": [result_json(one) for one in _write(writer, operations)]})

        return once(writer.ledger, write)

    @view.put("/<product_id:product_id>")
    @requires("ingest", always=True)
    def put_product(product_id: str) -> ResponseReturnValue:
        check_no_parameters(request.args)

        def read() -> Operation:
            if request.mimetype != MULTIPART:
                return read_upsert(product_id, parse_json(_json_body()), taxonomy)
            data, uploads = _form(backend)
            return read_upsert(product_id, parse_json(data), taxonomy, uploads)

        return once(writer.ledger, _single(writer, read))

    @view.patch("/<product_id:product_id>")
    @requires("ingest", always=True)
    def patch_product(product_id: str) -> ResponseReturnValue:
        check_no_parameters(request.args)

        def read() -> Operation:
            return read_update(product_id, parse_json(_json_body()))

        return once(writer.ledger, _single(writer, read))

    @view.delete("/<product_id:product_id>")
    @requires("ingest", always=True)
    def delete_product(product_id: str) -> ResponseReturnValue:
        times = request.args.getlist("as_of")
        if set(request.args) - {"as_of"} or len(times) > 1:
            check_no_parameters(request.args, "as_of at most once")

        def read() -> Operation:
            return read_delete(product_id, {"as_of": times[0]} if times else {})

        return once(writer.ledger, _single(writer, read))

    return view


def result_json(result: Result) -> dict[str, Any]:
    """Convert what became of a product to JSON."""
    found: dict[str, Any] = {
        "product_id": result.product_id,
        "status": result.status,
        "category": result.category or None,
        "notes": [{"kind": note.kind, "detail": note.detail} for note in result.notes],
        "error": None,
    }
    if result.status in ("failed", "left_out"):
        found["error"] = {
            "code": result.code or result.status,
            "message": result.message,
            "retryable": result.retryable,
        }
    return found


def _single(writer: ProductWriter, read: Callable[[], Operation]) -> Callable[[], Response]:
    """Make a function that writes one product, and answers as an error if it fails."""

    def write() -> Response:
        [result] = _write(writer, [read()])
        if result.status == "failed":
            return error_response(result.code, result.message, STATUS.get(result.code, 422))
        return jsonify(result_json(result))

    return write


def _write(writer: ProductWriter, operations: list[Operation]) -> list[Result]:
    with patience(WRITE_SECONDS):
        return writer.write(operations)


def _json_body() -> bytes:
    """Read a body of JSON.

    Raises:
        UnsupportedMediaType: It is something else.
        RequestEntityTooLarge: It is larger than a form may be.
    """
    if request.mimetype != JSON:
        raise UnsupportedMediaType(f"expected {JSON}; got {request.mimetype[:80]!r}")
    most = current_app.config["MAX_FORM_MEMORY_SIZE"]
    data = request.get_data()
    if len(data) > most:
        raise RequestEntityTooLarge(f"expected JSON of at most {most} bytes; got {len(data)}")
    return data


def _form(backend: Backend) -> tuple[bytes, dict[str, bytes]]:
    """Read the field ``product`` and the files ``image`` of a form.

    Raises:
        InvalidInput: Something else is there, or they are not.
    """
    names = [str(name) for name in (*request.form, *request.files)]  # a part may have no name
    if sorted(names) != ["image", "product"] or len(request.form.getlist("product")) > 1:
        raise InvalidInput(f"expected one field product and files image; got {names[:10]}")
    files = request.files.getlist("image")
    if len(files) > backend.settings.views:
        raise InvalidInput(f"expected at most {backend.settings.views} images; got {len(files)}")
    uploads = {f"image {place}": file.read() for place, file in enumerate(files, start=1)}
    if any(len(data) > backend.settings.max_upload_bytes for data in uploads.values()):
        most = backend.settings.max_upload_bytes
        raise RequestEntityTooLarge(f"expected images of at most {most} bytes each")
    return request.form["product"].encode(), uploads
