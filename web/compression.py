"""Send text compressed to clients that take it."""

from __future__ import annotations

import gzip

from flask import Response, request

SMALLEST = 1000
"""Bytes from which text is compressed: less fits one packet as it is."""

LEVEL = 5
TEXT = frozenset({"text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"})


def compress(response: Response) -> Response:
    """Compress an answer by gzip if it is text and the client takes it.

    The answer keeps its entity tag, as a weak one: it is another form of the same text.
    """
    if response.mimetype not in TEXT or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or response.content_encoding:
        return response
    response.direct_passthrough = False
    plain = response.get_data()
    if len(plain) < SMALLEST:
        return response
    response.set_data(gzip.compress(plain, LEVEL, mtime=0))
    response.content_encoding = "gzip"
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)
    return response
