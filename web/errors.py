"""Errors of one shape: ``{"error": {"code", "message", "status"}}``, whatever went wrong."""

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
"""By the nearest class; a stored document that cannot be read is not the caller's fault."""

AWAY: dict[type[HoundstoothError], str] = {
    EngineUnavailable: "the engine cannot be reached right now",
    WorkersUnavailable: "the Redis that the workers share cannot be reached right now",
    HoundstoothError: "the service failed",
}
"""What a caller is told where the service is at fault: addresses and paths are in its log alone."""


def error_response(code: str, message: str, status: int) -> Response:
    """The one shape."""
    response = jsonify(error={"code": code, "message": message, "status": status})
    response.status_code = status
    return response


def answer_errors(app: Flask) -> None:
    """Have every error of the application answered in the one shape."""
    app.register_error_handler(HoundstoothError, _own_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unforeseen)


def _own_error(error: HoundstoothError) -> Response:
    kinds = type(error).__mro__
    status = next(STATUS[kind] for kind in kinds if kind in STATUS)
    message = str(error)
    if status >= 500:
        current_app.logger.error("%s: %s", type(error).__name__, error)
        away = next(AWAY[kind] for kind in kinds if kind in AWAY)
        message = f"{away}; the service's log says why"
    return error_response(_snake_case(type(error).__name__), message, status)


def _http_error(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    response = error_response(_snake_case(error.name), error.description or error.name, error.code)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    current_app.logger.exception("unforeseen error", exc_info=error)
    return error_response("internal_server_error", "the service failed; its log says why", 500)


def _snake_case(name: str) -> str:
    """``InvalidImage`` and ``Not Found`` as ``invalid_image`` and ``not_found``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+", "_", name).lower()
