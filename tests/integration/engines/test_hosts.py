"""A cluster of several hosts: one that is down or in trouble costs no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.credentials import Credentials
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.cluster import client as cluster_client
from houndstooth.plugin.engines.cluster import read
from tests.catalogue import LENGTHS, MODEL, document
from tests.conftest import free_port
from tests.integration.engines.helpers import ALL, fill, found, read_anew

Answer = tuple[int, dict[str, Any]]

THREE: Answer = (200, {"hits": {"total": {"value": 3}}})
"""The answer to a count."""


@contextmanager
def host(answer: Callable[[str], Answer]) -> Iterator[str]:
    """The address of an HTTP server that answers a path with a status and JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answer(self.path)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_POST

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_dead_host_costs_no_answer(index_url: str, place: str) -> None:
    scheme, _, rest = index_url.partition("://")
    live, _, index = rest.partition("/")
    dead = f"127.0.0.1:{free_port()}"
    hosts = f"{dead},{live}" if place == "first" else f"{live},{dead}"
    engine = open_engine(f"{scheme}://{hosts}/{index}")
    engine.prepare()
    fill(engine, document("1"), document("2"))
    began = time.monotonic()
    for _ in range(20):
        engine.ping()
        assert found(engine) == ["1", "2"]
        assert engine.count(ALL) == 2
        assert [one.product_id for one in engine.show(["2", "1"])] == ["2", "1"]
        assert len(engine.fetch(["1"])) == len(engine.features(["1"], MODEL, LENGTHS, None)) == 1
        assert read_anew(engine).rows.keys() == {"1", "2"}
    assert engine.delete(["1"]) == 1
    assert time.monotonic() - began < 20
    engine.close()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_host_in_trouble_costs_no_answer(status: int) -> None:
    trouble: Answer = (status, {"error": {"type": "trouble", "reason": "no shard"}})
    with host(lambda _: trouble) as bad, host(lambda _: THREE) as good:
        for hosts in (f"{bad},{good}", f"{good},{bad}"):
            engine = open_engine(f"opensearch://{hosts}/products")
            assert [engine.count() for _ in range(10)] == [3] * 10
            engine.close()


def test_a_node_that_dies_within_a_search_costs_no_answer() -> None:
    cause = {"type": "node_disconnected_exception", "reason": "disconnected"}
    died: Answer = (500, {"error": {"root_cause": [cause], "phase": "fetch"}, "status": 500})
    away = {"type": "no_shard_available_action_exception", "reason": "away"}
    half: Answer = (503, {"error": {"root_cause": [away], "phase": "query"}, "status": 503})
    missing = {"type": "search_context_missing_exception", "reason": "No search context found"}
    started: Answer = (404, {"error": {"root_cause": [missing], "phase": "fetch"}, "status": 404})
    asked = iter([died, half, started, died, half])
    with host(lambda _: next(asked, THREE)) as first, host(lambda _: died) as second:
        engine = open_engine(f"opensearch://{first},{second}/products")
        assert engine.count() == 3
        engine.close()
    with host(lambda _: started) as only:
        engine = open_engine(f"opensearch://{only}/products")
        with pytest.raises(EngineUnavailable, match="lost a search"):
            engine.count()
        engine.close()
    paths: list[str] = []

    def refuse(path: str) -> Answer:
        paths.append(path)
        return half

    with host(refuse) as only:
        engine = open_engine(f"opensearch://{only}/products")
        with pytest.raises(EngineUnavailable, match="503"):
            engine.count()
        engine.close()
    # The other shards counted alone are no answer.
    assert all("allow_partial_search_results=false" in path for path in paths)


def test_filters_and_hits_are_read_from_the_copies_whose_changes_are_followed() -> None:
    """Copies refresh at different times."""
    paths: list[str] = []

    def answer(path: str) -> Answer:
        if any(part in path for part in ("_mapping", "_nodes", "_settings")):
            return 200, {}
        paths.append(path)
        return 200, {"docs": [], "hits": {"hits": []}}

    with host(answer) as address:
        engine = open_engine(f"opensearch://{address}/products")
        engine.match(ALL, 10)
        engine.show(["1"])
        engine.features(["1"], MODEL, LENGTHS, None)
        engine.close()
    assert len(paths) == 3
    assert all("preference=_primary_first" in path for path in paths)


def test_hosts_in_trouble_for_a_while_cost_no_answer() -> None:
    answers = iter([(503, {"error": "busy"})] * 12)

    def recover(_: str) -> Answer:
        return next(answers, THREE)

    with host(recover) as first, host(recover) as second:
        engine = open_engine(f"opensearch://{first},{second}/products")
        assert engine.count() == 3
        engine.close()


def test_hosts_in_trouble_are_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_client, "RETRY_SECONDS", 0.5)
    hosts = [f"h{n}.invalid:{free_port()}" for n in range(2)]
    credentials = Credentials(user="me", password="secret")
    engine = open_engine(f"opensearch://{','.join(hosts)}/products", credentials)
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match=f"http://{hosts[0]},{hosts[1]} ") as caught:
        engine.count()
    assert "secret" not in str(caught.value)
    assert time.monotonic() - began < 20
    engine.close()


def test_a_querys_fault_is_not_repeated() -> None:
    paths: list[str] = []

    def refuse(path: str) -> Answer:
        paths.append(path)
        return 400, {"error": {"type": "illegal_argument_exception", "reason": "no"}}

    with host(refuse) as first, host(refuse) as second:
        engine = open_engine(f"opensearch://{first},{second}/products")
        with pytest.raises(EngineUnavailable, match="status 400"):
            engine.count()
        assert len(paths) == 1
        engine.close()


def a_document(product_id: str, **more: Any) -> dict[str, Any]:
    source = {"title": "Tee", "visual": document(product_id).visual.to_json()}  # type: ignore[union-attr]
    return {"_id": product_id, "found": True, "_source": source, "_seq_no": 4} | more


def test_a_shard_copy_that_died_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "COPY_PAUSES", (0.01, 0.01, 0.01))
    died = {"_id": "2", "error": {"type": "no_shard_available_action_exception", "reason": "away"}}
    answers = [{"docs": [a_document("1"), died]}] * 3
    asked = iter([*answers, {"docs": [a_document("1"), a_document("2")]}, *answers * 2])
    with host(lambda path: (200, {} if "_nodes" in path else next(asked))) as address:
        engine: Engine = open_engine(f"opensearch://{address}/products")
        assert [one.product_id for one in engine.show(["1", "2"])] == ["1", "2"]
        with pytest.raises(EngineUnavailable, match="away"):
            engine.show(["1", "2"])
        engine.close()


class Nodes:
    """Nodes of a cluster that tell where they are.

    Attributes:
        published: Roles and published address by the id of a node.
        counted: Which nodes were asked to count, in order.
    """

    def __init__(self) -> None:
        self.published: dict[str, tuple[list[str], str]] = {}
        self.counted: list[str] = []

    def node(self, node_id: str) -> Callable[[str], Answer]:
        def answer(path: str) -> Answer:
            if not path.startswith("/_nodes"):
                self.counted.append(node_id)
                return 200, {"hits": {"total": {"value": 3}}}
            keys = [node_id] if "_local" in path else list(self.published)
            told = [(key, *self.published[key]) for key in keys]
            return 200, {
                "nodes": {
                    key: {"roles": roles, "http": {"publish_address": address}}
                    for key, roles, address in told
                }
            }

        return answer


DATA, MANAGER = ["data", "ingest", "cluster_manager"], ["cluster_manager"]


def test_other_nodes_answer_while_the_only_host_that_is_named_is_down() -> None:
    nodes = Nodes()
    with host(nodes.node("b")) as b, host(nodes.node("c")) as c, host(nodes.node("m")) as manager:
        with host(nodes.node("a")) as a:
            name = f"localhost:{a.partition(':')[2]}"
            nodes.published = {
                "a": (DATA, f"localhost/{a}"),
                "b": (DATA, b),
                "c": ([], c),
                "m": (MANAGER, manager),
                "dead": (DATA, f"127.0.0.1:{free_port()}"),
            }
            engine = open_engine(f"opensearch://{name}/products")
            assert [engine.count() for _ in range(20)] == [3] * 20
            assert set(nodes.counted) == {"a"}
        assert [engine.count() for _ in range(20)] == [3] * 20
        assert set(nodes.counted[20:]) == {"b", "c"}
        engine.close()


@pytest.mark.parametrize("why", ["behind a proxy", "another node there", "does not tell"])
def test_addresses_that_may_lead_elsewhere_are_not_asked(why: str) -> None:
    nodes = Nodes()
    with host(nodes.node("b")) as b:
        with host(nodes.node("a")) as a:
            own = f"127.0.0.1:{free_port()}" if why == "behind a proxy" else a
            other = "x" if why == "another node there" else "b"
            nodes.published = {"a": (DATA, own), other: (DATA, b), "b": (DATA, own)}
            if why == "does not tell":
                nodes.published = {}
            engine = open_engine(f"opensearch://{a}/products")
            assert engine.count() == 3
        with pytest.raises(EngineUnavailable):
            engine.count()
        assert nodes.counted == ["a"]
        engine.close()
