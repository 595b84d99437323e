"""Errors of one shape: ``{"error": {"code", "message", "status"}}``, whatever went wrong."""

from __future__ import annotations

import re

from flask import Flask, Response, current_app, jsonify
from werkzeug.exceptions import HTTPException

from mappings.errors import (
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
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    if status >= 500:
        current_app.logger.error("%s: %s", type(error).__name__, error)
    return error_response(_snake_case(type(error).__name__), str(error), status)


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
