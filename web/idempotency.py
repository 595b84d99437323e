"""Do a write once, however often it is sent: the header ``Idempotency-Key``.

As the IETF's draft "The Idempotency-Key HTTP Header Field" has it. The answer is kept for a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256

from flask import Response, request
from werkzeug.exceptions import Conflict, UnprocessableEntity

from houndstooth.ingest.writes.ledger import Ledger
from houndstooth.mappings.errors import InvalidInput
from houndstooth.web.access.guard import current_key

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""Header of an answer that is an earlier one."""

MULTIPART = "multipart/form-data"
_NAME = re.compile(r"[!-~]{1,255}", re.ASCII)


def once(ledger: Ledger, write: Callable[[], Response]) -> Response:
    """Answer a request by a write, or as it was answered before, if its header names it.

    Args:
        ledger: Keeps the answers.
        write: Writes, and returns the answer.

    Raises:
        InvalidInput: The header cannot be used.
        Conflict: The same is under way.
        UnprocessableEntity: Another request had the same name.
    """
    name = request.headers.get(HEADER)
    if name is None:
        return write()
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"expected 1 to 255 visible characters of ASCII as {HEADER}")
    key = current_key()
    return once_named(ledger, key.key_id if key else "", name, write)


def once_named(ledger: Ledger, caller: str, name: str, write: Callable[[], Response]) -> Response:
    """Answer a request of a name by a write, or as it was answered before; see ``once``.

    Args:
        ledger: Keeps the answers.
        caller: Who gave the name.
        name: The name.
        write: Writes, and returns the answer.
    """
    digest = _digest()
    found = ledger.begin(caller, name, digest)
    if found is None:
        return _first(ledger, caller, name, write)
    if found.digest != digest:
        raise UnprocessableEntity(f"expected another {HEADER}: a different request had this one")
    if found.status is None:
        raise Conflict(f"the request of this {HEADER} is still under way; ask again later")
    response = Response(found.body, found.status, content_type="application/json")
    response.headers[REPLAYED] = "true"
    return response


def _first(ledger: Ledger, caller: str, name: str, write: Callable[[], Response]) -> Response:
    kept = False
    try:
        response = write()
        if response.status_code < 500:
            ledger.finish(caller, name, response.status_code, response.get_data(as_text=True))
            kept = True
        return response
    finally:
        if not kept:  # it was not done, so it may be sent again
            ledger.forget(caller, name)


def _digest() -> str:
    """Return the hash of what a request asks for; a form has another boundary each time."""
    parts = [request.method.encode(), request.full_path.encode()]
    if request.mimetype == MULTIPART:
        for name, value in sorted(request.form.items(multi=True), key=str):
            parts += [str(name).encode(), value.encode()]
        for name, file in request.files.items(multi=True):
            parts += [str(name).encode(), file.read()]
            file.seek(0)
    else:
        parts.append(request.get_data())
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
