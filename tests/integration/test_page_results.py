"""The hits of the page: they go on, are sorted, and cards are whole whatever the shop writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver.support.ui import Select

from houndstooth.mappings.writes import IndexDocument
from tests.integration.page import DESKTOP, PHONE, SMALL_PHONE, Page
from tests.integration.web_catalogue import PER_COLOUR

LONG = "B" * 150


@contextmanager
def facts_of(app: Flask, **facts: dict[str, Any]) -> Iterator[None]:
    """Products with other facts for a while, by id with underscores."""
    engine = app.extensions["houndstooth"].engine
    ids = {name: name.replace("_", "-") for name in facts}
    before = {one.product_id: one.facts for one in engine.fetch(list(ids.values()))}
    empty = dict.fromkeys(name for given in facts.values() for name in given)
    engine.write([IndexDocument(ids[name], given) for name, given in facts.items()])
    try:
        yield
    finally:
        engine.write([IndexDocument(one, {**empty, **old}) for one, old in before.items()])


def card(product_id: str) -> str:
    return f'#results .card[data-id="{product_id}"]'


def test_hits_go_on_until_the_last(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    first = page.settled()
    assert len(first) == 24
    page.one("[data-key=show-more]").click()
    page.wait(lambda: len(page.ids()) > 24, "no more hits")
    ids = page.settled()
    assert ids[:24] == first
    assert len(set(ids)) == len(ids) == 3 * PER_COLOUR - 1
    assert not page.all("[data-key=show-more]")
    page.reads("#onward", f"Jacket: {3 * PER_COLOUR - 1} pieces.")
    page.reads("#status", f"{3 * PER_COLOUR - 1 - 24} more products.")
    focused = "return document.activeElement.closest('.card').dataset.id"
    assert page.driver.execute_script(focused) == ids[24]
    page.after(lambda: page.one(f"{card(ids[26])} .similar").click())
    assert page.after(page.driver.back) == ids


def test_hits_of_a_photo_go_on(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    first = page.settled()
    page.one("[data-key=show-more]").click()
    page.wait(lambda: len(page.ids()) == 3 * PER_COLOUR, "no more hits")
    assert page.ids()[:24] == first


def test_what_cannot_be_fetched_can_be_asked_for_again(
    app: Flask, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    with monkeypatch.context() as patch:
        patch.setitem(app.view_functions, "api.similar", lambda product_id: ("", 503))
        page.one("[data-key=show-more]").click()
        page.reads("#status", "More could not be fetched.")
    assert len(page.settled()) == 24
    page.one("[data-key=show-more]").click()
    page.wait(lambda: len(page.ids()) > 24, "no more hits")


def test_hits_are_sorted(app: Flask, page: Page) -> None:
    with facts_of(app, jacket_red_3={"published_at": "2026-11-01"}):
        page.open("/?like=jacket-red-0")
        page.settled()
        orders = [option.text for option in Select(page.one("#sort")).options]
        assert orders == ["Most alike", "Price, low to high", "Price, high to low", "Newest"]
        ids = page.after(lambda: Select(page.one("#sort")).select_by_value("price:desc"))
        assert {one[-1] for one in ids[:3]} == {"9"}
        page.one("[data-key=show-more]").click()
        page.wait(lambda: len(page.ids()) == 3 * PER_COLOUR - 1, "no more hits")
        assert {one[-1] for one in page.ids()[-2:]} == {"0"}
        page.reads("#relaxed", "Only the 200 that look most alike are sorted.")
        newest = page.after(lambda: Select(page.one("#sort")).select_by_value("published_at:desc"))
        assert newest[0] == "jacket-red-3"
        page.after(lambda: Select(page.one("#sort")).select_by_value(""))
        assert "sort" not in page.driver.current_url


def test_without_a_date_nothing_is_sorted_by_it(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    assert "Newest" not in [option.text for option in Select(page.one("#sort")).options]


def test_a_card_leads_to_the_shop_and_similar_ones_are_a_step_of_their_own(
    app: Flask, page: Page
) -> None:
    url = "https://shop.example/jacket?id=1"
    with facts_of(app, jacket_red_1={"url": url}, jacket_red_2={"url": "javascript:alert(1)"}):
        page.open("/?like=jacket-red-0&require=colour:red&filter=price:..15&category=jacket")
        page.settled()
        link = page.one(f"{card('jacket-red-1')} .card-link")
        assert link.get_attribute("href") == url
        assert "?like=" in page.one(f"{card('jacket-red-2')} .card-link").get_attribute("href")
        page.after(lambda: page.one(f"{card('jacket-red-1')} .similar").click())
        assert page.driver.current_url.endswith("/?like=jacket-red-1&filter=price%3A..15")


def test_a_card_tells_the_price_before_the_sizes_and_what_is_sure(app: Flask, page: Page) -> None:
    facts = {"price_before": 1299.5, "size": ["S", "M"]}
    with facts_of(app, jacket_red_1=facts):
        page.open("/?like=jacket-red-0")
        page.settled()
        page.reads(f"{card('jacket-red-1')} .sizes", "S · M")
        assert page.text(f"{card('jacket-red-1')} s").split() == ["before", "€1,299.50"]
        assert page.text(f"{card('jacket-red-1')} .matched").split() == ["Same:", "Red"]


def test_a_guess_is_not_told_on_a_card_and_unfolds_beside_it(
    app: Flask, page: Page, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractor = app.extensions["houndstooth"].extractor
    one = type(extractor)._one

    def unsure(self: Any, *given: Any) -> Any:
        features = one(self, *given)
        guesses = tuple(replace(term, precision=None) for term in features.attributes)
        return replace(features, attributes=guesses)

    monkeypatch.setattr(type(extractor), "_one", unsure)
    page.open()
    page.upload(photo)
    page.settled()
    assert not page.all(".card .matched")
    assert page.text("#looks .guesses summary") == "Less sure"
    page.after(lambda: page.choose("colour:green", "require"))
    assert page.text(".card .matched").endswith("Green")


@pytest.mark.parametrize("width", [DESKTOP, 768, PHONE, SMALL_PHONE])
def test_nothing_that_a_shop_writes_breaks_the_page(app: Flask, page: Page, width: int) -> None:
    facts = {"brand": LONG, "title": LONG, "size": [LONG], "price": 1e15, "price_before": 1e16}
    with facts_of(app, jacket_red_1=facts, jacket_red_2={"title": "x", "brand": ""}):
        page.resize(width)
        brands = "&".join(f"filter=brand:{name}" for name in (LONG, "Acme", "Loom %26 Co"))
        page.open(f"/?like=jacket-red-0&{brands}")
        page.settled()
        page.reads(f"{card('jacket-red-1')} .sizes", "B")
        page.unfold("#refine")
        page.unfold('details:has(> [data-key="facet-brand"])')
        across = "return document.documentElement.scrollWidth"
        assert page.driver.execute_script(across) <= width
        script = """
            return [...document.querySelectorAll("#results .card")].map((card) => {
              const { top, height, right } = card.getBoundingClientRect();
              const inside = [...card.querySelectorAll("*")].every((part) =>
                part.closest(".unseen") || part.getBoundingClientRect().right <= right + 1);
              return [Math.round(top), Math.round(height), inside];
            });
        """
        rows: dict[int, set[int]] = {}
        for top, height, inside in page.driver.execute_script(script):
            rows.setdefault(top, set()).add(height)
            assert inside
        assert all(len(heights) == 1 for heights in rows.values())
        page.open("/?like=jacket-red-1")
        page.settled()
        assert page.driver.execute_script(across) <= width


@pytest.mark.parametrize(("width", "height"), [(360, 640), (PHONE, 844)])
def test_on_a_phone_hits_begin_above_the_fold(
    page: Page, photo: Path, width: int, height: int
) -> None:
    page.resize(width, height)
    page.open()
    page.upload(photo)
    page.settled()
    top = "return document.querySelector('#results .card').getBoundingClientRect().top"
    assert page.driver.execute_script(top) < 0.75 * height


def test_choices_are_shown_and_dropped_one_by_one(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:Acme&filter=price:..15&exclude=colour:blue")
    page.settled()
    words = page.all("#applied .applied-words")
    assert [one.text for one in words] == ["not Blue", "Acme", "up to €15"]
    assert page.text("#refine-count") == "3"
    page.after(lambda: page.one('#applied [aria-label="Remove: Acme"]').click())
    assert "brand" not in page.driver.current_url
    page.after(lambda: page.one("#applied [data-key=clear]").click())
    assert page.driver.current_url.endswith("/?like=jacket-red-0")


def test_a_menu_shows_itself_and_closes(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    chip = page.one('[data-key="attribute-colour:red"]')
    chip.click()
    choices = page.all("#menu .menu-choice")
    assert [one.text for one in choices] == ["Must have", "Leave out", "Does not matter"]
    assert [one.get_attribute("aria-pressed") for one in choices] == ["false", "false", "true"]
    assert chip.get_attribute("aria-expanded") == "true"
    page.driver.switch_to.active_element.send_keys("\ue00c")
    page.wait(lambda: chip.get_attribute("aria-expanded") == "false", "the menu stays")
    assert page.driver.switch_to.active_element == chip
    chip.click()
    chip.click()
    page.wait(lambda: not page.one("#menu").is_displayed(), "the menu stays")
