"""The files of the widget: who may load them, for how long they are kept, and what they weigh."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from houndstooth.plugin.access import Access
from houndstooth.plugin.config import Settings
from houndstooth.web.access.guard import control_access
from houndstooth.web.compression import compress
from houndstooth.web.widget import DIALOG, ELEMENTS, STATIC, STYLES, imported, widget_blueprint

MAX_BYTES = 30_000
GZIP = {"Accept-Encoding": "gzip"}
PAGE_ALONE = ("words.js", "api.js", "main.js", "terms.js")
"""Modules that need what stands in the page's own document."""


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = Flask(__name__)
    control_access(app, replace(Settings(), access=Access(rate_limit="1/hour", search_keys=True)))
    app.after_request(compress)
    app.register_blueprint(widget_blueprint())
    return app.test_client()


@pytest.fixture(scope="module")
def folder(client: FlaskClient) -> str:
    """Where the script says that the other files lie."""
    found = re.search(r"\./(widget/[0-9a-f]{12})/", client.get("/widget.js").text)
    assert found
    return f"/{found[1]}"


def test_the_script_is_asked_for_again_and_names_all_modules(client: FlaskClient) -> None:
    answer = client.get("/widget.js", buffered=True)
    assert answer.mimetype == "text/javascript"
    assert answer.cache_control.max_age == 300
    assert all(f'"{name}"' in answer.text for name in imported(ELEMENTS))
    again = client.get(
        "/widget.js", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True
    )
    assert (again.status_code, again.text) == (304, "")


def test_all_files_may_be_loaded_by_any_page_and_kept(client: FlaskClient, folder: str) -> None:
    names = {*imported(ELEMENTS), *imported(DIALOG), *STYLES, "words/de.json"}
    weight = 0
    for name in names:
        answer = client.get(f"{folder}/{name}", headers=GZIP, buffered=True)
        assert answer.status_code == 200, name
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "no-cache" not in answer.headers["Cache-Control"]
        weight += len(answer.data)
    assert weight < MAX_BYTES


def test_another_version_is_answered_and_not_kept(client: FlaskClient) -> None:
    answer = client.get("/widget/000000000000/widget/elements.js", buffered=True)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "name", ["js/main.js", "../app.py", "widget/none.js", "base.css", "words/de.xml"]
)
def test_no_other_file_is_served(client: FlaskClient, folder: str, name: str) -> None:
    assert client.get(f"{folder}/{name}", buffered=True).status_code == 404


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [("de", "de", "Ähnliche Artikel"), ("xx", "en", "Similar products")],
)
def test_words(client: FlaskClient, folder: str, asked: str, language: str, words: str) -> None:
    answer = client.get(f"{folder}/words/{asked}.json").json
    assert answer["language"] == language
    assert answer["words"]["widget.similar"] == words


def test_the_widget_shares_modules_that_need_no_page_of_ours() -> None:
    shared = {*imported(ELEMENTS), *imported(DIALOG)}
    assert {"js/reduce.js", "js/picture.js"} <= shared
    assert not {name for name in shared if name.endswith(PAGE_ALONE)}


def test_nothing_is_styled_or_run_inline() -> None:
    for name in {*imported(ELEMENTS), *imported(DIALOG)}:
        text = (STATIC / name).read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|innerHTML|insertAdjacentHTML|[\"'`]<style", text), name
