"""Answer without the application what a server refuses, in the form of ``web/errors.py``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from houndstooth.web.access.rates import too_many_unsigned
from houndstooth.web.errors import error_json, snake_case
from houndstooth.web.serving.limits import RETRY_SECONDS


@dataclass(frozen=True)
class Refusal:
    """A refused request's answer, in the place of waitress's own errors.

    Attributes:
        code, message, status: As in every error.
        headers: Further headers.
    """

    code: str
    message: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, error: Any, body_bytes: int) -> Refusal:
        """Convert an error of waitress's parser.

        Args:
            error: The error.
            body_bytes: Size of the largest body.
        """
        message = str(error.body)
        if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            message = f"expected a request of at most {body_bytes} bytes"
        return cls(snake_case(error.reason), message, error.code)

    def to_response(self, ident: str | None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status line, headers and body, as waitress asks of an error."""
        body = json.dumps(error_json(self.code, self.message, self.status)).encode()
        line = f"{self.status} {HTTPStatus(self.status).phrase}"
        return line, [("Content-Type", "application/json"), *self.headers], body


OVERLOADED = Refusal(
    "overloaded",
    f"the service has too much to do; try again in {RETRY_SECONDS} s",
    HTTPStatus.SERVICE_UNAVAILABLE,
    (("Retry-After", str(RETRY_SECONDS)),),
)
"""The answer to a request for which there is no place."""


def too_many_unsigned_refusal(wait: int) -> Refusal:
    """Return the answer to a webhook of an address that has to wait for some seconds."""
    return Refusal(
        "too_many_requests",
        too_many_unsigned(wait),
        HTTPStatus.TOO_MANY_REQUESTS,
        (("Retry-After", str(wait)),),
    )
