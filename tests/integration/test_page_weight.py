"""What the page weighs, and what it fetches."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.page import Page

WEB = Path(__file__).parents[2] / "web"
MAX_BYTES = 150_000


def fetched(page: Page) -> dict[str, int]:
    """Bytes of all that was fetched but pictures, by address."""
    script = """
        return performance.getEntriesByType("resource")
          .concat(performance.getEntriesByType("navigation"))
          .map((one) => [one.name, one.encodedBodySize, one.decodedBodySize]);
    """
    entries: list[Any] = page.driver.execute_script(script)
    sizes = {name: size for name, size, _ in entries if "/media/" not in name and ":" in name}
    assert all(name.startswith(page.address) or name.startswith("blob:") for name in sizes)
    return sizes


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_weighs_less_than_150_kb(page: Page, photo: Path, language: str) -> None:
    page.speak(language)
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    page.open()
    page.one(".sample")
    at_first = sum(fetched(page).values())
    assert 20_000 < at_first < MAX_BYTES / 2
    page.upload(photo)
    page.settled()
    page.wait(lambda: page.all("#filters .facet"), "no filters")
    assert sum(fetched(page).values()) < MAX_BYTES


def imports(name: str, found: set[str]) -> set[str]:
    """The modules that a module needs, theirs included."""
    text = (WEB / "static" / "js" / name).read_text(encoding="utf-8")
    for other in re.findall(r'from "\./([\w-]+\.js)"', text):
        if other not in found:
            found.add(other)
            imports(other, found)
    return found


def test_every_module_is_preloaded(page: Page) -> None:
    page.open()
    script = (
        "return [...document.querySelectorAll('link[rel=modulepreload]')].map((one) => one.href)"
    )
    preloaded = {one.rpartition("/")[2] for one in page.driver.execute_script(script)}
    assert preloaded == imports("main.js", set())


def test_the_words_of_the_page_cannot_end_their_block(page: Page) -> None:
    page.open()
    text = page.driver.execute_script("return document.getElementById('words').textContent")
    assert json.loads(text)["choose_photo"] == "Choose a photo"
    assert "<" not in text
