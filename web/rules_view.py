"""Read and replace the merchandising rules."""

from __future__ import annotations

import json

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from houndstooth.mappings.errors import InvalidInput
from houndstooth.plugin.merchandising.rules_file import MAX_BYTES
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.request_form import check_no_parameters


def rules_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/api/v1/rules``."""
    view = Blueprint("rules", __name__, url_prefix="/api/v1/rules")
    rules = backend.search.rules

    @view.get("")
    @requires("admin", always=True)
    def get_rules() -> ResponseReturnValue:
        check_no_parameters(request.args)
        return jsonify(rules.document())

    @view.put("")
    @requires("admin", always=True)
    def put_rules() -> ResponseReturnValue:
        check_no_parameters(request.args)
        if request.mimetype != "application/json":
            raise UnsupportedMediaType(f"expected application/json; got {request.mimetype[:80]!r}")
        if (request.content_length or 0) > MAX_BYTES:
            raise RequestEntityTooLarge(f"expected rules of at most {MAX_BYTES} bytes")
        try:
            document = json.loads(request.get_data())
        except (ValueError, RecursionError):
            raise InvalidInput("expected the body to be JSON; it is not") from None
        rules.replace(document)
        return jsonify(rules.document())

    return view
