"""REST: several products at once, their variants, labels in languages, and compression."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.web.app import create_app
from houndstooth.web.languages import LANGUAGES
from tests.integration.test_api import refused
from tests.integration.web_catalogue import ODD_ID, PER_COLOUR, make_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def variants_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Every brand is one product in variants."""
    app = make_app(tmp_path_factory.mktemp("variants"), variant_field="brand")
    yield app.test_client()
    app.extensions["houndstooth"].engine.close()


def ids(products: list[dict[str, str]]) -> list[str]:
    return [one["product_id"] for one in products]


def test_products_come_in_the_order_of_their_ids(client: FlaskClient) -> None:
    wanted = ["trousers-red-1", "none-such", ODD_ID, "jacket-blue-0", "jacket-blue-0", "ä" * 300]
    products = client.get("/api/v1/products", query_string={"id": wanted}).json["products"]
    assert ids(products) == ["trousers-red-1", ODD_ID, "jacket-blue-0"]
    assert "variants" not in products[0]
    assert products[0] == client.get("/api/v1/products/trousers-red-1").json


def test_products_with_some_facts(client: FlaskClient) -> None:
    query = {"id": ["jacket-blue-0"], "fields": "title,price", "variants": "yes"}
    [product] = client.get("/api/v1/products", query_string=query).json["products"]
    assert set(product["product"]) == {"title", "price", "image_url"}
    assert product["variants"] == []


def test_ids_that_are_missing_or_too_many_are_refused(client: FlaskClient) -> None:
    refused(client.get("/api/v1/products"), 400, "expected id, from 1 to 50 times; got none")
    refused(client.get("/api/v1/products", query_string={"id": ["a"] * 51}), 400, "at most 50")
    refused(client.get("/api/v1/products?id=a&variants=all"), 400, "yes or no", "'all'")
    refused(client.get("/api/v1/products?id=a&top=1"), 400, "fields, id, variants", "'top'")


def test_variants_are_of_the_same_product_whatever_they_look_like(
    variants_client: FlaskClient,
) -> None:
    query = {"id": ["jacket-red-1", "jacket-red-0"], "variants": "yes"}
    first, second = variants_client.get("/api/v1/products", query_string=query).json["products"]
    assert len(first["variants"]) == 9 * PER_COLOUR // 2
    assert {one["product"]["brand"] for one in first["variants"]} == {"Acme"}
    assert "jacket-red-1" not in ids(first["variants"])
    assert {one["product"]["brand"] for one in second["variants"]} == {"Loom & Co"}
    assert ids(second["variants"]) == sorted(ids(second["variants"]))
    assert second["variants"][0]["product"]["image_url"].startswith("/media/")


@pytest.mark.parametrize(
    ("relax", "categories", "relaxed"),
    [
        ("none", {"jacket"}, "none"),
        ("fewer-attributes", {"jacket"}, "fewer-attributes"),
        ("great-category", {"jacket", "t-shirt"}, "great-category"),
        ("any-category", {"jacket", "t-shirt", "trousers"}, "any-category"),
    ],
)
def test_a_search_ends_at_the_step_that_is_asked_for(
    client: FlaskClient, relax: str, categories: set[str], relaxed: str
) -> None:
    query = {"relax": relax, "filter": "brand:Acme", "top": 200}
    answer = client.get("/api/v1/products/jacket-red-0/similar", query_string=query).json
    assert {hit["category"] for hit in answer["hits"]} == categories
    assert answer["query"]["relaxed"] == relaxed
    assert answer["next"] is None


def test_pages_of_a_search_that_keeps_to_its_category(client: FlaskClient) -> None:
    path, found = "/api/v1/products/jacket-red-0/similar", []
    query = {"relax": "fewer-attributes", "top": 7}
    while True:
        answer = client.get(path, query_string=query).json
        found += ids(answer["hits"])
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert len(found) == len(set(found)) == 3 * PER_COLOUR - 1
    assert all(one.startswith("jacket-") for one in found)


def test_an_unknown_step_is_refused(client: FlaskClient) -> None:
    answer = client.get("/api/v1/products/jacket-red-0/similar?relax=all")
    refused(answer, 400, "expected relax to be one of none, fewer-attributes", "'all'")


def test_labels_are_in_the_language_that_is_asked_for(client: FlaskClient) -> None:
    english = client.get("/api/v1/taxonomy").json
    assert client.get("/api/v1/taxonomy?language=en").json == english
    german = client.get("/api/v1/taxonomy?language=de").json
    labels = {one["term"]: one["label"] for one in german["categories"]}
    assert (labels["trousers"], labels["boots"]) == ("Hose", "Stiefel")
    colour = next(group for group in german["groups"] if group["name"] == "colour")
    assert colour["label"] == "Farbe"
    assert {"term": "colour:red", "label": "Rot", "precision": 0.95} in colour["values"]
    for query in ("language=xx", "language=de&language=fr"):
        refused(client.get(f"/api/v1/taxonomy?{query}"), 400, "de, en, es, fr, it, nl")
    refused(client.get("/api/v1/taxonomy?lang=de"), 400, "no parameters but language", "'lang'")


def test_labels_of_the_shop_stay_as_they_are(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "taxonomy.json"
    backend = app.extensions["houndstooth"]
    data = json.loads((Path(__file__).parents[2] / "mappings" / "taxonomy.json").read_text())
    data["categories"]["trousers"]["label"] = "Slacks"
    file.write_text(json.dumps(data))
    own = create_app(
        backend.settings,
        extractor=backend.extractor,
        engine=backend.engine,
        taxonomy=Taxonomy.load(file),
    )
    german = own.test_client().get("/api/v1/taxonomy?language=de").json
    labels = {one["term"]: one["label"] for one in german["categories"]}
    assert (labels["trousers"], labels["boots"]) == ("Slacks", "Stiefel")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr", "fr"),
        ("pl,it;q=0.4", "it"),
        ("ja", "en"),
        ("", "en"),
        ("*", "de"),
    ],
)
def test_the_page_is_in_the_language_of_the_browser(
    client: FlaskClient, accepted: str, language: str
) -> None:
    answer = client.get("/", headers={"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    text = answer.get_data(as_text=True)
    assert f'<html lang="{language}">' in text
    assert LANGUAGES[language].words["choose_photo"] in text


def test_the_staffs_page_is_not_offered_to_shoppers(client: FlaskClient) -> None:
    assert "/ingest" not in client.get("/").get_data(as_text=True)
    assert '<html lang="en">' in client.get("/ingest").get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/", "/static/base.css", "/static/js/main.js", "/api/v1/taxonomy"]
)
def test_text_is_compressed_where_it_is_taken(client: FlaskClient, path: str) -> None:
    gzipped = {"Accept-Encoding": "gzip, br"}
    with client.get(path) as plain, client.get(path, headers=gzipped) as packed:
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert all("Accept-Encoding" in one.headers["Vary"] for one in (plain, packed))
        assert gzip.decompress(packed.data) == plain.data
        assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2


def test_what_is_compressed_is_not_sent_twice(client: FlaskClient) -> None:
    asks = {"Accept-Encoding": "gzip"}
    with client.get("/static/base.css", headers=asks) as first:
        asks["If-None-Match"] = first.headers["ETag"]
    with client.get("/static/base.css", headers=asks) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_images_and_short_answers_are_sent_as_they_are(client: FlaskClient) -> None:
    for path in ("/media/images/jacket-red-0.png", "/healthz", "/api/v1/none"):
        with client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert "Content-Encoding" not in answer.headers
