"""A shop's own text search answers the same, whether its index is attached or not.

Hits of equal score come in an order of the engine's own, which any write to one of them changes:
the queries here break ties by a field, as a shop does that wants one order. And an engine counts
the old versions of documents in its statistics until segments are merged, whoever wrote new ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from houndstooth.ingest.views import RecentFeatures, extract_images
from tests.fakes import FakeExtractor
from tests.integration.engines.own_shop import COLOURS, OwnShop

Json = dict[str, Any]
Hits = list[tuple[str, float]]

PRODUCTS, QUERIES, AT_ONCE = 240, 1000, 50
READ = ("status", "hits.hits._id", "hits.hits._score")
"""Parts of each answer."""

MERGE_SECONDS = 120
"""Time within which old versions can be merged away: a lease keeps them for about 30."""

BRANDS = ("Puma", "Nike", "Arrow", "Fila", "Esprit", "Gini")
WORDS = (
    BRANDS,
    ("Women", "Men", "Girls", "Boys"),
    ("Red", "Blue", "Black", "White", "Olive", "Navy", "Teal", "Mauve"),
    ("Striped", "Printed", "Solid", "Checked", "Floral"),
    ("Dress", "Shirt", "Jeans", "Kurta", "Skirt", "Sandals", "Backpack", "Tie", "Tunic"),
)
PROSE = ("cotton", "soft", "summer", "party", "office", "fine", "new", "sale", "shirt", "dress")
MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "sku": {"type": "keyword"},
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "description": {"type": "text"},
        "brand": {"type": "keyword"},
        "price": {"type": "float"},
        "media": {"properties": {"url": {"type": "keyword"}}},
        "offers": {"properties": {"price": {"type": "float"}}},
        "style_id": {"type": "keyword"},
    },
}


def catalogue() -> dict[str, Json]:
    chance, products = random.Random(5), dict[str, Json]()
    for n in range(PRODUCTS):
        words = [chance.choice(some) for some in WORDS]
        key = f"p{n:03}"
        products[key] = {
            "sku": key,
            "name": " ".join(words),
            "description": " ".join(chance.choices(PROSE, k=chance.randint(4, 20))),
            "brand": words[0],
            "price": chance.randint(5, 90) + 0.5,
            "offers": {"price": 1.0},
            "media": [{"url": f"{chance.choice(COLOURS)}.png"}],
            "style_id": words[0],
        }
    return products


def queries(products: list[Json]) -> Iterator[Json]:
    """Queries of the kinds that shops use, with words of their products' titles."""
    chance = random.Random(7)
    for n in range(QUERIES):
        one = chance.choice(products)
        words = one["name"].split()
        text = " ".join(chance.sample(words, chance.randint(1, 3)))
        kinds: list[Json] = [
            {"match": {"name": text}},
            {"multi_match": {"query": text, "fields": ["name^3", "description"]}},
            {"match_phrase": {"name": " ".join(words[1:3])}},
            {
                "bool": {
                    "must": {"match": {"name": text}},
                    "filter": [
                        {"term": {"brand": one["brand"]}},
                        {"range": {"price": {"gte": one["price"] - 20}}},
                    ],
                }
            },
            {
                "bool": {
                    "should": [{"match": {"name": text}}, {"match": {"description": text}}],
                    "must_not": {"term": {"brand": "Nike"}},
                }
            },
            {"match": {"description": " ".join(one["description"].split()[:3])}},
        ]
        kind = n % len(kinds)
        order = ["price", "name.raw", "sku"] if kind == 5 else ["_score", "sku"]
        yield {
            "query": kinds[kind],
            "size": PRODUCTS,
            "sort": order,
            "track_scores": True,
            "_source": False,
        }


ALL = catalogue()
QUARTER = {key: ALL[key] for key in list(ALL)[::4]}
ASKED = list(queries([*ALL.values()]))
SORTED = [n for n, body in enumerate(ASKED) if body["sort"][0] == "price"]


class Searched(OwnShop):
    """A shop's index that is searched by 1,000 queries."""

    def fill(self, settings: Json | None = None, products: Mapping[str, Json] = ALL) -> None:
        body = {"number_of_shards": 1, "number_of_replicas": 0, **(settings or {})}
        body = {"settings": body, "mappings": MAPPINGS}
        self.client.indices.create(index=self.name, body=body)
        self.write(products)

    def ask(self) -> list[Hits]:
        """Ids and scores of the hits of each query."""
        found: list[Hits] = []
        for start in range(0, QUERIES, AT_ONCE):
            lines = [line for body in ASKED[start : start + AT_ONCE] for line in ({}, body)]
            params = {"filter_path": ",".join(f"responses.{name}" for name in READ)}
            answer = self.client.msearch(
                index=self.name, body=lines, params=params, request_timeout=120
            )
            for one in answer["responses"]:
                assert one["status"] == 200
                hits = one.get("hits", {}).get("hits", [])
                found.append([(hit["_id"], hit["_score"]) for hit in hits])
        assert sum(map(len, found)) > 10 * QUERIES
        return found

    def merge(self) -> None:
        """Merge until no old version of a document is left."""
        deadline = monotonic() + MERGE_SECONDS
        while True:
            self.client.indices.flush(index=self.name, params={"force": "true"})
            self.client.indices.forcemerge(index=self.name, max_num_segments=1)
            self.client.indices.refresh(index=self.name)
            stats = self.client.indices.stats(index=self.name, metric="docs")
            if not stats["_all"]["primaries"]["docs"]["deleted"]:
                return
            assert monotonic() < deadline
            sleep(1)


def shop_at(url: str, folder: Path) -> Searched:
    folder.mkdir()
    return Searched(url, folder)


@pytest.fixture
def shop(index_url: str, tmp_path: Path) -> Iterator[Searched]:
    made = shop_at(index_url, tmp_path / "shop")
    yield made
    made.client.close()


@pytest.fixture
def other(server_url: str, index_url: str, tmp_path: Path) -> Iterator[Searched]:
    """A second index beside it, of the same documents."""
    made = shop_at(f"{index_url}-other", tmp_path / "other")
    yield made
    made.client.indices.delete(index=made.name, ignore=[404])
    made.client.close()


class Asking(FakeExtractor):
    """Asks all queries once, when half of the products are recognised."""

    def __init__(self, shop: Searched) -> None:
        super().__init__()
        self._shop, self._seen = shop, 0
        self.found: list[Hits] = []

    def extract(self, images: Any, *arguments: Any, **options: Any) -> Any:
        self._seen += len(images)
        if self._seen > PRODUCTS // 2 and not self.found:
            self.found = [[("", 0.0)]]  # another thread need not ask as well
            self.found = self._shop.ask()
        return super().extract(images, *arguments, **options)


def test_ids_order_and_scores_are_the_same(
    shop: Searched, other: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One index stays attached, the other is attached and detached."""
    recognise = lambda recent, wanted: extract_images(recent.extractor, wanted)  # noqa: E731
    monkeypatch.setattr(RecentFeatures, "extract", recognise)  # the products share four images
    shop.fill()
    other.fill()
    before = shop.ask()
    asking = Asking(shop)
    assert shop.attach(extractor=asking) == 0
    assert [{*dict(hits)} for hits in asking.found] == [{*dict(h)} for h in before]
    assert [[key for key, _ in asking.found[n]] for n in SORTED] == [
        [key for key, _ in before[n]] for n in SORTED
    ]
    assert other.attach() == 0
    assert other.detach("--yes") == 0
    shop.merge()
    assert shop.source("p000").keys() == ALL["p000"].keys() | {"visual"}
    assert shop.ask() == before
    other.merge()
    assert other.source("p000") == ALL["p000"]
    assert other.ask() == before


def test_before_merging_scores_are_those_after_any_write(
    shop: Searched, other: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of the products is attached; the other shop saves the same ones again."""
    monkeypatch.setenv("HOUNDSTOOTH_SHARED_PICTURE", "0")  # each is written once
    images = {key: {"media": []} for key in ALL if key not in QUARTER}
    unmerged = {"index.merge.policy": {"segments_per_tier": 1000, "deletes_pct_allowed": 50}}
    for one in (shop, other):
        one.fill(unmerged, {key: source | images.get(key, {}) for key, source in ALL.items()})
    before = shop.ask()
    assert shop.attach() == 1  # three quarters have no image
    assert shop.totals == {"written": len(QUARTER), "failed": PRODUCTS - len(QUARTER)}
    other.write(QUARTER)
    attached = shop.ask()
    assert attached == other.ask()
    assert attached != before
    assert shop.detach("--yes") == 0
    other.write(QUARTER)
    assert shop.ask() == other.ask()


@pytest.mark.parametrize("query", ["query_string", "simple_query_string", "multi_match"])
def test_queries_that_name_no_field_search_the_default_fields(shop: Searched, query: str) -> None:
    """All fields are the default of the engine, ``visual`` among them, unless the index names some.

    Its terms could be words of shoppers: ``dress`` is a category.
    """
    shop.fill({"index.query.default_field": ["name", "description", "brand"]})
    body = {"query": {query: {"query": "dress"}}, "size": PRODUCTS, "sort": ["_score", "sku"]}

    def ask() -> list[str]:
        hits = shop.client.search(index=shop.name, body=body)["hits"]["hits"]
        return [hit["_id"] for hit in hits]

    before = ask()
    assert shop.attach() == 0
    assert 0 < len(before) < PRODUCTS
    assert {*ask()} == {*before}
