"""Answer every error as ``{"error": {"code", "message", "status"}}``."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, jsonify
from werkzeug.exceptions import HTTPException

from houndstooth.mappings.errors import (
    EngineUnavailable,
    HoundstoothError,
    InvalidConfig,
    InvalidDocument,
    InvalidImage,
    InvalidInput,
    JobNotFound,
    ProductNotFound,
    WorkersUnavailable,
)
from houndstooth.web.observability.record import remember
from houndstooth.web.serving.limits import RETRY_SECONDS

STATUS: dict[type[HoundstoothError], int] = {
    InvalidConfig: 500,
    InvalidDocument: 500,
    InvalidImage: 422,
    InvalidInput: 400,
    ProductNotFound: 404,
    JobNotFound: 404,
    EngineUnavailable: 503,
    WorkersUnavailable: 503,
    HoundstoothError: 500,
}
"""HTTP status by error class; the nearest base class counts."""

PASSED_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
"""Headers of HTTP's own errors that are answered too."""


def error_json(code: str, message: str, status: int) -> dict[str, dict[str, str | int]]:
    """Return the JSON of an error."""
    return {"error": {"code": code, "message": message, "status": status}}


def error_response(code: str, message: str, status: int) -> Response:
    """Create an error response; the request's log line has its code.

    What fails for now says when to ask again.
    """
    remember(error=code)
    response = jsonify(error_json(code, message, status))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def answer_errors(app: Flask) -> None:
    """Register handlers that answer every error of the application."""
    app.register_error_handler(HoundstoothError, _houndstooth_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected_error)


def _houndstooth_error(error: HoundstoothError) -> Response:
    status = next(STATUS[one] for one in type(error).__mro__ if one in STATUS)
    message = error.public
    if status >= 500:
        current_app.logger.error("%s: %s", type(error).__name__, error)
        message = f"{message}; the service's log says why"
    return error_response(snake_case(type(error).__name__), message, status)


def _http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    response = error_response(snake_case(error.name), error.description or error.name, error.code)
    for name, value in error.get_headers():
        if name in PASSED_HEADERS:
            response.headers[name] = value
    return response


def _unexpected_error(error: Exception) -> Response:
    current_app.logger.exception("unexpected error", exc_info=error)
    return error_response("internal_server_error", "the service failed; its log says why", 500)


def snake_case(name: str) -> str:
    """Convert ``InvalidImage`` and ``Not Found`` to ``invalid_image`` and ``not_found``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+", "_", name).lower()
