"""No request, however odd, makes the real server fail: requests drawn over sockets, on SQLite."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis import GenerationMode

from houndstooth.models.runtime.images import decode_image
from houndstooth.plugin.config import Settings
from tests.fakes import FakeExtractor
from tests.integration.test_openapi import OPERATIONS
from tests.integration.test_server_load import running
from tests.integration.web_catalogue import ODD_ID, draw, file_of, make_app
from tests.load import ask, request

EXAMPLES = 30
"""Requests of each operation that follow the document, and as many that break it."""

EXHAUSTIVE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LATIN = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Origin"),
            *("Forwarded", "If-None-Match", "If-Modified-Since", "Range", "Referer", "User-Agent"),
            *("X-Forwarded-For", "X-Request-Id", "X-Http-Method-Override"),
        ]
    ),
    LATIN.map(str.strip),
    max_size=4,
)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
TYPES = [
    *("application/json", "application/x-www-form-urlencoded", "text/plain; charset=none"),
    *("multipart/form-data", "multipart/form-data; boundary=b", "image/png", "\xff/\xff"),
]
BODIES = st.one_of(
    st.binary(max_size=400),
    st.binary(max_size=200).map(
        lambda data: (
            b'--b\r\nContent-Disposition: form-data; name="image"; filename="f"\r\n\r\n'
            + data
            + b"\r\n--b--\r\n"
        )
    ),
    st.just(file_of(draw("red"))),
    st.just(json.dumps({"top": [None] * 9}).encode()),
)


class Decoding(FakeExtractor):
    """Decodes images as the networks' extractor does."""

    def decode(self, data: bytes) -> Image.Image:
        return decode_image(data, Settings.max_pixels)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("catalogue")
    app = make_app(folder, Decoding(), jobs=folder / "jobs")
    yield app
    app.extensions["houndstooth"].engine.close()


@pytest.fixture(scope="module")
def port(app: Flask) -> Iterator[int]:
    with running(app) as port:
        yield port


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_fails(app: Flask, port: int, name: str, mode: GenerationMode) -> None:
    address = f"http://127.0.0.1:{port}"
    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    operation = schema.find_operation_by_id(name)
    statuses: Counter[int] = Counter()

    @settings(EXHAUSTIVE, max_examples=EXAMPLES)
    @given(st.data())
    def fuzz(data: Any) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if "product_id" in case.path_parameters and data.draw(st.booleans()):
            case.path_parameters["product_id"] = ODD_ID
        sent = {name: text.encode("latin-1") for name, text in data.draw(HEADERS).items()}
        answer = case.call(base_url=address, session=session, headers=sent, timeout=30)
        statuses[answer.status_code] += 1

    with requests.Session() as session, suppress(Unsatisfiable):  # nothing that could be broken
        fuzz()
    assert statuses or mode == GenerationMode.NEGATIVE
    assert not [status for status in statuses if status >= 500], statuses


def test_no_method_body_or_path_fails(app: Flask, port: int) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    statuses: Counter[int] = Counter()
    parts = st.text(st.characters(codec="utf-8"), max_size=12)

    @settings(EXHAUSTIVE, max_examples=300)
    @given(*map(st.sampled_from, (METHODS, rules, TYPES)), parts, parts, BODIES)
    def fuzz(method: str, rule: str, kind: str, part: str, query: str, body: bytes) -> None:
        head, _, rest = rule.partition("<")
        path = head + (quote(part, safe="/%?&=") if rest else "")
        sent = request(method, f"{path}?{quote(query, safe='=&%')}", body)
        sent = sent.replace(b"\r\n", f"\r\nContent-Type: {kind}\r\n".encode("latin-1"), 1)
        statuses[asyncio.run(ask(port, sent)).status] += 1

    fuzz()
    assert not [status for status in statuses if not 200 <= status < 500], statuses
