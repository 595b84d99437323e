"""'Which of these?': the items that were found in a photo, to choose from on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from selenium.webdriver import ActionChains, Keys

from tests.fakes import OUTFIT, OutfitExtractor
from tests.integration.page import DESKTOP, PHONE, Page
from tests.integration.test_page import box_of
from tests.integration.test_page_accessibility import axe_source, violations
from tests.integration.web_catalogue import draw, file_of, make_app

TOP, TROUSERS, JACKET = (f"[data-key=item-{place}]" for place in range(len(OUTFIT)))
PRESSED = ".chip.item[aria-pressed=true]"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_app(tmp_path_factory.mktemp("catalogue"), OutfitExtractor(OUTFIT))
    yield app
    app.extensions["houndstooth"].engine.close()


@pytest.fixture
def outfit(page: Page, photo: Path) -> Page:
    """The page with a photo in which items were found."""
    page.open()
    page.upload(photo)
    page.settled()
    return page


def names(page: Page) -> list[str]:
    return [chip.text for chip in page.all(".chip.item")]


def test_detections_are_offered_and_the_selected_one_is_marked(outfit: Page) -> None:
    assert outfit.text("#items-heading") == "Which of these?"
    assert names(outfit) == ["Top", "Trousers", "Over jacket"]
    assert outfit.text(PRESSED) == "Top"
    assert len(outfit.all(".outline")) == len(OUTFIT) - 1
    assert "all of the picture counts" not in outfit.text("#understood")


def test_item_is_asked_for_and_given_up_again(outfit: Page) -> None:
    outfit.after(lambda: outfit.choose("colour:green", "require"))
    ids = outfit.after(lambda: outfit.one(TROUSERS).click())
    assert ids[0].startswith("trousers-green-")
    assert box_of(outfit) == OUTFIT[1].box.as_list()
    assert "category" not in outfit.driver.current_url
    assert "require" not in outfit.driver.current_url
    assert names(outfit) == ["Top", "Trousers", "Over jacket"]
    assert outfit.text(PRESSED) == "Trousers"
    assert outfit.text(".chip.category[aria-pressed=true]") == "Trousers"
    ids = outfit.after(lambda: outfit.one("[data-key=box-auto]").click())
    assert ids[0].startswith("t-shirt-green-")
    assert outfit.text(PRESSED) == "Top"


def test_item_of_one_category_brings_it_and_takes_it_along(outfit: Page) -> None:
    ids = outfit.after(lambda: outfit.one(JACKET).click())
    assert ids[0].startswith("jacket-green-")
    assert "category=jacket" in outfit.driver.current_url
    assert [chip.text for chip in outfit.all(".chip.category")] == ["Jacket"]
    outfit.after(lambda: outfit.one("[data-key=box-auto]").click())
    assert "category" not in outfit.driver.current_url
    assert outfit.text(".chip.category[aria-pressed=true]") == "T-shirt"


def test_drawn_box_wins_and_the_items_stay(outfit: Page) -> None:
    outfit.after(lambda: outfit.one(TROUSERS).click())
    outfit.after(lambda: outfit.one(".box").send_keys(Keys.ARROW_LEFT))
    assert box_of(outfit) == pytest.approx([0.3, 0.5, 0.36, 0.45])
    assert outfit.all(PRESSED) == []
    assert names(outfit) == ["Top", "Trousers", "Over jacket"]
    assert len(outfit.all(".outline")) == len(OUTFIT)
    outfit.after(outfit.driver.back)
    assert outfit.text(PRESSED) == "Trousers"


def test_item_is_pointed_out_and_chosen_by_keys(outfit: Page) -> None:
    outfit.driver.execute_script(f"document.querySelector('{TROUSERS}').focus()")
    assert len(outfit.all(".outline.pointed")) == 1
    outfit.after(lambda: outfit.driver.switch_to.active_element.send_keys(Keys.ENTER))
    focused = outfit.driver.switch_to.active_element
    assert focused.get_attribute("data-key") == "item-1"
    ActionChains(outfit.driver).move_to_element(outfit.one(JACKET)).perform()
    [pointed] = outfit.all(".outline.pointed")
    assert pointed.get_attribute("style").startswith("left: 10%; top: 10%;")


def test_another_photo_has_items_of_its_own(
    outfit: Page, app: Flask, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor = app.extensions["houndstooth"].extractor
    monkeypatch.setattr(extractor, "items", (*OUTFIT[:2], OUTFIT[1]))
    photo.write_bytes(file_of(draw("green", (201, 250))))
    outfit.after(lambda: outfit.upload(photo))
    assert names(outfit) == ["Top", "Trousers 1", "Trousers 2"]
    monkeypatch.setattr(extractor, "items", OUTFIT[:1])
    photo.write_bytes(file_of(draw("green", (202, 250))))
    outfit.after(lambda: outfit.upload(photo))
    assert names(outfit) == []


def test_box_drawn_to_the_very_edge_is_inside(outfit: Page) -> None:
    script = """
    const { parameters, EMPTY } = await import("/static/js/state.js");
    return parameters({ ...EMPTY, box: [0.03125, 0.5, 0.96875, 0.5] }).get("box");
    """
    left, _, width, _ = map(float, outfit.driver.execute_script(script).split(","))
    assert left + width == 1


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_items_are_within_reach_of_everybody(page: Page, photo: Path, width: int) -> None:
    page.resize(width)
    page.open()
    page.upload(photo)
    page.settled()
    page.one(TROUSERS)
    assert violations(page, axe_source()) == []
    across = "return document.documentElement.scrollWidth"
    assert page.driver.execute_script(across) <= width
