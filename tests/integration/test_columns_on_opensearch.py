"""Searches with columns over a real OpenSearch: built, in step, restarted, shared and replaced."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from opensearchpy import OpenSearch

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.columns import store
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale import history as history_module
from tests.benchmarks.scale.changes import write
from tests.benchmarks.scale.history import History, Judge
from tests.benchmarks.scale.server import NoExtractor
from tests.benchmarks.scale.traffic import Clients, Writer, ask, random_question
from tests.benchmarks.scale.traffic import fill as fill_at_random
from tests.catalogue import LENGTHS, MODEL, document, random_documents, visual
from tests.conftest import free_port
from tests.integration.engines.helpers import fill

TAXONOMY = Taxonomy.load()
ANY = SearchRequest(top=100)
IN_STEP_SECONDS = 2.0


@pytest.fixture
def url(opensearch_url: str) -> Iterator[str]:
    """URL of an index that is prepared, and deleted afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    engine = open_engine(f"{opensearch_url}/{name}")
    engine.prepare()
    engine.close()
    yield f"{opensearch_url}/{name}"
    with server(opensearch_url) as connection:
        connection.indices.delete(index=f"{name},{name}-*", ignore=[404])


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    yield opened
    opened.close()


def server(url: str) -> OpenSearch:
    return OpenSearch(url.replace("opensearch://", "http://"))


@contextmanager
def searching(url: str, folder: Path | None, follow: bool = True) -> Iterator[VisualSearch]:
    """A search on an engine of its own; if it follows, its columns are there."""
    settings = Settings(engine=url, columns=folder)
    search = VisualSearch(NoExtractor(MODEL, LENGTHS), open_engine(url), TAXONOMY, settings)  # type: ignore[arg-type]
    if follow:
        search.follow()
        wait_until(lambda: known(search) is not None, 10)
    yield search
    search.close()
    search.engine.close()


def known(search: VisualSearch) -> int | None:
    """The number of products in the columns."""
    snapshot = search.columns.snapshot() if search.columns else None
    return None if snapshot is None else len(snapshot)


def wait_until(holds: Callable[[], bool], seconds: float = IN_STEP_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def look(search: VisualSearch, request: SearchRequest = ANY, seed: int = 1) -> SearchAnswer:
    return search.search_features(stored_features(visual("", seed=seed)), request)


def ids(answer: SearchAnswer) -> list[str]:
    return [hit.product_id for hit in answer.hits]


def test_every_answer_is_right_while_products_change(
    url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "LAG_SECONDS", 5.0)  # the machine may be busy
    products, history = 400, History(TAXONOMY, MODEL)
    fill_at_random(engine, history, products)
    with searching(url, tmp_path) as search:
        clients = Clients(search, products, clients=3)
        clients.start()
        writers = [Writer(engine, history, products, (n, 2), 150.0, seed=n) for n in range(2)]
        write(writers, 900)
        clients.stop.set()
        answers = clients.join()
        engine.refresh()  # how soon the engine shows the last writes is not what is tried here
        time.sleep(IN_STEP_SECONDS)
        monkeypatch.setattr(history_module, "LAG_SECONDS", IN_STEP_SECONDS)
        chance = random.Random(3)
        quiet = [ask(search, random_question(chance, products)) for _ in range(60)]
    judge = Judge(history)
    verdicts = [judge.verdict(one) for one in quiet]
    monkeypatch.setattr(history_module, "LAG_SECONDS", 5.0)
    verdicts += [judge.verdict(one) for one in answers]
    assert {verdict for verdict in verdicts if verdict[0] not in ("right", "skipped")} == set()
    assert len([verdict for verdict in verdicts if verdict[0] == "right"]) > 70


def test_changes_are_known_within_two_seconds(url: str, engine: Engine, tmp_path: Path) -> None:
    fill(engine, document("1", {"price": 1.0}, seed=1), document("2", seed=2))
    with searching(url, tmp_path) as search:
        assert look(search).recall == 1.0
        fill(engine, document("3", seed=1))
        wait_until(lambda: known(search) == 3)
        fill(engine, document("1", {"price": 1.0}, seed=3), IndexDocument("2", {"price": 7.0}))
        wait_until(lambda: ids(look(search))[0] == "3" and ids(look(search, seed=3))[0] == "1")
        engine.delete(["3"])
        engine.refresh()
        answer = look(search)
        assert sorted(ids(answer)) == ["1", "2"]
        assert {hit.product_id: hit.product["price"] for hit in answer.hits} == {"1": 1, "2": 7}


def test_a_shops_own_update_of_the_variant_field(url: str, engine: Engine, tmp_path: Path) -> None:
    fill(engine, *(document(str(n), {"group": f"g{n}"}, seed=1) for n in range(4)))
    address, _, index = url.rpartition("/")
    with searching(url, tmp_path) as search:
        assert ids(look(search)) == ["0", "1", "2", "3"]
        with server(address) as connection:
            for n in (1, 2):
                body = {"doc": {"group": "g0"}}
                connection.update(index=index, id=str(n), body=body, refresh=True)
        wait_until(lambda: ids(look(search)) == ["0", "3"])
        assert look(search).hits[0].variants == ("1", "2")


def test_a_restart_reads_the_file_and_only_what_changed(
    url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SAVED_FROM", 50)
    fill(engine, *(document(f"{n:03}", seed=n % 7) for n in range(200)))
    with searching(url, tmp_path) as search:
        before = ids(look(search))
    assert [path.suffix for path in tmp_path.glob("*.columns")] == [".columns"]
    fill(engine, document("new", seed=1), document("000", category="boots"))
    engine.delete(["001"])
    engine.refresh()
    monkeypatch.setattr(store.Columns, "_built", lambda self: pytest.fail("built again"))
    with searching(url, tmp_path) as search:
        wait_until(lambda: known(search) in (200, 201))
        after = ids(look(search))
    assert "new" in after and "001" not in after
    assert [key for key in after if key in before] == [key for key in before if key in after]


def test_another_index_behind_the_alias(url: str, tmp_path: Path) -> None:
    address, _, name = url.rpartition("/")
    alias = f"{name}-alias"
    for number in (1, 2):
        opened = open_engine(f"{url}-{number}")
        opened.prepare()
        fill(opened, *(document(f"{number}-{n}", seed=1) for n in range(3)))
        opened.close()
    with server(address) as connection:
        connection.indices.put_alias(index=f"{name}-1", name=alias)
        with searching(f"{address}/{alias}", tmp_path) as search:
            assert ids(look(search)) == ["1-0", "1-1", "1-2"]
            actions = [
                {"remove": {"index": f"{name}-1", "alias": alias}},
                {"add": {"index": f"{name}-2", "alias": alias}},
            ]
            connection.indices.update_aliases(body={"actions": actions})
            wait_until(lambda: ids(look(search)) == ["2-0", "2-1", "2-2"])
            wait_until(lambda: known(search) == 3)


def test_an_engine_that_is_away_and_comes_back(url: str, engine: Engine, tmp_path: Path) -> None:
    fill(engine, document("1", seed=1))
    address, _, index = url.rpartition("/")
    port = free_port()
    node = int(address.rpartition(":")[2])
    with searching_through(port, node, index, tmp_path) as (search, proxy):
        proxy.close()
        with pytest.raises(EngineUnavailable):
            look(search)
        fill(engine, document("2", seed=1))
        time.sleep(1.2)  # the columns notice as well
        with Proxy(port, node):
            wait_until(lambda: ids(look(search)) == ["1", "2"])


@contextmanager
def searching_through(
    port: int, node: int, index: str, folder: Path
) -> Iterator[tuple[VisualSearch, Proxy]]:
    with (
        Proxy(port, node) as proxy,
        searching(f"opensearch://127.0.0.1:{port}/{index}", folder) as search,
    ):
        yield search, proxy


class Proxy:
    """Passes on connections from one port of 127.0.0.1 to another, until it is closed."""

    def __init__(self, port: int, to: int) -> None:
        self._to, self._open = to, list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", port))
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    Thread(target=self._pass, args=ends, daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


ANOTHER_PROCESS = """
import json, sys
from pathlib import Path
from tests.integration import test_columns_on_opensearch as tests
tests.store.Columns._built = lambda self: sys.exit("built again")
with tests.searching(sys.argv[1], Path(sys.argv[2]), follow=False) as search:
    answer = tests.look(search)
    print(json.dumps([answer.recall, tests.known(search), tests.ids(answer)]))
"""


def test_another_process_shares_the_file(
    url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SAVED_FROM", 50)
    fill(engine, *(document(f"{n:03}", seed=n % 7) for n in range(120)))
    with searching(url, tmp_path) as search:
        fill(engine, document("new", seed=1))
        command = [sys.executable, "-c", ANOTHER_PROCESS, url, str(tmp_path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        wait_until(lambda: known(search) == 121)
        assert json.loads(result.stdout) == [1.0, 121, ids(look(search))]


def test_a_dead_host_in_the_url(url: str, engine: Engine, tmp_path: Path) -> None:
    fill(engine, document("1", seed=1), document("2", seed=1))
    scheme, _, rest = url.partition("://")
    hosts = f"{scheme}://127.0.0.1:{free_port()},{rest}"
    with searching(hosts, tmp_path) as search:
        for _ in range(20):
            began = time.monotonic()
            assert ids(look(search)) == ["1", "2"]
            assert time.monotonic() - began < 5
        fill(engine, document("3", seed=1))
        wait_until(lambda: ids(look(search)) == ["1", "2", "3"])


def test_both_engines_give_the_same_hits_in_the_same_order(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    documents = [
        replace(one, facts={**one.facts, "group": f"g{n % 70}" if n % 3 else None})
        for n, one in enumerate(random_documents(seed=4, count=250))
    ]
    other_url = f"sqlite:///{tmp_path}/catalogue.db"
    other = open_engine(other_url)
    other.prepare()
    for one in (engine, other):
        fill(one, *documents)
    other.close()
    chance, keys = random.Random(6), [one.product_id for one in documents]
    pages = 0
    with searching(url, tmp_path) as search, searching(other_url, None, False) as embedded:
        for _ in range(80):
            asked = random_question(chance, 10)
            if asked.features is None:
                asked = replace(asked, product_id=chance.choice(keys))
            first, second = ask(search, asked), ask(embedded, asked)
            assert type(first.error) is type(second.error)
            while first.answer and second.answer and first.answer.model == MODEL:
                assert replace(first.answer, took_ms={}) == replace(second.answer, took_ms={})
                pages += 1
                if not first.answer.next:
                    break
                asked = replace(asked, request=replace(asked.request, cursor=first.answer.next))
                first, second = ask(search, asked), ask(embedded, asked)
    assert pages > 150
