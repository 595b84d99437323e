"""REST over a real application and a real engine; only the networks are stood in for."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import jsonschema
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import encode_multipart

from houndstooth.commands import main
from houndstooth.mappings.errors import EngineUnavailable, InvalidDocument
from houndstooth.mappings.features import UNKNOWN_CATEGORY, BoxSource
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.config import Settings
from houndstooth.web.app import create_app
from tests.catalogue import visual
from tests.fakes import OUTFIT, FakeExtractor, OutfitExtractor
from tests.integration.web_catalogue import ODD_ID, PER_COLOUR, draw, file_of, make_app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def post(client: FlaskClient, image: bytes | None = None, **fields: Any) -> Any:
    data = file_of(draw()) if image is None else image
    form = {"image": (io.BytesIO(data), "photo.png"), **fields}
    return client.post("/api/v1/search", data=form, content_type="multipart/form-data")


def refused(response: Any, status: int, *words: str) -> None:
    assert response.status_code == status, response.get_data(as_text=True)
    assert set(response.json) == {"error"}
    error = response.json["error"]
    assert error["status"] == status
    assert set(error) == {"code", "message", "status"}
    for word in words:
        assert word in error["message"]


def test_photo_finds_what_looks_like_it(client: FlaskClient) -> None:
    answer = post(client, file_of(draw("green")), top="5").json
    assert [hit["matched"] for hit in answer["hits"]] == [["colour:green"]] * 5
    assert answer["query"]["category"] == {
        "term": "t-shirt",
        "confidence": 1.0,
        "precision": 0.92,
        "source": "auto",
    }
    assert answer["query"]["box"] == [0, 0, 1, 1]
    assert answer["model"] == "fake-1"
    assert set(answer["took_ms"]) == {
        "decode", "extract", "candidates", "rerank", "fetch", "total",
    }  # fmt: skip
    best = answer["hits"][0]
    assert best["distance"]["appearance"] <= answer["hits"][-1]["distance"]["appearance"] + 1
    assert best["product"]["image_url"] == f"/media/{best['product']['image']}"


def test_detections_are_returned_as_documented(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = post(client).json
    assert (answer["query"]["items"], answer["query"]["box_source"]) == ([], "whole")
    monkeypatch.setattr(app.extensions["houndstooth"].search, "extractor", OutfitExtractor(OUTFIT))
    answer = post(client).json
    assert [item["label"] for item in answer["query"]["items"]] == [i.label for i in OUTFIT]
    assert answer["query"]["box_source"] == "detector"
    schemas = client.get("/api/v1/openapi.json").json["components"]
    jsonschema.validate(answer, {"$ref": "#/components/schemas/Answer", "components": schemas})
    documented = schemas["schemas"]["QueryAnswer"]["properties"]["box_source"]
    assert documented["enum"] == [*get_args(BoxSource), None]  # none of words alone


def test_a_preview_is_there_if_it_was_asked_for(client: FlaskClient) -> None:
    answer = post(client, preview="yes").json
    kind, _, text = answer["query"]["preview"].partition(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        assert image.format == "JPEG"
    schemas = client.get("/api/v1/openapi.json").json["components"]
    jsonschema.validate(answer, {"$ref": "#/components/schemas/Answer", "components": schemas})
    assert "preview" not in post(client).json["query"]
    assert post(client, preview="please").status_code == 400


def test_every_option_has_an_effect(client: FlaskClient) -> None:
    answer = post(
        client,
        category="jacket",
        box="0.1,0.2,0.5,0.5",
        filter=["brand:Acme", "price:..13"],
        exclude=["colour:blue"],
        appearance_weight="0.9",
        top="200",
    ).json
    assert answer["query"]["category"]["source"] == "chosen"
    assert answer["query"]["box"] == [0.1, 0.2, 0.5, 0.5]
    facts = [hit["product"] for hit in answer["hits"]]
    assert facts
    assert {fact["brand"] for fact in facts} == {"Acme"}
    assert max(fact["price"] for fact in facts) <= 13
    assert not any("colour:blue" in hit["attributes"] for hit in answer["hits"])


def test_of_variants_the_nearest_is_the_hit(tmp_path: Path) -> None:
    client = make_app(tmp_path, variant_field="brand").test_client()
    answer = post(client, category="jacket").json
    assert sorted(hit["product"]["brand"] for hit in answer["hits"]) == ["Acme", "Loom & Co"]
    best = answer["hits"][0]
    assert best["variants"] and best["product_id"] not in best["variants"]
    schemas = client.get("/api/v1/openapi.json").json["components"]
    jsonschema.validate(answer, {"$ref": "#/components/schemas/Answer", "components": schemas})
    every = post(client, category="jacket", collapse="no").json["hits"]
    assert len(every) == 24
    assert not any(hit["variants"] for hit in every)
    like = "/api/v1/products/jacket-red-1/similar"
    assert [hit["product"]["brand"] for hit in client.get(like).json["hits"]] == ["Loom & Co"]
    assert len(client.get(f"{like}?collapse=no").json["hits"]) == 24


def test_near_duplicates_are_one_hit_if_asked(client: FlaskClient) -> None:
    every = post(client, category="jacket", collapse="no").json["hits"]
    assert not any(hit["merged"] for hit in every)
    merged = post(client, category="jacket", collapse="no", merge="near-duplicates").json["hits"]
    ids = [one for hit in merged for one in (hit["product_id"], *hit["merged"])]
    assert len(ids) == len(set(ids))
    assert {hit["product_id"] for hit in every[:3]} <= set(ids)


def test_required_attribute_holds_for_every_hit(client: FlaskClient) -> None:
    answer = post(client, require="colour:blue").json
    assert answer["hits"]
    assert all("colour:blue" in hit["attributes"] for hit in answer["hits"])


def test_too_few_products_of_a_category_relax_the_search(client: FlaskClient) -> None:
    assert post(client, top="200").json["query"]["relaxed"] == "any-category"
    assert post(client, top="1").json["query"]["relaxed"] == "none"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"category": "tshirt"}, ["tshirt", "t-shirt"]),
        ({"box": "0,0,2,1"}, ["inside", "0,0,2,1"]),
        ({"box": "a,b"}, ["four numbers"]),
        ({"box": "nan,0,1,1"}, ["inside"]),
        ({"box": "0_0,0,1,1"}, ["four numbers", "0_0"]),
        ({"box": "0.5,0.5,1e-9,1e-9"}, ["at least 0.0001"]),
        ({"filter": "price"}, ["filter", "price"]),
        ({"filter": "price:9..1"}, ["lower end"]),
        ({"require": "colour:loud"}, ["colour:loud"]),
        ({"top": "0"}, ["1 to 200", "'0'"]),
        ({"top": "many"}, ["whole number"]),
        ({"appearance_weight": "2"}, ["0 to 1"]),
        ({"appearance_weight": "nan"}, ["0 to 1"]),
        ({"appearance_weight": "0_1"}, ["0 to 1"]),
        ({"appearance_weight": ["0", "1"]}, ["at most 1 times"]),
        ({"collapse": "true"}, ["yes or no", "'true'"]),
        ({"merge": "yes"}, ["none, near-duplicates", "'yes'"]),
        ({"filter": ["a:b"] * 51}, ["at most 50 times"]),
        ({"colour": "red"}, ["'colour'", "category"]),
    ],
)
def test_bad_field_is_refused_in_words(
    client: FlaskClient, fields: dict[str, Any], words: list[str]
) -> None:
    refused(post(client, **fields), 400, *words)


def test_fields_beside_the_form_are_refused(client: FlaskClient) -> None:
    image = {"image": (io.BytesIO(file_of(draw())), "photo.png")}
    response = client.post("/api/v1/search?filter=price:..1", data=image)
    refused(response, 400, "in the body", "'filter'")
    for path in ("products/jacket-red-0", "samples", "taxonomy"):
        refused(client.get(f"/api/v1/{path}?colour=red"), 400, "no parameters", "'colour'")


def test_form_without_image_files_or_with_too_many_is_refused(client: FlaskClient) -> None:
    url, content_type = "/api/v1/search", "multipart/form-data"
    picture = file_of(draw())
    refused(client.post(url, data={}, content_type=content_type), 400, "image")
    refused(client.post(url, data={"image": "text"}, content_type=content_type), 400, "1 to 4")
    five = {"image": [(io.BytesIO(picture), f"{n}.png") for n in range(5)]}
    refused(client.post(url, data=five, content_type=content_type), 400, "1 to 4 photos", "got 5")


@pytest.mark.parametrize("data", [b"", b"not an image", file_of(draw())[:100], b"%PDF-1.7\n"])
def test_what_is_no_image_is_refused(client: FlaskClient, data: bytes) -> None:
    refused(post(client, data), 422, "image")


def test_too_many_bytes_are_refused(client: FlaskClient) -> None:
    refused(post(client, b"x" * 300_001), 413, "300000")
    content_type = "multipart/form-data; boundary=edge"
    refused(
        client.post("/api/v1/search", data=b"x" * 1_500_000, content_type=content_type),
        413,
        "300000",
    )


def test_too_large_a_form_is_refused(client: FlaskClient) -> None:
    def sent(**fields: Any) -> Any:
        edge, data = encode_multipart(fields)  # in memory: the client spools to a file it leaves
        content_type = f"multipart/form-data; boundary={edge}"
        return client.post("/api/v1/search", data=data, content_type=content_type)

    refused(sent(filter="brand:" + "x" * 600_000), 400, "photos of one item, as image or image_url")
    refused(sent(filter="brand:" + "x" * 1_000_001), 413, "1000000 bytes", "beside the image")
    refused(sent(filter=["a:b"] * 1200), 413, "1000 fields")


@pytest.mark.parametrize(
    ("image", "image_format"),
    [
        (draw().convert("CMYK"), "JPEG"),
        (draw().convert("P"), "PNG"),
        (draw().convert("L"), "PNG"),
        (Image.fromarray(np.full((80, 60), 40_000, dtype=np.uint16)), "PNG"),
        (draw().convert("RGBA"), "PNG"),
        (draw(), "WEBP"),
        (draw().convert("P"), "GIF"),
    ],
)
def test_images_of_every_mode_and_format_work(
    client: FlaskClient, image: Image.Image, image_format: str
) -> None:
    assert post(client, file_of(image, image_format)).status_code == 200


def test_product_and_its_like(client: FlaskClient) -> None:
    product = client.get("/api/v1/products/jacket-red-0").json
    assert product["category"] == "jacket"
    assert product["product"]["title"] == "Red Jacket 0"
    answer = client.get(
        "/api/v1/products/jacket-red-0/similar", query_string={"top": 3, "filter": "price:10.."}
    ).json
    ids = [hit["product_id"] for hit in answer["hits"]]
    assert len(ids) == 3
    assert all(found.startswith("jacket-red-") for found in ids)
    assert "jacket-red-0" not in ids


def test_ids_may_hold_anything(client: FlaskClient) -> None:
    url = f"/api/v1/products/{quote(ODD_ID, safe='')}"
    assert client.get(url).json["product_id"] == ODD_ID
    assert client.get(f"{url}/similar").status_code == 200
    for strange in ("//", "/a", "a//b", "%00", "x" * 600, "..%2f..", "similar"):
        refused(client.get(f"/api/v1/products/{strange}"), 404)
        refused(client.get(f"/api/v1/products/{strange}/similar"), 404)


def test_similar_takes_no_box_and_no_unknown_parameter(client: FlaskClient) -> None:
    url = "/api/v1/products/jacket-red-0/similar"
    refused(client.get(f"{url}?box=0,0,1,1"), 400, "'box'")
    refused(client.get(f"{url}?limit=3"), 400, "'limit'", "top")


def test_facets_count_what_another_choice_would_find(client: FlaskClient) -> None:
    url = "/api/v1/facets?category=jacket&filter=brand:Acme&require=colour:red"
    found = client.get(url).json
    half = PER_COLOUR // 2
    assert found["total"] == half
    facets = {
        name: {one["value"]: one["count"] for one in values}
        for name, values in found["facets"].items()
    }
    assert facets["category"] == {"jacket": half, "t-shirt": half, "trousers": half}
    assert facets["brand"] == {"Acme": half, "Loom & Co": half}
    assert facets["colour"] == {"colour:red": half, "colour:green": half, "colour:blue": half}


def test_an_unknown_category_is_no_facet_but_a_brand_of_that_name_is(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    engine = app.extensions["houndstooth"].engine
    shirt = visual("odd", category=UNKNOWN_CATEGORY, model=FakeExtractor.model)
    engine.write([IndexDocument("odd", {"title": "Odd", "brand": "unknown"}, shirt)])
    engine.refresh()
    found = app.test_client().get("/api/v1/facets").json
    assert found["total"] == 9 * PER_COLOUR + 2
    values = {name: {one["value"] for one in many} for name, many in found["facets"].items()}
    assert UNKNOWN_CATEGORY not in values["category"] and "unknown" in values["brand"]
    engine.close()


def test_price_facets_are_ranges_that_a_filter_takes(client: FlaskClient) -> None:
    [band] = client.get("/api/v1/facets?filter=price:1000..").json["facets"]["price"]
    assert band == {"value": "..24.999", "count": 9 * PER_COLOUR + 1}
    restrict = client.get("/api/v1/facets", query_string={"filter": f"price:{band['value']}"}).json
    assert restrict["total"] == band["count"]


def test_brands_with_dots_can_be_filtered_on(client: FlaskClient) -> None:
    for text in ("brand:Dots..Brand", "brand:And..."):
        assert client.get("/api/v1/facets", query_string={"filter": text}).json["total"] == 0
    refused(client.get("/api/v1/facets?filter=price:low..high"), 400, "a number for 'price'")


def test_only_allowed_fields_are_returned(tmp_path: Path) -> None:
    app = make_app(tmp_path, fields=frozenset({"title", "image"}))
    client = app.test_client()
    told = [client.get("/api/v1/products/jacket-red-0").json, *post(client).json["hits"]]
    told += client.get("/api/v1/products/jacket-red-0/similar").json["hits"]
    told += client.get("/api/v1/samples").json["products"]
    assert {key for one in told for key in one["product"]} == {"title", "image", "image_url"}
    refused(post(client, filter="price:..20"), 400, "image, title", "'price'")
    refused(client.get("/api/v1/facets?filter=brand:Acme"), 400, "'brand'")
    facets = client.get("/api/v1/facets").json["facets"]
    assert (facets["brand"], facets["price"]) == ([], [])
    assert facets["colour"]
    app.extensions["houndstooth"].engine.close()


def test_samples_are_of_different_categories(client: FlaskClient) -> None:
    samples = client.get("/api/v1/samples").json["products"]
    assert sorted(sample["category"] for sample in samples) == ["jacket", "t-shirt", "trousers"]


def test_taxonomy_names_categories_and_values(client: FlaskClient) -> None:
    taxonomy = client.get("/api/v1/taxonomy").json
    shirt = next(one for one in taxonomy["categories"] if one["term"] == "t-shirt")
    assert shirt["label"] == "T-shirt"
    assert "colour" in shirt["groups"]
    colours = next(group for group in taxonomy["groups"] if group["name"] == "colour")
    values = {value.pop("term"): value for value in colours["values"]}
    assert values["colour:navy-blue"] == {"label": "Navy blue", "precision": None}
    assert values["colour:red"]["precision"] == 0.95, "such are stored from pictures"


def test_health_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz").json
    assert ready == {"status": "ready", "documents": 9 * PER_COLOUR + 1, "model": "fake-1"}


def test_not_ready_where_these_networks_have_indexed_nothing(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["houndstooth"].extractor, "model", "fake-2")
    refused(client.get("/readyz"), 503, "fake-2", "give the feed")
    assert client.get("/healthz").status_code == 200


def test_an_unreachable_engine_is_503_everywhere_but_health(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise EngineUnavailable("expected an engine; none answers")

    engine = app.extensions["houndstooth"].engine
    for name in ("ping", "fetch", "changes", "show", "match", "count", "facets"):
        monkeypatch.setattr(engine, name, away)
    response = post(client)
    refused(response, 503, "engine", "log")
    assert "none answers" not in response.get_data(as_text=True)  # it may hold an address
    for path in ("/readyz", "/api/v1/products/a", "/api/v1/facets", "/api/v1/samples"):
        refused(client.get(path), 503, "engine")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("error", [RuntimeError("a secret"), InvalidDocument("a stored object")])
def test_faults_of_the_service_are_500_and_tell_no_secret(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(app.extensions["houndstooth"].search, "product", fail)
    response = client.get("/api/v1/products/a")
    refused(response, 500)
    assert "secret" not in response.get_data(as_text=True)


def test_a_command_that_cannot_start_gives_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--engine", "carrier-pigeon://loft"]) == 2
    assert "carrier-pigeon" in capsys.readouterr().err


def test_a_command_that_cannot_listen_gives_a_reason(address: str, tmp_path: Path) -> None:
    port = address.rpartition(":")[2]
    words = ["--engine", f"sqlite:///{tmp_path}/catalogue.db", "--port", port]
    command = [sys.executable, "-m", "houndstooth", "serve", *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"error: cannot listen on 127.0.0.1:{port}: " in ended.stderr


@pytest.mark.parametrize("words", [["--port", "99999"], ["--threads", "0"]])
def test_numbers_out_of_range_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *words]) == 2
    assert "expected a whole number from 1 to" in capsys.readouterr().err


def test_unknown_paths_and_methods_have_the_one_shape(client: FlaskClient) -> None:
    refused(client.get("/nothing/here"), 404)
    response = client.delete("/api/v1/search")
    refused(response, 405)
    assert "POST" in response.headers["Allow"]


def test_media_serves_catalogue_images_only(app: Flask, client: FlaskClient) -> None:
    with client.get("/media/images/jacket-red-0.png") as response:
        assert response.mimetype == "image/png"
        assert "max-age" in response.headers["Cache-Control"]
    folder: Path = app.extensions["houndstooth"].settings.images
    (folder / "feed.csv").write_text("id")
    (folder.parent / "outside.png").write_bytes(file_of(draw()))
    for path in ("catalogue.db", "feed.csv", "../outside.png", "%2e%2e/outside.png", "none.png"):
        refused(client.get(f"/media/{path}"), 404)
    refused(client.get(f"/media/{folder.parent}/outside.png"), 404)


def test_before_the_first_feed_there_is_no_catalogue(tmp_path: Path) -> None:
    settings = Settings(engine=f"sqlite:///{tmp_path}/none.db")
    client = create_app(settings, extractor=FakeExtractor()).test_client()
    for path in ("/readyz", "/api/v1/products/1"):
        answer = client.get(path)
        error = answer.get_json()["error"]
        assert (answer.status_code, error["code"]) == (503, "catalogue_not_found")
        assert error["message"] == "there is no catalogue yet; the service's log says why"
    assert client.get("/healthz").status_code == 200


def test_every_answer_is_guarded(client: FlaskClient) -> None:
    for path in ("/", "/healthz", "/nothing", "/media/images/jacket-red-0.png"):
        with client.get(path) as response:
            headers = response.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
