"""A made two-tower encoder, plugged in by its card alone: words find pictures."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from houndstooth.ingest.pipeline import ingest_batch
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.web.app import create_app
from tests.two_towers.drawn import Drawn, draw_products, foreign, pictures_of
from tests.two_towers.measured import make_encoder, precision_at_10, search_alone

KINDS = ("t-shirt", "boots", "handbag", "tie", "watch")
SOME = ("black", "red", "blue", "green")
TAXONOMY = Taxonomy.load()

Made = tuple[Path, list[Drawn], list[Image.Image]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The card of an encoder, and products that it was not trained on, 11 of each kind."""
    folder = tmp_path_factory.mktemp("towers")
    seen = list(draw_products(12, 1, KINDS, SOME))
    others = list(draw_products(11, 2, KINDS, SOME))
    pictures = pictures_of([*seen, *others])
    make_encoder(folder, seen, pictures[: len(seen)], steps=160)
    return folder / "drawn-1", others, pictures[len(seen) :]


def test_words_find_the_kind_and_colour_that_they_name(made: Made) -> None:
    """At random one in 20 is right."""
    stem, products, pictures = made
    encoder = load_extractor(TAXONOMY, detector=None, encoder=stem, threads=1).encoder
    found = precision_at_10(products, search_alone(encoder, products, pictures))  # type: ignore[arg-type]
    assert len(found) > 100
    assert mean(found) >= 0.8


@pytest.fixture(scope="module", params=["sqlite", "opensearch", "elasticsearch without columns"])
def client(
    request: pytest.FixtureRequest, made: Made, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A service of three products of each kind and colour of some, whose titles say nothing."""
    stem, products, pictures = made
    folder = tmp_path_factory.mktemp("engine")
    engine_name = request.param.partition(" ")[0]
    url = f"sqlite:///{folder / 'catalogue.db'}"
    if engine_name != "sqlite":
        url = f"{request.getfixturevalue(f'{engine_name}_url')}/towers-{folder.name.lower()}"
    environment = {"HOUNDSTOOTH_ENCODER": f"{stem}.json"}
    environment |= {"HOUNDSTOOTH_COLUMNS": "no"} if "without" in request.param else {}
    settings = Settings.from_env(environment)
    engine = open_engine(url)
    engine.prepare()
    extractor = load_extractor(TAXONOMY, threads=2, texts=False, **settings.extractor_options)
    shown = dict(zip([one.product_id for one in products], pictures, strict=True))
    some = [one for place, one in enumerate(products) if place % 11 < 3]
    some = [one for one in some if one.pair[0] in KINDS[2:5] and one.pair[1] in SOME[1:3]]

    def load(product_id: str) -> bytes:
        file = io.BytesIO()
        shown[product_id].save(file, "PNG")
        return file.getvalue()

    outcomes = ingest_batch(
        [Product(one.product_id, "Quillfeather", [one.product_id]) for one in some],
        extractor=extractor,
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=load,
    )
    assert {one.status for one in outcomes} == {"written"}
    engine.refresh()
    app = create_app(settings, engine=engine, taxonomy=TAXONOMY)
    yield app.test_client()
    app.extensions["houndstooth"].search.close()
    if engine_name != "sqlite":
        engine._client.indices.delete(index=engine.index)  # type: ignore[attr-defined]
    engine.close()


def found(client: FlaskClient, **fields: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/search", query_string={"top": 18, **fields})
    assert answer.status_code == 200, answer.json
    hits: list[dict[str, Any]] = answer.json["hits"]
    return hits


def test_q_joins_what_looks_as_it_says(client: FlaskClient, made: Made) -> None:
    pairs = {one.product_id: one.pair for one in made[1]}
    for kind, colour in (("handbag", "red"), ("tie", "blue"), ("watch", "red")):
        hits = found(client, q=f"{colour} {kind}")
        assert "text-to-image" in hits[0]["found_by"]
        assert {pairs[hit["product_id"]] for hit in hits[:2]} == {(kind, colour)}
        # In a language that the encoder has and the reader does not: only the tower finds.
        hits = found(client, q=foreign(f"{colour} {kind}"))
        assert {tuple(hit["found_by"]) for hit in hits} == {("text-to-image",)}
        assert {pairs[hit["product_id"]] for hit in hits[:2]} == {(kind, colour)}


def test_facets_count_the_hits(client: FlaskClient) -> None:
    asked = ("red handbag", "satchel", "handbag", "quillfeather")
    for words, choice in product(asked, ({}, {"category": "tie"}, {"exclude": "colour:red"})):
        for q in (words, foreign(words)):
            hits = found(client, q=q, top=200, **choice)
            counted = client.get("/api/v1/facets", query_string={"q": q, **choice}).json
            assert counted["total"] == len(hits) > 0
            kinds = Counter(hit["category"] for hit in hits if hit["category"] != "unknown")
            values = {one["value"]: one["count"] for one in counted["facets"]["category"]}
            assert kinds.items() <= values.items()
    limits = {"q": foreign("tie"), "post_filter": "title:none"}
    counted = client.get("/api/v1/facets", query_string=limits).json
    assert counted["total"] == len(found(client, **limits)) == 0
    assert counted["facets"]["category"]


def test_pages_join_and_filters_hold(client: FlaskClient) -> None:
    whole = [hit["product_id"] for hit in found(client, q="satchel")]
    first = client.get("/api/v1/search", query_string={"q": "satchel", "top": 5}).json
    rest = found(client, q="satchel", cursor=first["next"])
    assert [hit["product_id"] for hit in [*first["hits"], *rest]] == whole
    assert len(set(whole)) == len(whole) > 5
    of_kind = found(client, q="satchel", category="tie")
    assert {hit["category"] for hit in of_kind} <= {"tie", "unknown"}
