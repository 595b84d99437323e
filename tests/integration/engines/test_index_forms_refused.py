"""Forms of a shop's index that are refused, in one sentence and before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig
from houndstooth.plugin.engines import open_engine, open_shop_index
from tests.catalogue import LENGTHS, MODEL, document
from tests.integration.engines.conftest import CLUSTERS
from tests.integration.engines.helpers import client, fill, found, where_known

NAME = {"name": {"type": "text"}}
BOTH: dict[str, tuple[dict[str, Any], str]] = {
    "no source": ({"mappings": {"_source": {"enabled": False}}}, "_source of .* is disabled"),
    "source without a field": (
        {"mappings": {"_source": {"excludes": ["na*"]}, "properties": NAME}},
        "leaves out name",
    ),
    "source without visual": (
        {"mappings": {"_source": {"excludes": ["visual"]}}},
        r"leaves out visual\.product_id",
    ),
    "source without the codes": (
        {"mappings": {"_source": {"excludes": ["visual.*_code"]}}},
        r"leaves out visual\.binary_code",
    ),
    "source of some fields": (
        {"mappings": {"_source": {"includes": ["name"]}, "properties": NAME}},
        r"leaves out visual\.product_id",
    ),
    "no fields": ({"mappings": {"enabled": False}}, "mapping of .* has enabled: false"),
    "no fields of visual": (
        {"mappings": {"properties": {"visual": {"type": "object", "enabled": False}}}},
        "expected an object visual as .* has another: .*visual=visual_2",
    ),
    "visual no object": (
        {"mappings": {"properties": {"visual": {"type": "keyword"}}}},
        "expected an object visual as",
    ),
    "visual of another's": (
        {"mappings": {"properties": {"visual": {"properties": {"theme": {"type": "keyword"}}}}}},
        "expected an object visual as",
    ),
    "visual that was guessed": (
        {"mappings": {"properties": {"visual": {"properties": {"model": {"type": "text"}}}}}},
        r"expected a field visual\.model as",
    ),
    "routing": ({"mappings": {"_routing": {"required": True}}}, "without custom routing"),
    "write block": ({"settings": {"index.blocks.write": True}}, r"index\.blocks\.write"),
}
OPENSEARCH: dict[str, tuple[dict[str, Any], str]] = {
    "derived source": ({"settings": {"index.derived_source.enabled": True}}, "is derived"),
    "append only": ({"settings": {"index.append_only.enabled": True}}, "is append-only"),
}
ELASTICSEARCH: dict[str, tuple[dict[str, Any], str]] = {
    "synthetic source": (
        {"settings": {"index.mapping.source.mode": "synthetic"}},
        "_source of .* is synthetic",
    ),
}


@pytest.fixture
def server(index_url: str) -> Iterator[OpenSearch]:
    with client(index_url.rpartition("/")[0]) as connection:
        yield connection


def check_refused(server: OpenSearch, url: str, reason: str) -> None:
    """The engine says why in one sentence, and no index is another than before."""
    name = url.rpartition("/")[2].partition("?")[0]
    before = server.indices.get(index=name, flat_settings=True)
    engine = open_shop_index(url)
    for refuse in (engine.check, engine.prepare):
        with pytest.raises(InvalidConfig, match=reason) as caught:
            refuse()
        assert str(caught.value).startswith("expected ") and "\n" not in str(caught.value)
    engine.close()
    assert server.indices.get(index=name, flat_settings=True) == before


@pytest.mark.parametrize(
    ("server_url", "form"),
    [
        *((engine, form) for form in BOTH for engine in CLUSTERS),
        *(("opensearch", form) for form in OPENSEARCH),
        *(("elasticsearch", form) for form in ELASTICSEARCH),
    ],
    indirect=["server_url"],
)
def test_an_index_of_a_form(server: OpenSearch, index_url: str, form: str) -> None:
    body, reason = (BOTH | OPENSEARCH | ELASTICSEARCH)[form]
    with where_known():
        server.indices.create(index=index_url.rpartition("/")[2], body=body)
    check_refused(server, index_url, reason)


def test_another_object_of_the_name_leaves_room_beside_it(
    server: OpenSearch, index_url: str
) -> None:
    name = index_url.rpartition("/")[2]
    server.indices.create(index=name, body=BOTH["visual no object"][0])
    engine = open_engine(f"{index_url}?visual=visual_2")
    engine.prepare()
    fill(engine, document("1"))
    assert found(engine) == ["1"]
    engine.close()


def test_a_closed_index(server: OpenSearch, index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    server.indices.create(index=name)
    server.indices.close(index=name)
    check_refused(server, index_url, "expected an open index; .* is closed")


def test_an_index_on_a_full_disk(server: OpenSearch, index_url: str) -> None:
    """Also when the disk becomes full in the middle of a feed: no product is blamed."""
    name = index_url.rpartition("/")[2]
    engine = open_engine(index_url)
    engine.prepare()
    fill(engine, document("1"))
    block = {"index.blocks.read_only_allow_delete": True}
    server.indices.put_settings(index=name, body=block)
    check_refused(server, index_url, "read_only_allow_delete, which a full disk sets")
    with pytest.raises(EngineUnavailable, match="block"):
        engine.write([document("1"), document("2")])
    server.indices.put_settings(index=name, body=dict.fromkeys(block))
    fill(engine, document("2"))
    engine.close()


def test_a_document_with_a_routing_among_many(server: OpenSearch, index_url: str) -> None:
    """Enough for one segment in which some engines' ``terminate_after`` finds nothing."""
    name = index_url.rpartition("/")[2]
    server.indices.create(index=name, body={"settings": {"number_of_shards": 1}})
    lines: list[dict[str, Any]] = []
    for n in range(4000):
        lines += [{"index": {"_id": n, **({"routing": "it"} if n == 3999 else {})}}, {"n": n}]
    server.bulk(index=name, body=lines)
    server.indices.forcemerge(index=name, max_num_segments=1)
    server.indices.refresh(index=name)
    check_refused(server, index_url, "without custom routing")


def test_versions_of_the_shop(server: OpenSearch, index_url: str) -> None:
    """An update would take the number that the shop gives its next one."""
    name = index_url.rpartition("/")[2]
    versions = {"version": 1_700_000_000, "version_type": "external"}
    server.index(index=name, id="1", body={"name": "Tee"}, params=versions, refresh=True)
    check_refused(server, index_url, "counts the versions .*version_type external")


def test_versions_of_many_updates_are_the_engines(server: OpenSearch, index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    for price in range(20):
        server.index(index=name, id="1", body={"price": price}, refresh=True)
    engine = open_engine(index_url)
    engine.prepare()
    engine.close()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"filter": {"term": {"visible": True}}}, "shows all products; .* has a filter"),
        ({"routing": "it"}, "without custom routing"),
        ({"is_write_index": False}, "takes writes; .* has is_write_index false"),
    ],
)
def test_an_alias_that_is_not_the_whole_index(
    server: OpenSearch, index_url: str, options: dict[str, Any], reason: str
) -> None:
    url, name = f"{index_url}-alias", index_url.rpartition("/")[2]
    server.indices.create(index=name, body={"mappings": {"properties": NAME}})
    server.indices.put_alias(index=name, name=f"{name}-alias", body=options)
    check_refused(server, url, f"{reason}.*give its index '{name}'")


def test_several_indices_of_one_name(server: OpenSearch, index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    alias, names = f"{name}-alias", [f"{name}-1", f"{name}-2"]
    for one in names:
        body = {"aliases": {alias: {"is_write_index": one == names[1]}}}
        server.indices.create(index=one, body=body)
    several = f"expected one index .*; got {', '.join(names)}: give the name of one"
    try:
        check_refused(server, f"{index_url}-alias", several)
        check_refused(server, f"{index_url}-*", several)
        check_refused(server, f"{index_url}-*1", f"neither: give '{names[0]}'")
    finally:
        server.indices.delete(index=",".join(names))


def test_an_index_that_is_rolled_over_is_not_written_to(server: OpenSearch, index_url: str) -> None:
    """The products that are there would be written a second time, into the new index."""
    name = index_url.rpartition("/")[2]
    alias = {f"{name}-alias": {"is_write_index": True}}
    server.indices.create(index=f"{name}-000001", body={"aliases": alias})
    engine = open_engine(f"{index_url}-alias")
    try:
        engine.prepare()
        fill(engine, document("1"))
        server.indices.rollover(alias=f"{name}-alias")
        for act in (
            lambda: engine.write([document("1"), document("2")]),
            lambda: list(engine.changes(MODEL, LENGTHS, None)),
        ):
            with pytest.raises(EngineUnavailable, match="expected one index"):
                act()
        assert server.count(index=f"{name}-alias")["count"] == 1
        check_refused(server, f"{index_url}-alias", "expected one index")
    finally:
        engine.close()
        server.indices.delete(index=f"{name}-000001,{name}-000002", ignore=[404])


@pytest.mark.parametrize("server_url", ["opensearch"], indirect=True)
def test_a_data_stream(server: OpenSearch, index_url: str) -> None:
    """The nodes of Elasticsearch for tests have no data streams."""
    name = index_url.rpartition("/")[2]
    template = {"index_patterns": [name], "data_stream": {}, "priority": 500}
    server.indices.put_index_template(name=name, body=template)
    server.indices.create_data_stream(name=name)
    try:
        check_refused(server, index_url, "is a data stream")
    finally:
        server.indices.delete_data_stream(name=name)
        server.indices.delete_index_template(name=name)
