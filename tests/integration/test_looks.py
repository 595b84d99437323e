"""Every item of a photo is searched for in one request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from houndstooth.commands import main
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.synthetic import generate
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.looks import NOTHING_WORN, Looks
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.together import Together
from tests.fakes import OUTFIT, OutfitExtractor
from tests.integration.test_api import post, refused
from tests.integration.web_catalogue import make_app

TAXONOMY = Taxonomy.load()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve outfits, indexed, in a folder with the index."""
    folder = tmp_path_factory.mktemp("outfits")
    generate(12, 6, folder, outfits=1.0, progress=False)
    assert main(["ingest", str(folder / "feed.csv"), "--engine", f"sqlite:///{folder}/a.db"]) == 0
    return folder


@pytest.fixture(scope="module")
def search(catalogue: Path) -> Iterator[VisualSearch]:
    engine = open_engine(f"sqlite:///{catalogue}/a.db")
    yield VisualSearch(load_extractor(TAXONOMY), engine, TAXONOMY)
    engine.close()


@pytest.fixture(scope="module")
def looks(search: VisualSearch) -> Looks:
    return Looks(search)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path, OutfitExtractor(OUTFIT))
    yield app
    app.extensions["houndstooth"].engine.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def photos(catalogue: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((catalogue / "images").glob("*.jpg"))]


def test_each_item_has_the_hits_of_its_box_and_category(
    search: VisualSearch, looks: Looks, catalogue: Path
) -> None:
    counts = []
    for photo in photos(catalogue):
        look = looks.of_photo(photo, SearchRequest(top=5))
        counts.append(len(look.items))
        for item in look.items:
            asked = SearchRequest(top=5, category=item.categories[0].term, box=item.box)
            alone = search.search(photo, asked)
            assert item.hits == alone.hits
            assert (item.categories, item.attributes) == (alone.categories, alone.attributes)
            assert (item.next, item.relaxed, item.box_source) == (
                alone.next,
                alone.relaxed,
                "given",
            )
    assert max(counts) >= 3


def test_no_item_comes_twice(search: VisualSearch, catalogue: Path) -> None:
    extractor = search.extractor
    assert isinstance(extractor, ImageExtractor)
    for photo in photos(catalogue):
        found = extractor.extract_items(extractor.decode(photo))
        boxes = np.array([each.box.as_list() for each in found])
        assert len(np.unique(boxes, axis=0)) == len(found)


def test_the_answer_has_a_search_s_own_for_each_item(client: FlaskClient) -> None:
    look = post(client, items="all", top="3", fields="brand").json
    assert set(look) == {"items", "took_ms", "model"}
    boxes = [item["query"]["box"] for item in look["items"]]
    assert boxes == [item.box.as_list() for item in OUTFIT]
    for item in look["items"]:
        category, box = item["query"]["category"]["term"], item["query"]["box"]
        alone = post(
            client, category=category, box=",".join(map(str, box)), top="3", fields="brand"
        ).json
        assert item.pop("query_id") != alone["query_id"]
        assert item == {name: alone[name] for name in item}
        assert set(item["hits"][0]["product"]) == {"brand", "image_url"}
    assert look["took_ms"]["total"] > 0


def test_filters_hold_for_every_item(client: FlaskClient) -> None:
    look = post(client, items="all", filter="brand:Acme").json
    brands = {hit["product"]["brand"] for item in look["items"] for hit in item["hits"]}
    assert brands == {"Acme"}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"category": "jacket"}, "no category"),
        ({"box": "0,0,1,1"}, "no box"),
        ({"query_id": "q-1"}, "no query_id"),
        ({"cursor": "WzIsIDIsIDAuNjUwNDgsICJhIl0"}, "no cursor"),
    ],
)
def test_what_is_of_one_item_is_refused(
    client: FlaskClient, fields: dict[str, Any], word: str
) -> None:
    refused(post(client, items="all", **fields), 400, word)
    refused(post(client, items="some"), 400, "one or all", "'some'")


def test_a_product_s_picture_tells_what_it_is_worn_with(client: FlaskClient) -> None:
    product = client.get("/api/v1/products/t-shirt-red-3").json
    assert product["worn_with"] == ["trousers"]
    look = client.get("/api/v1/products/t-shirt-red-3/similar?items=all&top=4&fields=brand").json
    [item] = look["items"]
    assert item["query"]["category"]["term"] == "trousers"
    assert item["hits"][0]["product_id"] == "trousers-red-3"
    assert {hit["category"] for hit in item["hits"]} == {"trousers"}
    assert set(item["hits"][0]["product"]) == {"brand", "image_url"}
    evidence = item["evidence"]
    assert (evidence["source"], evidence["product_id"]) == ("worn", "t-shirt-red-3")
    assert evidence["view"]["image_url"] == "/media/images/t-shirt-red-3.png"
    assert evidence["view"]["box"] == item["query"]["box"] == [0.25, 0.5, 0.5, 0.4]


def test_what_is_not_known_is_said(client: FlaskClient) -> None:
    alone = client.get("/api/v1/products/jacket-red-0/similar?items=all").json
    assert (alone["items"], alone["unknown"]) == ([], NOTHING_WORN)
    unknown = client.get("/api/v1/products/jacket-red-0/outfit").json
    assert unknown["items"] == []
    assert unknown["unknown"].startswith("0 pictures of products that look like it show other")


def test_pictures_of_products_that_look_alike_complete_a_look(client: FlaskClient) -> None:
    fields = "filter=brand:Acme&relax=fewer-attributes"
    [item] = client.get(f"/api/v1/products/t-shirt-red-3/outfit?{fields}").json["items"]
    assert {hit["category"] for hit in item["hits"]} == {"trousers"}
    assert {hit["product"]["brand"] for hit in item["hits"]} == {"Acme"}
    counts = {name: item["evidence"][name] for name in ("source", "count", "total")}
    assert counts == {"source": "pictures", "count": 30, "total": 30}


def test_sessions_complete_a_look_before_pictures_do(app: Flask) -> None:
    backend = app.extensions["houndstooth"]
    partners = ("t-shirt-red-3", "trousers-blue-1", "jacket-red-0", "no-such-product")
    events = [(f"s{n}", "purchase", one) for n in range(2) for one in partners]
    look = Looks(backend.search, Together(events)).complete("t-shirt-red-3", SearchRequest(top=3))
    [item] = look.items  # a jacket is compared with a T-shirt: both are tops
    assert item.evidence is not None
    assert (item.evidence.source, item.evidence.product_id) == ("bought", "trousers-blue-1")
    assert (item.evidence.count, item.evidence.total) == (2, 2)
    assert item.hits[0].product_id == "trousers-blue-1"


@pytest.mark.parametrize("path", ["similar?items=all&cursor=x", "outfit?cursor=x", "outfit?box=0"])
def test_products_looks_refuse_what_is_of_one_item(client: FlaskClient, path: str) -> None:
    assert client.get(f"/api/v1/products/t-shirt-red-3/{path}").status_code == 400
    assert client.get("/api/v1/products/none/outfit").status_code == 404


def test_products_are_stored_with_what_they_are_worn_with(search: VisualSearch) -> None:
    rows = search.engine.changes(search.extractor.model, search.extractor.lengths, None)
    ids = [one for changes in rows for one in changes.rows.product_ids]
    found = [one.visual for one in search.engine.fetch(ids) if one.visual]
    some = [item for visual in found for item in visual.worn]
    assert len(some) >= len(found) / 2, "each drawn outfit has several items"
    assert all(item.lengths == search.extractor.lengths for item in some)
    assert all(visual.category not in {w.category for w in visual.worn} for visual in found)


def test_a_photo_of_one_item_has_one(search: VisualSearch) -> None:
    image = Image.new("RGB", (200, 200), "white")
    image.paste((200, 170, 40), (60, 60, 140, 140))
    [seen] = search.extractor.extract_items(image)
    assert np.abs(np.array(seen.box.as_list()) - [0.3, 0.3, 0.4, 0.4]).max() < 0.05
