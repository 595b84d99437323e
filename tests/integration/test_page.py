"""The page in a real Chromium, against a real server: what a person can ask, and each control."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import Select

from houndstooth.mappings.document import View
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.source_choice import SourceChoice
from tests.integration.page import PHONE, Page
from tests.integration.web_catalogue import CATEGORIES, COLOURS, ODD_ID, PER_COLOUR


def test_photo_shows_its_category_and_similar_products(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    ids = page.settled()
    assert all(found.startswith("t-shirt-green-") for found in ids[:6])
    assert page.text(".chip.category[aria-pressed=true]") == "T-shirt"
    assert page.text(".chip.attribute").strip() == "Green"
    assert page.one(".box").is_displayed()
    assert "all of the picture counts" in page.text("#understood")
    card = page.text(".card")
    assert "Green T-shirt" in card
    assert "€1" in card
    assert not page.one(".card .distances").is_displayed()
    loaded = "return document.querySelector('.card img').naturalWidth"
    page.wait(lambda: page.driver.execute_script(loaded), "no image")
    page.one("#timing summary").click()
    assert "Recognising" in page.text("#timing dl")
    assert page.one(".card .distances").is_displayed()
    assert "alike" in page.one(".card .distance").get_attribute("aria-label")


def test_a_card_shows_other_colours_of_the_product(
    app: Flask, page: Page, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = app.extensions["houndstooth"].search
    settings = replace(search.settings, variant_field="brand", columns=None)
    monkeypatch.setattr(search, "settings", settings)
    sources = SourceChoice(search.extractor, search.engine, settings)
    monkeypatch.setattr(search, "sources", sources)  # its columns are of another variant field
    page.open()
    page.upload(photo)
    assert len(page.settled()) == 2
    colours = page.one(".card .swatches:not([hidden])").find_elements("css selector", "a")
    labels = [one.get_attribute("aria-label") for one in colours]
    assert [label.split(":")[0] for label in labels] == ["Blue", "Red"]
    page.after(colours[1].click)
    assert "like=jacket-red-" in page.driver.current_url


def test_another_category_can_be_chosen_and_left_again(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    ids = page.after(
        lambda: Select(page.one("#other-category")).select_by_value("trousers"),
    )
    assert ids[0].startswith("trousers-green-")
    assert "category=trousers" in page.driver.current_url
    assert page.text(".chip.category[aria-pressed=true]") == "Trousers"
    ids = page.after(lambda: page.one("[data-key=category-auto]").click())
    assert ids[0].startswith("t-shirt-green-")


def test_likely_categories_stay_beside_the_chosen_one(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    page.after(lambda: Select(page.one("#other-category")).select_by_value("jacket"))
    assert [chip.text for chip in page.all(".chip.category")] == ["Jacket", "T-shirt"]
    ids = page.after(lambda: page.one("[data-key=category-t-shirt]").click())
    assert ids[0].startswith("t-shirt-")


def test_box_is_drawn_changed_and_given_up(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    picture = page.one("#picture")
    drag = ActionChains(page.driver).move_to_element_with_offset(picture, -40, -50)
    page.after(lambda: drag.click_and_hold().move_by_offset(80, 100).release().perform())
    drawn = box_of(page)
    assert drawn == pytest.approx([0.3, 0.3, 0.4, 0.4], abs=0.02)
    corner = ActionChains(page.driver).move_to_element(page.one(".handle.se"))
    page.after(lambda: corner.click_and_hold().move_by_offset(-20, -25).release().perform())
    assert box_of(page) == pytest.approx([0.3, 0.3, 0.3, 0.3], abs=0.02)
    page.after(lambda: page.one(".box").send_keys(Keys.ARROW_RIGHT))
    assert box_of(page) == pytest.approx([0.32, 0.3, 0.3, 0.3], abs=0.02)
    page.after(lambda: page.one("[data-key=box-auto]").click())
    assert "box" not in page.driver.current_url


def box_of(page: Page) -> list[float]:
    text = page.driver.current_url.split("box=")[1].split("&")[0]
    return [float(part) for part in text.replace("%2C", ",").split(",")]


def test_box_is_moved_and_resized_by_keys_alone(page: Page, photo: Path) -> None:
    page.open("/")
    page.upload(photo)
    page.settled()
    page.driver.execute_script("document.querySelector('.box').focus()")
    box = page.driver.switch_to.active_element
    page.after(lambda: box.send_keys(Keys.SHIFT, Keys.ARROW_LEFT * 5, Keys.ARROW_UP * 10))
    assert box_of(page) == pytest.approx([0, 0, 0.9, 0.8])
    page.after(lambda: page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN * 3))
    assert box_of(page) == pytest.approx([0, 0.06, 0.9, 0.8])


def test_product_leads_to_more_like_it_and_back(page: Page) -> None:
    page.open()
    page.one(".sample").click()
    first = page.settled()
    clicked = first[2]
    second = page.after(lambda: page.one(f'[data-id="{clicked}"] .similar').click())
    assert clicked not in second
    assert f"like={clicked}" in page.driver.current_url
    assert page.after(page.driver.back) == first
    page.driver.back()
    page.wait(lambda: page.one("#start").is_displayed(), "not back at the start")


def test_address_can_be_shared(page: Page) -> None:
    page.open("/?like=jacket-red-0&exclude=colour:red&filter=brand:Acme&appearance_weight=0.2")
    ids = page.settled()
    assert ids
    assert not any("red" in found for found in ids)
    assert page.one("#appearance-weight").get_property("value") == "0.8"
    assert "left out" in page.text(".chip.attribute")


def test_attribute_is_required_then_left_out_then_neither(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    ids = page.after(lambda: page.choose("colour:red", "require"))
    assert all("-red-" in found for found in ids)
    assert page.text("#applied").split() == ["Red", "✕"]
    ids = page.after(lambda: page.choose("colour:red", "exclude"))
    assert not any("-red-" in found for found in ids)
    focused = page.driver.execute_script("return document.activeElement.dataset.key")
    assert focused == "attribute-colour:red"
    page.after(lambda: page.choose("colour:red", "neither"))
    assert "colour" not in page.driver.current_url


def test_slider_weighs_shape_against_colour(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.after(lambda: page.one("#appearance-weight").send_keys(Keys.END))
    assert "appearance_weight=0" in page.driver.current_url
    page.after(lambda: page.one("#appearance-weight").send_keys(Keys.HOME))
    assert "appearance_weight=1" in page.driver.current_url


def test_facets_narrow_down_and_count_what_each_choice_would_find(page: Page) -> None:
    page.open("/?like=jacket-red-0&category=jacket")
    page.settled()
    page.facet("brand")
    half = len(COLOURS) * PER_COLOUR // 2
    assert page.checks("brand:Acme") == f"Acme {half}"
    ids = page.after(lambda: page.one('[data-key="brand:Acme"]').click())
    assert {found[-1] for found in ids if found != ODD_ID} == {"1", "3", "5", "7", "9"}
    page.reads('[data-key="facet-brand"] .chosen', "Acme")
    page.facet("colour")
    assert page.checks("facet-colour:red") == f"Red {PER_COLOUR // 2}"
    ids = page.after(lambda: page.one('[data-key="facet-colour:blue"]').click())
    assert all(found.startswith("jacket-blue-") for found in ids[: PER_COLOUR // 2])
    page.reads('[data-key="facet-colour"] .chosen', "Blue")
    page.after(lambda: page.one('[data-key="facet-colour:red"]').click())
    assert "colour%3Ablue" not in page.driver.current_url
    page.wait(lambda: page.all("[data-key=clear]"), "no way to clear")
    page.after(lambda: page.one("[data-key=clear]").click())
    assert page.driver.current_url.endswith("/?like=jacket-red-0")


def test_price_is_chosen_by_range_or_by_hand(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.facet("price")
    assert page.checks("price:..24.999").startswith("up to €24.99")
    page.after(lambda: page.one('[data-key="price:..24.999"]').click())
    assert "price%3A..24.999" in page.driver.current_url
    page.reads('[data-key="facet-price"] .chosen', "up to €24.99")
    page.one('[data-key="price-low"]').send_keys("11")
    high = page.one('[data-key="price-high"]')
    ids = page.after(lambda: high.send_keys(Keys.CONTROL + "a" + Keys.NULL, "11", Keys.ENTER))
    page.wait(lambda: {found[-1] for found in page.ids()} == {"1"}, f"other prices: {ids}")


def test_category_facet_chooses_a_category(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.facet("category")
    assert page.checks("facet-trousers") == f"Trousers {len(COLOURS) * PER_COLOUR + 1}"
    ids = page.after(lambda: page.one('[data-key="facet-trousers"]').click())
    assert ids[0].startswith("trousers-red-")
    page.after(lambda: page.one("[data-key=any-category]").click())
    assert "category" not in page.driver.current_url


def test_a_change_keeps_the_place(page: Page) -> None:
    page.open("/?like=jacket-red-0&category=jacket")
    page.settled()
    page.driver.execute_script("scrollTo(0, 300)")
    place = "return document.querySelector('.card:nth-child(8)').getBoundingClientRect().top"
    before = page.driver.execute_script(place)
    page.after(
        lambda: page.driver.execute_script(
            "document.querySelector('[data-key=\"category-auto\"]').click()"
        )
    )
    assert page.driver.execute_script(place) == pytest.approx(before, abs=1)


def test_samples_are_of_every_category(page: Page) -> None:
    page.open()
    page.one(".sample")
    assert len(page.all(".sample")) == len(CATEGORIES)


def test_phone_offers_its_camera(page: Page, photo: Path) -> None:
    page.resize(PHONE)
    page.open()
    camera = page.one("#camera")
    assert camera.get_attribute("capture") == "environment"
    assert page.one("label[for=camera]").is_displayed()
    camera.send_keys(str(photo))
    assert page.settled()[0].startswith("t-shirt-green-")


def test_photo_can_be_dropped_or_pasted(page: Page) -> None:
    for event in ("drop", "paste"):
        page.open()
        page.one(".sample")
        page.driver.execute_script(GIVE, event)
        page.settled()
        assert "photo=" in page.driver.current_url


GIVE = """
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 60;
canvas.toBlob((blob) => {
  const data = new DataTransfer();
  data.items.add(new File([blob], "given.png", { type: "image/png" }));
  const event = arguments[0] === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
  document.body.dispatchEvent(event);
});
"""


def test_a_card_says_which_picture_matches(app: Flask, page: Page, photo: Path) -> None:
    """The first picture is shown; if it cannot be had, the one that matches is."""
    backend = app.extensions["houndstooth"]
    [like] = backend.engine.fetch(["t-shirt-green-2"])
    [other] = backend.engine.fetch(["t-shirt-blue-9"])
    images = [other.facts["image"], like.facts["image"]]
    visual = replace(
        other.visual,
        product_id="two",
        further=(View(2, like.visual.box),),
        further_codes=(like.visual.binary_code,),
        further_colours=(like.visual.colour_histogram,),
    )
    gone = {"title": "Gone", "image": "images/gone.png", "images": ["images/gone.png", images[1]]}
    backend.engine.write(
        [
            IndexDocument("two", {"title": "Two", "image": images[0], "images": images}, visual),
            IndexDocument("gone", gone, replace(visual, product_id="gone")),
        ]
    )
    try:
        page.open()
        page.upload(photo)
        page.settled()
        words = {name: page.text(card_of(name)) for name in ("two", "gone", "t-shirt-green-2")}
        assert "matches picture 2" in words["two"] and "matches picture 2" in words["gone"]
        assert "matches picture" not in words["t-shirt-green-2"]
        for name, file in (("two", "t-shirt-blue-9.png"), ("gone", "t-shirt-green-2.png")):
            shown = f"return document.querySelector('{card_of(name)} img')?.currentSrc ?? ''"
            page.wait(lambda: page.driver.execute_script(shown).endswith(file), "other image")  # noqa: B023
    finally:
        backend.engine.delete(["two", "gone"])


def card_of(product_id: str) -> str:
    return f'.card[data-id="{product_id}"]'
