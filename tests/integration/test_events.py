"""Queries and clicks from REST and the page to a file and to the indices of a cluster."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask

from houndstooth.plugin.access import Access
from houndstooth.plugin.events import recorder
from houndstooth.plugin.keys import KeyFile, make_key
from tests.integration.conftest import serve
from tests.integration.page import Page
from tests.integration.web_catalogue import draw, file_of, make_app

ARMS = {"arms": {"plain": {"share": 1}, "colour": {"appearance_weight": 0, "rules": False}}}
RULES = {
    "rules": [{"name": "cheap", "action": "boost", "by": 1, "match": {"filter": "price=..12"}}]
}
SECRET = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "somebody's browser"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Path]]:
    """An application that records to a file, with two arms and a rule."""
    folder = tmp_path_factory.mktemp("recording")
    (folder / "arms.json").write_text(json.dumps(ARMS))
    (folder / "rules.json").write_text(json.dumps(RULES))
    files = {"arms": folder / "arms.json", "rules": folder / "rules.json"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "SECONDS", 0.02)
        path = folder / "events.jsonl"
        app = make_app(folder, events=str(path), event_clients=True, **files)
        yield app, path
        app.extensions["houndstooth"].events.close()
        app.extensions["houndstooth"].engine.close()


@pytest.fixture
def written(recording: tuple[Flask, Path]) -> Callable[[int], list[dict[str, Any]]]:
    """Wait for so many further records, and return them."""
    path = recording[1]
    before = len(path.read_text().splitlines())

    def wait(number: int) -> list[dict[str, Any]]:
        ends_at = monotonic() + 10
        lines: list[str] = []
        while len(lines) < number and monotonic() < ends_at:
            sleep(0.02)
            lines = path.read_text().splitlines()[before:]
        return [json.loads(line) for line in lines]

    return wait


def click(**fields: Any) -> dict[str, Any]:
    attributes = {"object": {"object_id": "jacket-red-1"}, "position": {"ordinal": 2}}
    return {"action_name": "click", "event_attributes": attributes, **fields}


def test_searches_and_events_are_recorded(
    recording: tuple[Flask, Path], written: Callable[[int], list[dict[str, Any]]]
) -> None:
    caller = recording[0].test_client()
    asked = {"client_id": "c-1", "top": "3", "filter": "brand:Acme"}
    found = caller.get("/api/v1/products/jacket-red-0/similar", query_string=asked, headers=SECRET)
    first = found.json
    assert [why["rule"] for why in first["hits"][0]["why"]] == ["cheap"]
    onward = {**asked, "cursor": first["next"], "query_id": first["query_id"]}
    second = caller.get("/api/v1/products/jacket-red-0/similar", query_string=onward).json
    assert second["query_id"] == first["query_id"]
    photo = {"image": (io.BytesIO(file_of(draw("red"))), "me.png"), "arm": "colour"}
    third = caller.post("/api/v1/search", data=photo).json
    assert not any(hit["why"] for hit in third["hits"])
    sent = [click(query_id=first["query_id"], client_id="c-1"), click(action_name="?"), click()]
    answer = caller.post("/api/v1/events", json=sent, headers=SECRET).json
    assert answer["accepted"] == 2 and answer["refused"][0]["event"] == 1
    records = written(5)
    queries = [one for one in records if "action_name" not in one]
    assert len(records) == 5 and len(queries) == 3
    assert [one["query_id"] for one in queries] == [
        *(first["query_id"], first["query_id"], third["query_id"])
    ]
    one, two, three = queries
    assert one["query_response_hit_ids"] == [hit["product_id"] for hit in first["hits"]]
    assert one["client_id"] == "c-1" and "client_id" not in three
    attributes = one["query_attributes"]
    assert (attributes["arm"], attributes["rules"], attributes["product_id"]) == (
        *("plain", ["cheap"]),
        "jacket-red-0",
    )
    assert (attributes["first_page"], two["query_attributes"]["first_page"]) == (True, False)
    assert three["query_attributes"]["arm"] == "colour"
    assert three["query_attributes"]["appearance_weight"] == 0
    text = recording[1].read_text()
    assert not any(word in text for word in ("203.0.113.9", "browser", "Acme", "me.png"))
    metrics = caller.get("/metrics").text
    assert 'houndstooth_events_total{index="ubi_events",outcome="recorded"} 2.0' in metrics


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"arm": "third"}, "expected arm to be one of plain, colour; got 'third'"),
        ({"query_id": "a b"}, "expected query_id of 1 to 100 letters"),
        ({"client_id": "a@b"}, "expected client_id of 1 to 100 letters"),
    ],
)
def test_other_fields_are_refused(
    recording: tuple[Flask, Path], fields: dict[str, str], message: str
) -> None:
    caller = recording[0].test_client()
    answer = caller.get("/api/v1/products/jacket-red-0/similar", query_string=fields)
    assert answer.status_code == 400 and message in answer.json["error"]["message"]


def test_events_are_bounded(recording: tuple[Flask, Path], app: Flask) -> None:
    caller = recording[0].test_client()
    plain = app.test_client().post("/api/v1/events", json=click())
    assert plain.status_code == 404 and "HOUNDSTOOTH_EVENTS" in plain.json["error"]["message"]
    large = caller.post("/api/v1/events", json=click(message="x" * 70_000))
    assert large.status_code == 413
    assert caller.post("/api/v1/events", json=[]).status_code == 400
    assert caller.post("/api/v1/events", json=[click()] * 101).status_code == 400
    assert caller.post("/api/v1/events", data="{", content_type="text/plain").status_code == 415
    crowd = {"REMOTE_ADDR": "203.0.113.7"}
    statuses = {
        caller.post("/api/v1/events", json=[], environ_base=crowd).status_code for _ in range(130)
    }
    assert statuses == {400, 429}


def test_a_store_that_is_away_costs_no_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "SECONDS", 0.02)
    app = make_app(tmp_path, events="opensearch://127.0.0.1:9")
    caller = app.test_client()
    for _ in range(20):
        assert caller.get("/api/v1/products/jacket-red-0/similar").status_code == 200
        assert caller.post("/api/v1/events", json=click()).json["accepted"] == 1
    app.extensions["houndstooth"].events.close()
    metrics = caller.get("/metrics").text
    for index in ("ubi_queries", "ubi_events"):
        assert f'houndstooth_events_total{{index="{index}",outcome="failed"}} 20.0' in metrics
    app.extensions["houndstooth"].engine.close()


def test_rules_are_replaced_by_rest_with_a_key_for_all(
    tmp_path: Path, recording: tuple[Flask, Path]
) -> None:
    open_app = recording[0].test_client()  # has no keys
    for ask in (open_app.get, open_app.put):
        assert ask("/api/v1/rules", json={}).status_code == 401
    text, record = make_key(["admin"])
    KeyFile(tmp_path / "keys.json").add(record)
    access = Access(keys=tmp_path / "keys.json")
    app = make_app(tmp_path, rules=tmp_path / "rules.json", access=access)
    caller, key = app.test_client(), {"Authorization": f"Bearer {text}"}
    assert caller.get("/api/v1/rules").status_code == 401
    assert caller.get("/api/v1/rules", headers=key).json == {"rules": []}
    first = caller.get("/api/v1/products/jacket-red-0/similar").json["hits"]
    last = first[-1]["product_id"]
    pin = {"rules": [{"name": "front", "action": "pin", "match": {"ids": last}}]}
    assert caller.put("/api/v1/rules", json=pin, headers=key).json == pin
    hits = caller.get("/api/v1/products/jacket-red-0/similar").json["hits"]
    assert hits[0]["product_id"] == last
    assert hits[0]["why"] == [{"rule": "front", "action": "pin"}]
    bad = caller.put("/api/v1/rules", json={"rules": [{}]}, headers=key)
    assert bad.status_code == 400
    assert bad.json["error"]["message"].startswith("rules[0]: expected an object with name")
    assert caller.get("/api/v1/rules", headers=key).json == pin
    app.extensions["houndstooth"].engine.close()


def test_the_page_sends_clicks(
    recording: tuple[Flask, Path], driver: Any, written: Callable[[int], list[dict[str, Any]]]
) -> None:
    with serve(recording[0]) as address:
        page = Page(driver, address)
        page.open("/?like=jacket-red-0")
        ids = page.settled()
        page.one("[data-key=show-more]").click()
        page.wait(lambda: len(page.ids()) > len(ids), "no more hits")
        ids = page.ids()
        page.all(".card .heart")[0].click()
        page.after(page.all(".card .similar")[25].click)
        records = written(4)
        page.restore()
    (event,) = [one for one in records if "action_name" in one]
    asked = [one for one in records if "action_name" not in one]
    assert event["query_id"] == asked[0]["query_id"] == asked[1]["query_id"]
    assert event["client_id"] == asked[0]["client_id"] and len(event["client_id"]) == 36
    assert event["event_attributes"] == {
        "object": {"object_id": ids[25]},
        "position": {"ordinal": 26},
    }
