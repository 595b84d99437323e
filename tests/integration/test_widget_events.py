"""Clicks that the widget posts from a shop of another origin, with a search key, and the arms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver.remote.webdriver import WebDriver

from houndstooth.plugin.access import Access
from houndstooth.plugin.events import recorder
from houndstooth.plugin.keys import KeyFile, make_key
from tests.integration.conftest import serve
from tests.integration.shop_page import SEARCH, SIMILAR, ShopPage
from tests.integration.web_catalogue import make_app

Records = Callable[[int], list[dict[str, Any]]]
SHOP_PAGE = """<!doctype html><html lang="en"><title>A shop</title>
<script async src="{service}/widget.js"></script>
<houndstooth-search key="{key}" product-url="/p?{{id}}" {more}></houndstooth-search>
<houndstooth-similar key="{key}" product-url="/p?{{id}}" {more} product="jacket-red-0">
</houndstooth-similar>"""
ARMS = {"arms": {"colour": {"share": 1, "appearance_weight": 0}}}


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events") / "events.jsonl"


@pytest.fixture(scope="module")
def page(
    driver: WebDriver, events: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ShopPage]:
    """A shop whose service demands a key, records events with clients, and has an arm."""
    shop, folder = Flask("shop"), tmp_path_factory.mktemp("catalogue")
    text, record = make_key(["search"])
    KeyFile(folder / "keys.json").add(record)
    (folder / "arms.json").write_text(json.dumps(ARMS))
    with pytest.MonkeyPatch.context() as patch, serve(shop) as address:
        patch.setattr(recorder, "SECONDS", 0.02)
        access = Access(folder / "keys.json", search_keys=True, cors_origins=(address,))
        recording = {"events": str(events), "event_clients": True, "arms": folder / "arms.json"}
        app = make_app(folder, access=access, **recording)
        with serve(app) as service:

            @shop.get("/plain")
            def plain() -> str:
                return SHOP_PAGE.format(service=service, key=text, more="")

            @shop.get("/recorded")
            def recorded() -> str:
                more = 'events client-id="visitor-7"'
                return SHOP_PAGE.format(service=service, key=text, more=more)

            @shop.get("/p")
            def product() -> str:
                return "<!doctype html><title>A product</title>"

            yield ShopPage(driver, address)
        app.extensions["houndstooth"].events.close()
        app.extensions["houndstooth"].engine.close()


@pytest.fixture
def written(events: Path) -> Records:
    """Wait for so many further records, and return them."""
    before = len(events.read_text().splitlines()) if events.exists() else 0

    def wait(number: int) -> list[dict[str, Any]]:
        ends_at, lines = monotonic() + 10, []
        while len(lines) < number and monotonic() < ends_at:
            sleep(0.02)
            lines = events.read_text().splitlines()[before:] if events.exists() else []
        return [json.loads(line) for line in lines]

    return wait


def test_a_click_on_a_later_page_is_posted_before_the_page_is_left(
    page: ShopPage, photo: Path, written: Records
) -> None:
    page.open("/recorded")
    page.found(SIMILAR)
    page.open_dialog()
    first = page.search(photo)
    page.inside(SEARCH, ".onward .button").click()
    page.wait(lambda: len(page.found()) > len(first), "no more hits")
    clicked = page.found()[len(first) + 1]
    card = page.inside(SEARCH, f"[data-id={clicked}] .card-link")
    page.driver.execute_script("arguments[0].click()", card)
    page.wait(lambda: page.driver.title == "A product", "the card does not lead on")
    records = written(4)
    similar, *pages = [one for one in records if "action_name" not in one]
    [click] = [one for one in records if "action_name" in one]
    assert [one["query_attributes"]["first_page"] for one in pages] == [True, False]
    assert {one["query_id"] for one in pages} == {click["query_id"]} != {similar["query_id"]}
    assert {one["query_attributes"]["arm"] for one in (similar, *pages)} == {"colour"}
    assert {one["client_id"] for one in records} == {"visitor-7"}
    assert click["event_attributes"] == {
        "object": {"object_id": clicked},
        "position": {"ordinal": len(first) + 2},
    }


def test_without_the_attribute_nothing_is_posted(page: ShopPage, written: Records) -> None:
    page.open("/plain")
    page.found(SIMILAR)
    script = """
        document.addEventListener("houndstooth-click", (event) => {
          event.preventDefault();
          window.seen = event.detail.query_id;
        });
        document.querySelector("houndstooth-similar").shadowRoot.querySelector(".card-link").click();
        return performance.getEntriesByType("resource").map((one) => one.name).join() + window.seen;
    """
    found = page.driver.execute_script(script)
    [query] = written(1)
    assert "/api/v1/events" not in found
    assert found.endswith(query["query_id"])
    assert "client_id" not in query
    assert not query["query_attributes"]["arm"]
