"""Events as they are read, recorded without anybody waiting, and evaluated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import CliRunner

from houndstooth.commands.evaluate import command
from houndstooth.mappings.errors import InvalidConfig, InvalidInput
from houndstooth.mappings.search import SearchRequest
from houndstooth.plugin.arms import Arms
from houndstooth.plugin.events import recorder
from houndstooth.plugin.events.click_figures import estimate, evaluate_clicks
from houndstooth.plugin.events.recorder import Recorder
from houndstooth.plugin.events.sessions import read_sessions
from houndstooth.plugin.events.stores import Broken, FileStore, Record, open_store
from houndstooth.plugin.events.ubi import EVENTS, QUERIES, read_event
from houndstooth.plugin.setting_readers import events


def event(**fields: Any) -> dict[str, Any]:
    """An event as UBI's own collector sends it."""
    return {
        "action_name": "click",
        "query_id": "q-1",
        "client_id": "c-1",
        "event_attributes": {"object": {"object_id": "tee-1"}, "position": {"ordinal": 3}},
        **fields,
    }


def test_of_an_event_only_what_is_nobodys_is_kept() -> None:
    sent = event(user_id="u", session_id="s", message="mail me", timestamp="1999", application="x")
    kept = read_event(sent, with_client=True)
    assert kept.pop("timestamp").endswith("Z")
    assert kept == {
        "application": "houndstooth",
        "action_name": "click",
        "query_id": "q-1",
        "client_id": "c-1",
        "event_attributes": {"object": {"object_id": "tee-1"}, "position": {"ordinal": 3}},
    }
    assert "client_id" not in read_event(sent, with_client=False)
    bare = event(event_attributes={"object": {"object_id": 7, "object_id_field": "sku"}})
    assert read_event(bare, True)["event_attributes"] == {"object": {"object_id": "7"}}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (7, "expected an event to be an object; got '7'"),
        (event(action_name="steal"), "expected action_name to be one of click, click_through, add"),
        (event(action_name=None), "expected action_name to be one of"),
        (event(email="a@b.c"), "expected only action_name, .* in an event; got 'email'"),
        (event(query_id="a b"), "expected query_id of 1 to 100 letters, .*; got 'a b'"),
        (event(client_id="x" * 101), "expected client_id of 1 to 100 letters"),
        (event(event_attributes=None), "expected event_attributes to be an object; got 'None'"),
        (event(event_attributes={"ip": "::1"}), "expected only object, position in event_attribu"),
        (event(event_attributes={"object": {}}), "expected object_id to be the id of a product"),
        (event(event_attributes={"object": {"object_id": "x" * 513}}), "at most 512 bytes"),
        (
            event(event_attributes={"object": {"object_id": "1"}, "position": {"ordinal": 0}}),
            "expected event_attributes.position to be an object with ordinal, from 1 to 10000",
        ),
    ],
)
def test_other_events_are_refused(sent: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_event(sent, with_client=True)


@pytest.mark.parametrize("text", ["http://x", "opensearch://", "opensearch://h/i", "sqlite:///a"])
def test_where_events_cannot_be_recorded(text: str) -> None:
    with pytest.raises(ValueError, match="expected the path of a file, or a cluster"):
        events(text)
    assert events("var/events.jsonl") and events("opensearchs://h:9200,i:9200")


class Slow:
    """A store that waits, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.go, self.failure = Event(), failure
        self.kept: list[Record] = []

    def check(self) -> None: ...

    def write(self, records: Sequence[Record]) -> Sequence[Record]:
        self.go.wait(5)
        if self.failure:
            raise self.failure
        self.kept += records
        return [record for record in records if record[1] == {"bad": True}]

    def read(self) -> Any: ...


def test_nobody_waits_for_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds no place is dropped and counted, what a store refuses is counted as failed."""
    monkeypatch.setattr(recorder, "SECONDS", 0.02)
    monkeypatch.setattr(recorder, "BATCH", 1)
    store, counts = Slow(), Counter[tuple[str, str]]()

    def count(index: str, outcome: str, number: int) -> None:
        counts[index, outcome] += number

    recording = Recorder(store, count, places=3)
    for number in range(50):
        recording.put(QUERIES, {"number": number})
    assert not store.kept
    dropped = counts[QUERIES, "dropped"]
    assert 50 - 4 - 1 <= dropped <= 50 - 3
    store.go.set()
    recording.close()
    assert len(store.kept) == counts[QUERIES, "recorded"] == 50 - dropped
    failing, counts = Slow(OSError("disk")), Counter()
    failing.go.set()
    recording = Recorder(failing, count)
    for _ in range(3):
        recording.put(EVENTS, {})
    recording.close()
    assert counts[EVENTS, "failed"] == 3
    store.kept, counts = [], Counter()
    recording = Recorder(store, count)
    recording.put(EVENTS, {"bad": True})
    recording.put(EVENTS, {"bad": False})
    recording.close()
    assert counts[EVENTS, "failed"] == counts[EVENTS, "recorded"] == 1


def test_a_file_takes_lines_and_gives_them_back(tmp_path: Path) -> None:
    path = tmp_path / "var" / "events.jsonl"
    store = open_store(str(path))
    store.check()
    assert path.stat().st_mode & 0o777 == 0o600
    records = [query("q-1"), (EVENTS, event())]
    assert store.write(records) == () and [*store.read()] == records
    with path.open("ab") as file:
        file.write(b'{"half\n\n[]\n\xff\n{"query_id": "q"}\n')
    read = [*store.read()]
    broken = [str(one) for one in read if isinstance(one, Broken)]
    assert [one.partition(":")[0] for one in broken] == ["line 3", "line 5", "line 6", "line 7"]
    assert "expected JSON; got b'{\"half" in broken[0] and "got query_id" in broken[3]
    with pytest.raises(InvalidConfig, match="expected a file of events"):
        [*FileStore(tmp_path / "none").read()]
    with pytest.raises(InvalidConfig, match="HOUNDSTOOTH_EVENTS: expected a file that can be"):
        FileStore(tmp_path).check()


def query(query_id: str, hits: str = "a b c", arm: str = "", client: str = "", **more: Any) -> Any:
    attributes = {"model": "m-1", "arm": arm, "first_page": True, **more}
    record = {
        "query_id": query_id,
        "query_response_hit_ids": hits.split(),
        "query_attributes": attributes,
        "indexes": ["products"],
        **({"client_id": client} if client else {}),
    }
    return QUERIES, record


def did(action: str, query_id: str, product: str, ordinal: int | None = None) -> Record:
    attributes: dict[str, Any] = {"object": {"object_id": product}}
    if ordinal:
        attributes["position"] = {"ordinal": ordinal}
    return EVENTS, event(action_name=action, query_id=query_id, event_attributes=attributes)


RECORDS: list[Record | Broken] = [
    did("click", "q-1", "x", 30),
    query("q-1"),
    query("q-1", "d e f", first_page=False),
    query("q-2"),
    query("q-3", arm="b"),
    query("q-4", ""),
    did("click", "q-1", "b"),
    did("click_through", "q-1", "c", 3),
    did("add_to_cart", "q-1", "b"),
    did("click", "q-3", "gone"),
    did("view", "q-3", "a"),
    did("click", "q-9", "a", 1),
    did("click", "q-4", "a", 1),
    query("q-5", look="worn"),
    did("click", "q-5", "a", 1),
    Broken("line 9: expected JSON; got b'{'"),
]


def test_figures_by_arm() -> None:
    found = evaluate_clicks(RECORDS)
    plain, b = found.figures
    assert (plain.model, plain.index, plain.arm) == ("m-1", "products", "") and b.arm == "b"
    assert (plain.queries, plain.clicks, b.queries, b.clicks) == (2, 3, 1, 1)
    assert found.looks == 1
    assert plain.click_through.value == plain.add_to_basket.value == 0.5
    assert plain.reciprocal_rank.value == 0.25 and b.reciprocal_rank.value == 0
    assert plain.click_through.error == pytest.approx((0.5 * 0.5 / 2) ** 0.5)
    assert (b.click_through.value, b.click_through.error) == (1, 0)
    assert (found.empty, found.strays, found.unplaced, len(found.broken)) == (1, 2, 1, 1)
    assert evaluate_clicks([]).figures == []


def test_queries_of_one_client_count_as_alike() -> None:
    values = [1.0, 1.0, 0.0, 0.0]
    apart = estimate(values, ["a", "b", "c", "d"])
    alike = estimate(values, ["a", "a", "b", "b"])
    assert apart.value == alike.value == 0.5
    assert apart.error == pytest.approx(0.25) and alike.error == pytest.approx(0.5**1.5)


def test_the_command_prints_a_table_and_names_what_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    FileStore(path).write([one for one in RECORDS if not isinstance(one, Broken)])
    with path.open("a") as file:
        file.write("{\n")
    run = CliRunner().invoke(command, ["--clicks", str(path), "--json"])
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert lines[0].split() == [
        *("model", "index", "arm", "queries", "click-through", "mrr", "add", "to", "basket")
    ]
    assert lines[1].split()[:7] == ["m-1", "products", "-", "2", "0.5000", "±", "0.3536"]
    assert run.stderr.startswith("line 16: expected JSON") and "left out: 1" in run.stderr
    figures = json.loads(lines[-1])
    assert figures["broken"] == 1 and figures["figures"][1]["arm"] == "b"
    refused = CliRunner().invoke(command, ["--clicks", str(path), "--street", "x"])
    assert "expected options for clicks; got --street" in str(refused.exception)


def test_sessions_end_after_half_an_hour() -> None:
    def at(time: str, who: str | None, product: str, action: str = "click") -> Record:
        stamp = f"2026-11-30T{time}:00.000Z"
        attributes = {"object": {"object_id": product}}
        fields = {"timestamp": stamp, "client_id": who, "event_attributes": attributes}
        return EVENTS, event(action_name=action, **fields)

    records = [
        at("08:00", "x", "a"), at("08:29", "x", "b", "add_to_cart"), at("08:30", "y", "a"),
        query("q-2"), Broken("line 4"), at("09:00", "x", "c"), at("09:10", None, "d"),
        (EVENTS, event(session_id="s", client_id="x")), (EVENTS, event(session_id="s")),
    ]  # fmt: skip
    assert [*read_sessions(records)] == [
        ("x 1", "click", "a"),
        ("x 1", "add_to_cart", "b"),
        ("y 1", "click", "a"),
        ("x 2", "click", "c"),
        ("q-1 1", "click", "d"),
        ("s", "click", "tee-1"),
        ("s", "click", "tee-1"),
    ]


def arms(tmp_path: Path, document: Any) -> Arms:
    path = tmp_path / "arms.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return Arms.read(path)


def test_clients_are_dealt_to_arms_by_their_shares(tmp_path: Path) -> None:
    given = {"plain": {"share": 3}, "colour": {"share": 1, "appearance_weight": 0.4}, "named": {}}
    chosen = arms(tmp_path, {"arms": given})
    dealt = Counter(
        arm.name for n in range(2000) if (arm := chosen.choose(None, f"client-{n}")) is not None
    )
    assert dealt.keys() == {"plain", "colour"} and 420 < dealt["colour"] < 580
    assert chosen.choose(None, "client-1") == chosen.choose(None, "client-1")
    named = chosen.choose("colour", "client-1")
    assert named and named.appearance_weight == 0.4 and named.rules
    assert chosen.choose(None, None) is None and Arms({}).choose(None, "c") is None
    with pytest.raises(InvalidInput, match="expected arm to be one of plain, colour, named; got"):
        chosen.choose("other", None)
    assert SearchRequest().arm == ""


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "expected a file of arms"),
        ({"arms": {}}, "expected 1 to 20 arms; got 0"),
        ({"arms": {"a": {}}, "b": 1}, "expected 1 to 20 arms"),
        ({"arms": {"A b": {}}}, "expected a name of small letters"),
        ({"arms": {"a": {"sahre": 1}}}, "a: expected only share, .*; got 'sahre'"),
        ({"arms": {"a": {"index": "b"}}}, "a.index: .* run a second service for another index"),
        ({"arms": {"a": {"share": -1}}}, "a.share: expected a number from 0 to 1000; got '-1'"),
        ({"arms": {"a": {"relax": "all"}}}, "a.relax: expected one of none, fewer-attributes"),
        ({"arms": {"a": {"rules": "no"}}}, "a.rules: expected true or false; got 'no'"),
        ({"arms": {"a": {"attribute_weight": 2}}}, "a.attribute_weight: expected a number from 0"),
    ],
)
def test_other_files_of_arms_are_refused(tmp_path: Path, document: Any, message: str) -> None:
    with pytest.raises(InvalidConfig, match=f"HOUNDSTOOTH_ARMS: .*{message}"):
        arms(tmp_path, document)
