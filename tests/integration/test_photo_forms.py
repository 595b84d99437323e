"""A photo by its URL, as the body itself, and in JSON."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient

from houndstooth.ingest import urls
from houndstooth.web import photo
from tests.http_server import running
from tests.integration.test_api import post, refused
from tests.integration.web_catalogue import draw, file_of, make_app

PHOTO = file_of(draw("green"))
SEARCH = "/api/v1/search"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = {"/photo.png": PHOTO, "/large.png": b"x" * 400_000, "/page": b"<html>"}
        body = found.get(self.path)
        moved = self.path == "/moved"
        self.send_response(302 if moved else 404 if body is None else 200)
        if moved:
            self.send_header("Location", "http://127.0.0.2/photo.png")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The address of a host of images."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Of a service for which one address of this machine is a public one."""
    folder = tmp_path_factory.mktemp("shop")
    app = make_app(folder, image_hosts=frozenset({"localhost"}))
    real = urls.is_public
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "is_public", lambda one: str(one) == "127.0.0.1" or real(one))
        yield app.test_client()
    app.extensions["houndstooth"].engine.close()


def hits(answer: Any) -> list[tuple[str, float]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [(hit["product_id"], hit["score"]) for hit in answer.json["hits"]]


def test_every_way_finds_the_same(client: FlaskClient, shop: str) -> None:
    text, url = b64encode(PHOTO).decode(), f"{shop}/photo.png"
    asked = {"top": 5, "filter": ["brand:Acme"], "box": [0.1, 0.1, 0.8, 0.8]}
    form = {"top": "5", "filter": "brand:Acme", "box": "0.1,0.1,0.8,0.8"}
    expected = hits(post(client, PHOTO, **form))
    assert len(expected) == 5
    kinds = ("image/png", "image/jpeg", "application/octet-stream")
    found = [
        client.post(SEARCH, json={"image": text, **asked}),
        client.post(SEARCH, json={"image_url": url, **asked}),
        client.post(SEARCH, data={"image_url": url, **form}, content_type=photo.FORM),
        *(client.post(SEARCH, query_string=form, data=PHOTO, content_type=kind) for kind in kinds),
    ]
    assert [hits(each) for each in found] == [expected] * len(found)


def test_json_takes_the_values_of_json(client: FlaskClient) -> None:
    text = b64encode(PHOTO).decode()
    found = client.post(
        SEARCH, json={"image": text, "collapse": False, "appearance_weight": 0.5, "items": "all"}
    )
    assert found.status_code == 200
    refused(client.post(SEARCH, json={"image": text, "query": {"match_all": {}}}), 400, "SQLite")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ["JSON"]),
        (b"[" * 100_000, ["JSON"]),
        (b"[]", ["object", "list"]),
        (b"{}", ["1 to 4 photos", "got 0"]),
        (b'{"image": ["AAAA", "no base64"]}', ["base64"]),
        (b'{"image": "no base64"}', ["base64"]),
        (b'{"image": 5}', ["base64"]),
        (b'{"image": ["AAAA", "AAAA", "AAAA", "AAAA", "AAAA"]}', ["1 to 4 photos", "got 5"]),
        (b'{"image": "AAAA", "top": null}', ["top", "NoneType"]),
        (b'{"image": "AAAA", "top": [5]}', ["top", "list"]),
        (b'{"image": "AAAA", "colour": "red"}', ["colour"]),
        (b'{"image": "AAAA", "box": ["a"]}', ["box"]),
    ],
)
def test_json_that_is_wrong_is_refused(client: FlaskClient, body: bytes, words: list[str]) -> None:
    refused(client.post(SEARCH, data=body, content_type=photo.JSON), 400, *words)


def several(*pictures: bytes, **fields: Any) -> dict[str, Any]:
    return {"image": [(io.BytesIO(data), "a.png") for data in pictures], **fields}


def test_pictures_of_one_item_are_asked_together(client: FlaskClient, shop: str) -> None:
    back = file_of(draw("green", inset=40))
    text, url = [b64encode(one).decode() for one in (back, PHOTO)], f"{shop}/photo.png"
    expected = hits(client.post(SEARCH, data=several(back, PHOTO, top="5")))
    assert len(expected) == 5
    assert expected not in (hits(post(client, one, top="5")) for one in (PHOTO, back))
    mixed = several(back, image_url=url, top="5")
    assert hits(client.post(SEARCH, data=mixed)) == expected
    assert hits(client.post(SEARCH, json={"image": text, "top": 5})) == expected
    of_json = {"image": text[0], "image_url": [url], "top": 5}
    assert hits(client.post(SEARCH, json=of_json)) == expected


def test_the_same_picture_twice_is_that_picture(client: FlaskClient) -> None:
    assert hits(client.post(SEARCH, data=several(PHOTO, PHOTO))) == hits(post(client, PHOTO))


def test_an_error_says_which_of_several_pictures_is_bad(client: FlaskClient, shop: str) -> None:
    ask = lambda *pictures, **fields: client.post(SEARCH, data=several(*pictures, **fields))  # noqa: E731
    refused(ask(PHOTO, b"nothing", PHOTO), 422, "picture 2: expected an image")
    refused(ask(b"nothing"), 422, "expected an image; got b'nothing'")
    refused(ask(PHOTO, image_url=f"{shop}/page"), 422, "picture 2: expected an image")
    refused(ask(PHOTO, image_url=f"{shop}/none"), 422, "picture 2: expected image_url")
    refused(ask(*[PHOTO] * 5), 400, "1 to 4 photos", "got 5")
    refused(ask(PHOTO, PHOTO, box="0,0,1,1"), 400, "no box with several pictures")
    refused(ask(PHOTO, PHOTO, items="all"), 400, "one photo alone with items=all; got 2")
    refused(ask(PHOTO, PHOTO[:9] + b"x" * 300_000), 413, "at most 300000 bytes")
    other = {"image": (io.BytesIO(PHOTO), "a.png"), "back": (io.BytesIO(PHOTO), "b.png")}
    refused(client.post(SEARCH, data=other), 400, "field image alone", "'back'")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.2/photo.png",
            "http://127.0.0.3/a.png",
            "http://[::1]/",
            "http://10.0.0.1/",
        ),
        *("http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "ftp://a.example/b"),
        *("nothing", "", "http://", "https://user:secret@shop.example/a.png"),
    ],
)
def test_what_is_not_public_is_not_fetched(client: FlaskClient, url: str) -> None:
    answer = client.post(SEARCH, json={"image_url": url})
    refused(answer, 422, "public address")
    assert "127.0.0.1" not in answer.json["error"]["message"].replace(url, "")


@pytest.mark.parametrize("path", ["moved", "missing", "large.png"])
def test_what_cannot_be_fetched_is_refused_in_the_same_words(
    client: FlaskClient, shop: str, path: str
) -> None:
    answer = client.post(SEARCH, json={"image_url": f"{shop}/{path}"})
    refused(answer, 422, "at most 300000 bytes", path)


def test_what_is_fetched_must_be_an_image(client: FlaskClient, shop: str) -> None:
    refused(client.post(SEARCH, json={"image_url": f"{shop}/page"}), 422, "image")
    refused(client.post(SEARCH, json={"image_url": "http://a/" + "x" * 2048}), 400, "2048")


def test_only_so_many_are_fetched_at_a_time(client: FlaskClient, shop: str) -> None:
    for _ in range(photo.MAX_FETCHES):
        photo._FETCHES.acquire()
    try:
        answer = client.post(SEARCH, json={"image_url": f"{shop}/photo.png"})
    finally:
        for _ in range(photo.MAX_FETCHES):
            photo._FETCHES.release()
    refused(answer, 503, "ask again")
    assert answer.headers["Retry-After"] == "1"
    assert client.post(SEARCH, json={"image_url": f"{shop}/photo.png"}).status_code == 200


def test_sizes_hold_for_every_way(client: FlaskClient) -> None:
    large = b"x" * 300_001
    refused(client.post(SEARCH, data=large, content_type="image/png"), 413, "300000")
    text = b64encode(large).decode()
    refused(client.post(SEARCH, json={"image": text}), 413, "300000")
    body = json.dumps({"image": text * 5})
    refused(client.post(SEARCH, data=body, content_type=photo.JSON), 413, "300000")


def test_other_types_are_refused(client: FlaskClient) -> None:
    refused(client.post(SEARCH, data=b"x", content_type="text/plain"), 415, photo.FORM, photo.JSON)
    answer = client.post(f"{SEARCH}?top=1", json={"image": ""})
    refused(answer, 400, "in the body", "top")


def test_answers_are_as_documented(client: FlaskClient, tmp_path: Path) -> None:
    schemas = client.get("/api/v1/openapi.json").json["components"]
    answer = post(client, PHOTO, items="all").json
    jsonschema.validate(answer, {"$ref": "#/components/schemas/LookAnswer", "components": schemas})
