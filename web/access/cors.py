"""Let pages of a shop's own origins call REST from a browser."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response
from flask_cors import CORS

from houndstooth.web.observability.record import REQUEST_ID_HEADER

SENT = ("Authorization", "Content-Type", "Idempotency-Key", REQUEST_ID_HEADER)
"""Request headers that such a page may send."""

SHOWN = ("Idempotency-Replayed", "Retry-After", "WWW-Authenticate", REQUEST_ID_HEADER)
"""Response headers that its script may read."""

PREFLIGHT_SECONDS = 600
"""Time for which a browser need not ask again."""


def allow_origins(app: Flask, origins: Sequence[str]) -> None:
    """Answer the browsers of pages of some origins. Cookies and passwords are not taken from them.

    Args:
        app: The application.
        origins: Such as ``https://shop.example``.
    """
    if not origins:
        return
    CORS(
        app,
        resources=r"/api/v1/.*",
        origins=list(origins),
        allow_headers=list(SENT),
        expose_headers=list(SHOWN),
        max_age=PREFLIGHT_SECONDS,
        always_send=False,
    )
    app.after_request(_vary)


def _vary(response: Response) -> Response:
    """Keep a cache from giving one origin's answer to another."""
    response.vary.add("Origin")
    return response


def refusal_headers(origin: str, origins: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the headers that let a page read a refusal which the application does not see."""
    if origin.lower() not in origins:
        return ()
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", ", ".join(SHOWN)),
        ("Vary", "Origin"),
    )
