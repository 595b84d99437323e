"""The page when things go wrong or slowly, in a real Chromium."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from flask import Flask
from PIL import Image
from selenium.webdriver.support.ui import Select

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.models.extractor import NO_ITEM
from houndstooth.web.languages import LANGUAGES
from tests.integration.page import DESKTOP, PHONE, SMALL_PHONE, Page
from tests.integration.web_catalogue import file_of


def away(*_: Any, **__: Any) -> None:
    raise EngineUnavailable("expected an engine; none answers")


def test_no_hits_show_a_message_and_a_way_out(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:None")
    page.wait(lambda: page.text("#results-heading") == "Nothing found", "no word")
    page.after(lambda: page.one("#problem button").click())
    assert page.driver.current_url.endswith("/?like=jacket-red-0")


def test_other_kinds_are_offered_and_not_mixed_in(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:Acme")
    assert len(page.settled()) == 15
    assert all(found.startswith("jacket-") for found in page.ids())
    page.reads("#onward", "Jacket: 15 pieces.")
    ids = page.after(lambda: page.one("[data-key=other-kinds]").click())
    assert ids[:15] != ids and all(found.startswith("jacket-") for found in ids[:15])
    assert not any(found.startswith("jacket-") for found in ids[15:])
    between = "return [...document.querySelector('.other-kinds').parentElement.children].indexOf("
    place = page.driver.execute_script(f"{between}document.querySelector('.other-kinds'))")
    assert place == 15


def test_where_nothing_is_of_the_kind_others_are_offered(page: Page) -> None:
    page.open("/?like=jacket-red-0&category=dress")
    page.reads("#onward", "Dress: nothing matches.")
    assert page.ids() == []
    assert page.after(lambda: page.one("[data-key=other-kinds]").click())


@pytest.mark.parametrize(
    ("language", "data", "code", "said"),
    [
        ("en", b"not an image at all", "invalid_image", "Expected an image"),
        ("fr", b"x" * 300_001, "request_entity_too_large", "at most 300000 bytes"),
    ],
)
def test_a_photo_that_cannot_be_used_is_told_in_the_shopper_s_language(
    page: Page, tmp_path: Path, language: str, data: bytes, code: str, said: str
) -> None:
    words, photo = LANGUAGES[language].words, tmp_path / "photo.png"
    photo.write_bytes(data)
    page.speak(language)
    page.open()
    page.upload(photo)
    page.reads("#problem", str(words[f"error.{code}"]))
    assert page.text("#results-heading") == words["did_not_work"]
    assert said not in page.text("#problem")
    page.unfold("#problem .said")
    page.reads("#problem .said", said)


ERRORS = """
const [language, cases] = arguments;
return (async () => {
  const { ApiError } = await import("/static/js/request.js");
  const { errorWords } = await import("/static/js/troubles.js");
  const words = await import("/static/js/words.js");
  return cases.map(([code, status]) => errorWords(words, new ApiError("expected", status, code)));
})();
"""


def test_every_error_has_words_in_the_page_s_language(page: Page) -> None:
    cases = {
        ("overloaded", 503): "error.overloaded",
        ("engine_unavailable", 503): "error.unavailable",
        ("catalogue_not_found", 503): "error.catalogue_not_found",
        ("a_new_one", 400): "error.other",
        ("a_new_one", 500): "error.unavailable",
        (None, 0): "error.unavailable",
        (None, 413): "error.request_entity_too_large",
        (None, 429): "error.too_many_requests",
    }
    page.speak("nl")
    page.open()
    found = page.driver.execute_script(ERRORS, "nl", list(cases))
    assert found == [LANGUAGES["nl"].words[key] for key in cases.values()]


def test_a_photo_without_an_item_is_told_and_another_one_asked_for(
    page: Page, photo: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor = app.extensions["houndstooth"].search.extractor
    extract = type(extractor)._one

    def of_no_item(*args: Any) -> Any:
        return replace(extract(*args), shows_item=False, notes=(NO_ITEM,))

    monkeypatch.setattr(type(extractor), "_one", of_no_item)
    page.speak("de")
    page.open()
    page.upload(photo)
    page.reads("#problem", str(LANGUAGES["de"].words["note.no_item"]))
    assert page.text("#results-heading") == LANGUAGES["de"].words["nothing_found"]
    assert page.text("#problem button") == LANGUAGES["de"].words["choose_another"]
    assert page.all("#onward > *") == []
    assert NO_ITEM not in page.text("body")


def test_unknown_product_shows_a_message(page: Page) -> None:
    page.open("/?like=none-such")
    page.reads("#problem", "not in the catalogue")
    assert not page.one(".figure").is_displayed()


def test_unavailable_service_shows_a_message_and_a_retry(
    page: Page, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.open()
    page.one(".sample")
    with monkeypatch.context() as patch:
        patch.setattr(app.extensions["houndstooth"].engine, "show", away)
        page.one(".sample").click()
        page.wait(lambda: page.text("#results-heading") == "The search is unavailable", "no word")
    page.one("#problem button").click()
    assert page.settled()
    assert page.text("#results-heading") == "Looks like it"


def test_start_without_an_engine_shows_no_address(
    page: Page, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["houndstooth"].engine, "facets", away)
    page.open()
    page.reads("#start-notice", "cannot be reached")
    assert "none answers" not in page.text("#start-notice")


@pytest.mark.parametrize("choice", ["filter=bad", "require=colour:nope", "box=0.5,0.5,0,0"])
def test_a_refused_choice_can_be_dropped(page: Page, choice: str) -> None:
    page.open(f"/?like=jacket-red-0&{choice}")
    page.reads("#results-heading", "That did not work")
    assert page.text("#problem button") == "Clear all choices"
    page.after(lambda: page.one("#problem button").click())
    assert page.driver.current_url.endswith("/?like=jacket-red-0")


def test_a_malformed_answer_does_not_wait_forever(
    page: Page, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = app.view_functions
    monkeypatch.setitem(views, "api.product", lambda product_id: {"hits": []})
    page.open("/?like=jacket-red-0")
    page.reads("#results-heading", "The search is unavailable")
    page.driver.get_log("browser")  # what it could not read is told there


def test_a_box_that_is_being_moved_stays_with_its_picture(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    ids = page.settled()
    box, card = page.one('[data-key="box"]'), page.one(f'[data-id="{ids[3]}"] .similar')
    script = """
        arguments[0].dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
        arguments[1].click();
    """
    page.after(lambda: page.driver.execute_script(script, box, card))
    time.sleep(0.5)  # longer than a move by keys waits for the next
    assert page.driver.current_url.endswith(f"/?like={ids[3]}")


def test_slow_network_shows_the_photo_and_that_it_waits(page: Page, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (250, 200, 3), dtype=np.uint8)
    photo = tmp_path / "noise.png"
    photo.write_bytes(file_of(Image.fromarray(noise)))
    page.open()
    page.one(".sample")
    page.network(latency=200, downloadThroughput=10**6, uploadThroughput=60_000)
    try:
        page.upload(photo)
        page.reads("#results-heading", "Looking…")
        assert page.one("#progress").is_displayed()
        assert page.one("#picture img").is_displayed()
        assert page.all(".ghost")
        assert page.settled()
        assert page.text("#results-heading") == "Looks like it"
    finally:
        page.network()


def test_broken_connection_shows_a_message_and_a_retry(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    before = page.settled()
    page.network(offline=True)
    try:
        page.choose("colour:red", "require")
        page.reads("#results-heading", "The search is unavailable")
        page.reads("#problem", "Your choices are kept")
    finally:
        page.network()
    page.one("#problem button").click()
    assert all("-red-" in found for found in page.settled())
    page.driver.back()
    page.wait(lambda: page.ids() == before, "not back")


def test_slow_answer_is_waited_for_and_a_newer_question_wins(
    page: Page, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = app.extensions["houndstooth"].engine
    show, released = engine.show, Event()

    def slow(product_ids: Sequence[str]) -> Any:
        if product_ids[0].startswith("jacket"):
            released.wait(20)
        return show(product_ids)

    page.open("/?like=t-shirt-red-0")
    before = page.settled()
    monkeypatch.setattr(engine, "show", slow)
    other = Select(page.one("#other-category"))
    other.select_by_value("jacket")
    page.wait(lambda: page.one("#progress").is_displayed(), "no sign of waiting")
    assert page.ids() == before
    ids = page.after(lambda: Select(page.one("#other-category")).select_by_value("trousers"))
    released.set()
    assert ids[0].startswith("trousers-")
    assert page.settled() == ids


def test_address_of_another_persons_photo_shows_a_message(page: Page, photo: Path) -> None:
    page.open("/?photo=gone&require=colour:red")
    page.wait(lambda: "only its owner has" in page.text("#start-notice"), "no word")
    page.upload(photo)
    assert all("-red-" in found for found in page.settled())


def test_a_range_written_with_equals_is_shown_and_replaced(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=price=..12")
    page.settled()
    page.facet("price")
    page.reads('[data-key="facet-price"] .chosen', "up to €12")
    page.after(lambda: page.one('[data-key="price:..24.999"]').click())
    assert page.driver.current_url.endswith("filter=price%3A..24.999")


def test_long_words_in_filters_do_not_stick_out(page: Page) -> None:
    page.resize(SMALL_PHONE)
    page.open("/?like=jacket-red-0")
    page.settled()
    page.facet("brand")
    script = """
        for (const each of document.querySelectorAll("details")) each.open = true;
        const label = document.querySelector(".checks.brand .check");
        label.childNodes[1].textContent = "m".repeat(60);
        return document.documentElement.scrollWidth;
    """
    assert page.driver.execute_script(script) <= SMALL_PHONE


@pytest.mark.parametrize("width", [DESKTOP, PHONE, SMALL_PHONE])
def test_nothing_sticks_out_sideways(page: Page, width: int) -> None:
    page.resize(width)
    for path in ("/", "/?like=jacket-red-0", "/ingest"):
        page.open(path)
        page.one("h1, .plate img")
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
