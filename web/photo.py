"""Read the photo of a search from a request, and the fields beside it.

A photo comes as a file of a form, as the body itself, in base64 in JSON, or by its URL; several of
one item come in one form or JSON.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Any

from flask import current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, UnsupportedMediaType

from houndstooth.ingest.urls import Guard
from houndstooth.mappings.errors import InvalidImage, InvalidInput
from houndstooth.plugin.pictures import MAX_PICTURES, naming
from houndstooth.web.request_form import REPEATABLE, Fields, check_no_parameters

FORM, JSON, BYTES = "multipart/form-data", "application/json", "application/octet-stream"

FETCH_SECONDS, READ_SECONDS = 5.0, 3.0
"""Time for all photos to be fetched by their URLs, redirects included, and for each single read."""

MAX_FETCHES = 2
"""Photos that are fetched at a time, so that slow servers keep no thread from other searches."""

MAX_URL = 2048
"""Characters of a photo's URL."""

_FETCHES = BoundedSemaphore(MAX_FETCHES)
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "houndstooth"}


def read_photos(max_bytes: int) -> tuple[list[bytes], Fields]:
    """Read the photos of one item from the request at hand, files before URLs, and its fields.

    There may be none beside ``q`` or ``product``, and in a GET.

    Args:
        max_bytes: The largest photo; all together have at most so many bytes, but for fetched ones.

    Raises:
        InvalidInput: There is no photo and nothing else to search with, or too many; the JSON is
            not an object of fields.
        InvalidImage: The photo cannot be fetched by its URL.
        UnsupportedMediaType: The body is of another type.
        RequestEntityTooLarge: The photo, or what is beside it, is too large.
        ServiceUnavailable: Too many photos are being fetched.
    """
    if (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
        raise _too_large(max_bytes)
    if request.method == "GET":
        return [], request.args
    kind = request.mimetype
    if kind == BYTES or kind.startswith("image/"):
        return [_checked(request.get_data(), max_bytes)], request.args
    if kind not in (FORM, JSON):
        raise UnsupportedMediaType(f"expected {FORM}, {JSON} or an image; got {kind[:80]!r}")
    check_no_parameters(request.args, "all fields in the body and none in the query string")
    given, fields = _form(max_bytes) if kind == FORM else _json_fields()
    urls = fields.poplist("image_url")
    total = len(given) + len(urls)
    if total > MAX_PICTURES or not (total or {"q", "product"} & fields.keys()):
        raise InvalidInput(
            f"expected 1 to {MAX_PICTURES} photos of one item, as image or image_url, or else q or "
            f"product; got {total} photos"
        )
    photos = [_checked(data, max_bytes) for data in given]
    for place, url in enumerate(urls, start=len(given) + 1):
        with naming(place, total):
            photos.append(_checked(_fetched(url, max_bytes, FETCH_SECONDS / len(urls)), max_bytes))
    return photos, fields


def _form(max_bytes: int) -> tuple[list[bytes], Fields]:
    """Read a form: the bytes of its files ``image``, and its fields."""
    try:
        fields = MultiDict(request.form)
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(
            f"expected at most {current_app.config['MAX_FORM_MEMORY_SIZE']} bytes in at most "
            f"{current_app.config['MAX_FORM_PARTS']} fields beside the image"
        ) from None
    files = [(name, file) for name, same in request.files.lists() for file in same]
    names = [name for name, _ in files]
    if set(names) - {"image"}:
        raise InvalidInput(f"expected files in the field image alone; got files in {names[:10]}")
    return [file.read(max_bytes + 1) for _, file in files[: MAX_PICTURES + 1]], fields


def _json_fields() -> tuple[list[bytes], Fields]:
    """Read an object of fields, whose ``image`` is in base64, or a list of such."""
    try:
        found = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise InvalidInput("expected the body to be JSON; it is not") from None
    if not isinstance(found, Mapping):
        raise InvalidInput(f"expected an object of fields; got {type(found).__name__}")
    image = found.get("image")
    images = image if isinstance(image, list) else [] if image is None else [image]
    try:
        data = [b64decode(one, validate=True) for one in images[: MAX_PICTURES + 1]]
    except (ValueError, TypeError):
        raise InvalidInput("expected image to be in base64; it is not") from None
    fields: Fields = MultiDict()
    several_of = REPEATABLE | {"image_url"}
    for name, value in found.items():
        several = value if name in several_of and isinstance(value, list) else [value]
        if name != "image":
            fields.setlist(name, [_text(name, each) for each in several])
    return data, fields


def _text(name: str, value: Any) -> str:
    """Write a value of JSON as a form has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "box" and isinstance(value, list):
        return ",".join(map(json.dumps, value))
    if isinstance(value, int | float | Mapping):
        return json.dumps(value)
    raise InvalidInput(f"expected {name[:80]} to be text or a number; got {type(value).__name__}")


def _fetched(url: str, max_bytes: int, seconds: float) -> bytes:
    """Fetch a photo. What the network answered stays in the log: it may be told of to anybody."""
    if len(url) > MAX_URL:
        raise InvalidInput(f"expected image_url of at most {MAX_URL} characters; got {len(url)}")
    guard = Guard("an image", InvalidImage, InvalidImage, _HEADERS, (), seconds, READ_SECONDS)
    if not _FETCHES.acquire(blocking=False):
        raise ServiceUnavailable("too many photos are being fetched: ask again", retry_after=1)
    try:
        with guard.get(url) as answer:
            return b"".join(answer.blocks(max_bytes))
    except InvalidImage as error:
        current_app.logger.info("image_url: %s", re.sub(r"\?\S+", "?…", str(error)))
        raise InvalidImage(
            f"expected image_url to be the http or https URL of an image at a public address, of "
            f"at most {max_bytes} bytes and within {seconds:.3g} s; got {url[:200]!r}"
        ) from None
    finally:
        _FETCHES.release()


def _checked(data: bytes, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return data


def _too_large(max_bytes: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"expected an image of at most {max_bytes} bytes")
