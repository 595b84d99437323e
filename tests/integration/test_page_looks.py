"""Looks on the page: all items of a photo, what a product is worn with, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver import Keys

from houndstooth.web.languages import LANGUAGES
from tests.fakes import OUTFIT, OutfitExtractor
from tests.integration.page import DESKTOP, SMALL_PHONE, Page
from tests.integration.test_page_accessibility import axe_source, violations
from tests.integration.web_catalogue import make_app

WHOLE, COMPLETE, SIMILAR = (
    "[data-key=look-all]",
    "[data-key=look-complete]",
    "[data-key=look-none]",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_app(tmp_path_factory.mktemp("catalogue"), OutfitExtractor(OUTFIT))
    yield app
    app.extensions["houndstooth"].engine.close()


def rows(page: Page) -> dict[str, list[str]]:
    """Ids of the hits by the name of their row, once they are there."""
    page.one("#results[aria-busy=false]")
    page.wait(lambda: page.all(".look-row .card-link"), "no rows")
    script = """return [...document.querySelectorAll(".look-row")].map((row) => [
        row.querySelector("h2").innerText,
        [...row.querySelectorAll(".card")].map((card) => card.dataset.id),
    ])"""
    found: list[Any] = page.driver.execute_script(script)
    return dict(found)


def crops(page: Page) -> list[list[float]]:
    """Width and height of each item's picture, once all are there."""
    script = """return [...document.querySelectorAll(".crop")].map((one) =>
        [one.clientWidth, one.clientHeight])"""
    page.wait(lambda: all(map(all, page.driver.execute_script(script))), "no pictures of items")
    found: list[list[float]] = page.driver.execute_script(script)
    return found


def test_the_whole_look_has_a_row_for_each_item(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    page.one(WHOLE).send_keys(Keys.ENTER)
    found = rows(page)
    assert list(found) == ["T-shirt", "Trousers", "Jacket"]
    assert [ids[0].rpartition("-")[0] for ids in found.values()] == [
        *("t-shirt-green", "trousers-green", "jacket-green")
    ]
    assert page.driver.switch_to.active_element.get_attribute("data-key") == "look-all"
    assert page.text("#results-heading") == "The whole look"
    assert "3 items" in page.text("#status")
    assert len(page.all(".outline")) == len(OUTFIT)
    # An item of the photo, 200 by 250 pixels, fits into 64 by 76 and keeps its shape.
    for (width, height), item in zip(crops(page), OUTFIT, strict=True):
        assert width / height == pytest.approx(item.box.w * 200 / (item.box.h * 250), rel=0.05)
    page.after(lambda: page.all(".look-row .plain")[1].click())
    assert page.ids()[0].startswith("trousers-green-")
    assert page.all(".look-row") == []
    page.driver.back()
    assert list(rows(page)) == ["T-shirt", "Trousers", "Jacket"]


def test_a_look_s_address_is_enough(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    page.open(page.driver.current_url.removeprefix(page.address) + "&look=all&filter=brand:Acme")
    assert len(rows(page)) == len(OUTFIT)
    assert [chip.text for chip in page.all(".chip.item")] == ["T-shirt", "Trousers", "Jacket"]
    assert page.text("#applied").startswith("Acme")


def test_a_product_leads_to_what_it_is_worn_with_and_what_goes_with_it(page: Page) -> None:
    page.open("/?like=t-shirt-red-3")
    page.settled()
    page.one(WHOLE).click()
    assert rows(page)["Trousers"][0] == "trousers-red-3"
    assert page.text("#results-heading") == "Worn with it"
    page.one(COMPLETE).click()
    page.reads(".look-row .hint", "Worn with pieces like it in 30 of 30 pictures")
    page.after(lambda: page.one(SIMILAR).click())
    assert page.ids()[0].startswith("t-shirt-red-")


def test_what_is_not_known_is_said(page: Page) -> None:
    page.open("/?like=jacket-red-0&look=complete")
    page.reads("#problem", "not known yet")
    assert page.all(WHOLE) == [], "nothing else is in its picture"
    page.open("/?like=jacket-red-0&look=all")
    page.reads("#problem", "Nothing else was found")


def test_looks_are_within_reach_of_everybody(page: Page) -> None:
    axe = axe_source()
    for width, scheme, language in (
        (DESKTOP, "light", "en"),
        (360, "dark", "nl"),
        *((SMALL_PHONE, "light", one) for one in LANGUAGES),
    ):
        page.prefer(scheme)
        page.speak(language)
        page.resize(width)
        page.open("/?like=t-shirt-red-3&look=complete")
        rows(page)
        assert page.text("#results-heading") == LANGUAGES[language].words["goes_with"]
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width, language
        if width != SMALL_PHONE or language == "en":  # words alone differ in the others
            assert violations(page, axe) == [], (width, scheme)
