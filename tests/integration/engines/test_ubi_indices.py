"""Queries and events in UBI's own indices of a cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from houndstooth.mappings.errors import CatalogueNotFound, EngineUnavailable, InvalidConfig
from houndstooth.plugin.events.click_figures import evaluate_clicks
from houndstooth.plugin.events.stores import Broken, open_store
from houndstooth.plugin.events.ubi import EVENTS, QUERIES
from tests.integration.engines.helpers import client

QUERY = {
    "application": "houndstooth",
    "query_id": "q-1",
    "timestamp": "2026-11-30T08:00:00.000Z",
    "user_query": "jacket",
    "query_attributes": {"model": "m-1", "arm": "b", "rules": ["one"], "first_page": True},
    "query_response_hit_ids": ["a", "b"],
    "indexes": ["products"],
}
CLICK = {
    "application": "houndstooth",
    "action_name": "click",
    "query_id": "q-1",
    "timestamp": "2026-11-30T08:00:01.000Z",
    "event_attributes": {"object": {"object_id": "b"}, "position": {"ordinal": 2}},
}


@pytest.fixture
def connection(server_url: str) -> Iterator[OpenSearch]:
    """A node without these indices; they have names of their own, as UBI has it."""
    with client(server_url) as opened:
        for index in (QUERIES, EVENTS):
            opened.indices.delete(index=index, ignore=[404])
        yield opened
        for index in (QUERIES, EVENTS):
            opened.indices.delete(index=index, ignore=[404])


def test_records_are_kept_with_ubis_mappings(server_url: str, connection: OpenSearch) -> None:
    store = open_store(server_url)
    with pytest.raises(CatalogueNotFound, match="has no index 'ubi_queries' yet"):
        [*store.read()]
    records = [(QUERIES, QUERY), (EVENTS, CLICK)]
    refused = (EVENTS, {**CLICK, "event_attributes": {"position": {"ordinal": "third"}}})
    assert store.write([*records, refused]) == [refused]
    assert open_store(server_url).write([(QUERIES, {**QUERY, "query_id": "q-2"})]) == []
    connection.index(index=QUERIES, body={"application": "the shop's own", "query_id": "q-3"})
    connection.index(index=QUERIES, body={"application": "houndstooth", "user_query": "broken"})
    connection.indices.refresh(index=f"{QUERIES},{EVENTS}")
    read = [*store.read()]
    assert [one for one in read if not isinstance(one, Broken)][::2] == records
    (broken,) = [one for one in read if isinstance(one, Broken)]
    assert broken.startswith(QUERIES) and broken.endswith("got application, user_query")
    (figures,) = evaluate_clicks(read).figures
    assert (figures.arm, figures.queries, figures.reciprocal_rank.value) == ("b", 2, 0.25)
    fields = connection.indices.get_mapping(index=QUERIES)[QUERIES]["mappings"]["properties"]
    flat = "flat_object" if server_url.startswith("opensearch") else "flattened"
    assert fields["query_attributes"]["type"] == flat
    assert fields["query_id"] == {"type": "keyword", "ignore_above": 100}
    by_arm = {"query": {"term": {"query_attributes.arm": "b"}}}
    assert connection.count(index=QUERIES, body=by_arm)["count"] == 2


@pytest.mark.parametrize("url", ["opensearch://h/index", "http://h", "opensearch://me:x@h"])
def test_other_clusters_are_refused(url: str) -> None:
    with pytest.raises(InvalidConfig, match="expected a cluster such as opensearch://host:port"):
        open_store(url)


def test_a_cluster_that_is_away() -> None:
    store = open_store("opensearch://127.0.0.1:9")
    store.check()
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        [*store.read()]
