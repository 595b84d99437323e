"""Every engine there is, empty, filled, and attached to a shop's own index."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from houndstooth.mappings.engine import Engine, RankingEngine
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.index_mapping import product_index
from tests.catalogue import (
    document,
)
from tests.integration.engines.helpers import OWN_MAPPINGS, client, fill

CLUSTERS = ("opensearch", "elasticsearch")


@contextmanager
def new_index(server_url: str) -> Iterator[str]:
    """URL of an index that is not there yet and is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    yield f"{server_url}/{name}"
    with client(server_url) as server:
        for one in (name, f"{name}-houndstooth-deleted"):
            server.indices.delete(index=one, ignore=[404])


@pytest.fixture(params=CLUSTERS)
def server_url(request: pytest.FixtureRequest) -> str:
    """URL of a node of each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def index_url(server_url: str) -> Iterator[str]:
    with new_index(server_url) as url:
        yield url


@pytest.fixture(params=["sqlite", *CLUSTERS, "opensearch, visual_2"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/folder/catalogue.db"
        return
    kind, _, visual = request.param.partition(", ")
    with new_index(request.getfixturevalue(f"{kind}_url")) as url:
        yield f"{url}?visual={visual}" if visual else url


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    opened = open_engine(engine_url)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def sharded(index_url: str) -> Iterator[Engine]:
    """An engine on an index of three shards."""
    server, _, index = index_url.rpartition("/")
    body = product_index()
    body["settings"]["index"]["number_of_shards"] = 3
    with client(server) as connection:
        connection.indices.create(index=index, body=body)
    opened = open_engine(index_url)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture(params=["one shard", "three shards"])
def ranking(request: pytest.FixtureRequest, server_url: str) -> Iterator[RankingEngine]:
    """An engine that can rank by itself."""
    if request.param == "three shards":
        yield request.getfixturevalue("sharded")
        return
    opened = open_engine(request.getfixturevalue("index_url"))
    opened.prepare()
    yield cast(RankingEngine, opened)
    opened.close()


@pytest.fixture
def shop(engine: Engine) -> Engine:
    rows: list[dict[str, Any]] = [
        {"title": "Red tee", "brand": "Puma", "price": 10, "stock": 0, "sku": "007", "new": True},
        {"title": "Red Tee", "brand": "Nike", "price": 20.5, "stock": 5, "size": 40, "new": False},
        {"title": "Blue tee", "brand": "Nike Air", "price": 50.0, "stock": 5, "size": 41.5},
        {"brand": "Étoile: l'été", "stock": 7, "image": "a.jpg"},
    ]
    fill(engine, *(document(str(n), facts) for n, facts in enumerate(rows, start=1)))
    return engine


@pytest.fixture
def own(index_url: str) -> Iterator[Engine]:
    """An engine attached to an index that has the shop's own fields and two products."""
    server, index = client(index_url.rpartition("/")[0]), index_url.rpartition("/")[2]
    server.indices.create(index=index, body={"mappings": OWN_MAPPINGS})
    for n, country in enumerate(["it", "pt"], start=1):
        body = {"name": f"Tee {n}", "price": 10 * n, "maker": {"country": country}}
        server.index(index=index, id=str(n), body=body | {"description": "A fine tee"})
    server.close()
    engine = open_engine(index_url)
    engine.prepare()
    yield engine
    engine.close()
