"""The service against its own OpenAPI document, by requests drawn from it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import jsonschema
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from houndstooth.ingest.images import UrlImages
from houndstooth.plugin.access import Access
from houndstooth.plugin.keys import KeyFile, make_key
from houndstooth.web.openapi import TEMPLATE
from tests.integration.web_catalogue import ODD_ID, draw, file_of, make_app

CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
OPERATIONS = sorted(
    operation["operationId"]
    for path in json.loads(TEMPLATE.read_text())["paths"].values()
    for method, operation in path.items()
    if method != "parameters"
)
PLAIN = {"Accept-Encoding": "identity"}
"""What is compressed would not be read here as a browser does."""

BY_ID = ["getProduct", "searchByProduct", "completeLook"]
BY_UNKNOWN_ID = [*BY_ID, "getJob", "patchProduct"]
WEBHOOKS = ["shopifyWebhook", "woocommerceWebhook"]
PICTURE = file_of(draw("red"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """An application in which every route needs a key, and the header with one."""
    folder = tmp_path_factory.mktemp("guarded")
    text, record = make_key(["admin"])
    KeyFile(folder / "keys.json").add(record)
    access = Access(keys=folder / "keys.json", search_keys=True)
    records = {"events": str(folder / "events.jsonl"), "rules": folder / "rules.json"}
    app = make_app(folder, jobs=folder / "jobs", access=access, **records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(UrlImages, "__call__", lambda *_: PICTURE)
        yield app, f"Bearer {text}"
    app.extensions["houndstooth"].engine.close()


schemathesis.openapi.media_type(
    "image/png", st.sampled_from([file_of(draw(colour)) for colour in ("red", "green", "blue")])
)


def check_operation(
    app: Flask,
    name: str,
    mode: GenerationMode,
    examples: int,
    product_id: str | None = None,
    checks: Sequence[Any] = CHECKS,
    key: str | None = None,
) -> Counter[int]:
    """Ask requests drawn from the document, check every answer; how often came which status."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operation = schema.find_operation_by_id(name)
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if product_id is not None:
            case.path_parameters["product_id"] = product_id
        if key is not None:
            case.headers = {**(case.headers or {}), "Authorization": key}
        response = case.call_and_validate(checks=list(checks), headers=PLAIN)
        statuses[response.status_code] += 1

    ask()
    return statuses


@pytest.mark.parametrize("name", OPERATIONS)
def test_requests_as_documented_are_served(guarded: tuple[Flask, str], name: str) -> None:
    app, key = guarded
    statuses = check_operation(app, name, GenerationMode.POSITIVE, 60, key=key)
    if name in WEBHOOKS:
        assert statuses.keys() <= {403, 429}, "drawn ones are not signed"
    elif name not in BY_UNKNOWN_ID:
        assert statuses[200]


@pytest.mark.parametrize("name", OPERATIONS)
def test_requests_without_a_key_are_refused(guarded: tuple[Flask, str], name: str) -> None:
    app, _ = guarded
    statuses = check_operation(app, name, GenerationMode.POSITIVE, 10)
    if name in ("getDocument", "getHealth", "getReadiness"):
        assert statuses.keys() == {200}
    else:
        assert statuses.keys() <= ({403, 429} if name in WEBHOOKS else {401})


@pytest.mark.parametrize("name", ["writeProducts", "putProduct", "patchProduct", "deleteProduct"])
def test_writes_that_break_the_document_are_answered_in_order(
    guarded: tuple[Flask, str], name: str
) -> None:
    app, key = guarded
    check_operation(app, name, GenerationMode.NEGATIVE, 60, key=key)


@pytest.mark.parametrize("name", BY_ID)
@pytest.mark.parametrize("product_id", ["t-shirt-red-0", ODD_ID])
def test_known_products_are_served(app: Flask, name: str, product_id: str) -> None:
    # Drawn ids are never those of products, so a 404 would hide the rest.
    statuses = check_operation(app, name, GenerationMode.POSITIVE, 40, product_id)
    assert statuses[200]
    assert 404 not in statuses


@pytest.mark.parametrize("name", ["getFacets", "searchByProduct"])
def test_queries_that_break_the_document_are_refused(app: Flask, name: str) -> None:
    checks = [*CHECKS, negative_data_rejection]
    statuses = check_operation(app, name, GenerationMode.NEGATIVE, 60, checks=checks)
    assert statuses[400]


def test_forms_that_break_the_document_are_answered_in_order(app: Flask) -> None:
    # A form carries text alone, so what breaks the document by its type may arrive as sound.
    statuses = check_operation(app, "searchByPhoto", GenerationMode.NEGATIVE, 100)
    assert statuses[400]


def test_document_is_sound_and_names_the_taxonomy(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    schemas = document["components"]["schemas"]
    assert "t-shirt" in schemas["CategoryTerm"]["enum"]
    assert "colour:navy-blue" in schemas["AttributeTerm"]["enum"]
    for one in schemas.values():
        Draft202012Validator.check_schema(one)


def test_every_route_of_rest_is_documented(app: Flask) -> None:
    documented = set(app.test_client().get("/api/v1/openapi.json").json["paths"])
    served = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0]
        in ("api", "events", "health", "ingest", "metrics", "rules", "writes", "webhooks")
    }
    assert served == documented


def closed(schema: Any) -> Any:
    """The same schema, refusing properties that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(one) for name, one in schema.items()}
    if "properties" in found and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/v1/products/t-shirt-red-0", "Product"),
        ("/api/v1/products/t-shirt-red-0/similar", "Answer"),
        ("/api/v1/facets", "Facets"),
        ("/api/v1/taxonomy", "Taxonomy"),
    ],
)
def test_nothing_is_answered_that_is_not_described(app: Flask, path: str, schema: str) -> None:
    client = app.test_client()
    schemas = closed(client.get("/api/v1/openapi.json").json["components"]["schemas"])
    document = {**schemas[schema], "components": {"schemas": schemas}}
    jsonschema.validate(client.get(path).json, document)


@pytest.mark.parametrize("text", ["brand=Puma", "price=..30", "Größe:M", "my field:x", "a.b:c..d"])
def test_filters_that_are_taken_are_described(app: Flask, text: str) -> None:
    client = app.test_client()
    described = client.get("/api/v1/openapi.json").json["components"]["schemas"]["FilterText"]
    jsonschema.validate(text, described)
    assert client.get("/api/v1/facets", query_string={"filter": text}).status_code == 200


@pytest.mark.parametrize(
    ("name", "schema", "text"),
    [
        *(("sort", "Sort", text) for text in ("relevance", "price:desc", "a b.Größe:asc")),
        *(("fields", "FieldNames", text) for text in ("title", " title, a.b ,c d", "Größe")),
    ],
)
def test_orders_and_fields_that_are_taken_are_described(
    app: Flask, name: str, schema: str, text: str
) -> None:
    client = app.test_client()
    described = client.get("/api/v1/openapi.json").json["components"]["schemas"][schema]
    jsonschema.validate(text, described)
    path = "/api/v1/products/t-shirt-red-0/similar"
    assert client.get(path, query_string={name: text}).status_code == 200


@pytest.mark.parametrize("kind", ["form", "JSON"])
@pytest.mark.parametrize(
    ("names", "is_search"),
    [("image", True), ("q", True), ("product", True), ("q product", True), ("top", False)],
)
def test_what_a_search_needs_is_described(
    app: Flask, kind: str, names: str, is_search: bool
) -> None:
    client = app.test_client()
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    image = b64encode(PICTURE).decode()
    values = {"image": image, "q": "red", "product": "t-shirt-red-0", "top": 3}
    body = {name: values[name] for name in names.split()}
    described = schemas["SearchForm" if kind == "form" else "SearchJson"]
    document = {**described, "components": {"schemas": schemas}}
    assert Draft202012Validator(document).is_valid({**body, "top": values["top"]}) == is_search
    if kind == "JSON":
        answer = client.post("/api/v1/search", json=body)
    else:
        files = {"image": (BytesIO(PICTURE), "photo.png")} if "image" in body else {}
        content = "multipart/form-data"
        answer = client.post("/api/v1/search", data={**body, **files}, content_type=content)
    assert answer.status_code == (200 if is_search else 400)
    if "image" not in body:
        by_get = client.get("/api/v1/search", query_string=body)
        assert by_get.status_code == answer.status_code


def test_errors_are_of_the_documented_shape(app: Flask) -> None:
    client = app.test_client()
    document = client.get("/api/v1/openapi.json").json
    shape = document["components"]["schemas"]["Error"]
    for response in (client.get("/no"), client.post("/"), client.get("/api/v1/facets?category=x")):
        assert response.status_code >= 400
        jsonschema.validate(response.json, shape)
