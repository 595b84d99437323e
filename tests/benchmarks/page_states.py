"""The states of the page, each with the way to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps
from selenium.webdriver.common.keys import Keys

from tests.integration.page import Page

PRODUCT = "S7-00003"
"""A product of the drawn catalogue, a jacket."""
WORN = "S7-00006"
"""One that is shown with a T-shirt and shoes: trousers."""
OVERLONG = "S7-00000"
"""One whose brand and title are overlong."""
LONG = "B" * 150
REFUSED = "answer-"
"""Begins words that are answered with the error of the status that follows."""


def start(page: Page, photo: Path) -> None:
    """The start, as it is for the first time."""
    page.driver.execute_script("localStorage.clear()")
    page.open()
    page.one(".sample")


def hits(page: Page, photo: Path) -> None:
    """Products for a photo."""
    page.open()
    page.upload(photo)
    page.settled()
    time.sleep(0.5)  # facets and variants come after the hits


def recent(page: Page, photo: Path) -> None:
    """The start after searches."""
    hits(page, photo)
    page.one(".similar").click()
    page.settled()
    page.open()
    page.one("#recent .sample")


def refined(page: Page, photo: Path) -> None:
    """Choices, unfolded."""
    hits(page, photo)
    page.driver.execute_script("document.querySelector('#refine').open = true")
    page.facet("colour")
    page.facet("price")
    page.choose(page.one("#looks .chip.attribute").get_attribute("data-term"), "require")
    page.settled()
    page.driver.execute_script("scrollTo(0, 0)")


def menu(page: Page, photo: Path) -> None:
    """The menu of an attribute."""
    hits(page, photo)
    page.driver.execute_script("document.querySelector('#refine').open = true")
    page.one("#looks .chip.attribute").click()


def details(page: Page, photo: Path) -> None:
    """Times and bars, at the end of the hits."""
    hits(page, photo)
    page.driver.execute_script(
        "document.querySelector('#timing').open = true; scrollTo(0, document.body.scrollHeight)"
    )


def kinds_offered(page: Page, photo: Path) -> None:
    """Few of the kind, at their end."""
    page.open(f"/?like={PRODUCT}&category=dungarees")
    page.one("[data-key=other-kinds]")


def kinds_shown(page: Page, photo: Path) -> None:
    """Other kinds after the own."""
    page.open(f"/?like={PRODUCT}&filter=price:..40&relax=any-category")
    page.settled()
    page.driver.execute_script("document.querySelector('.other-kinds')?.scrollIntoView()")


def nothing(page: Page, photo: Path) -> None:
    """No product passes."""
    page.open(f"/?like={PRODUCT}&filter=brand:none&sort=price:asc")
    page.one("[data-key=other-kinds]")


def refused(page: Page, photo: Path) -> None:
    """A product that is not there."""
    page.open("/?like=none-such")
    page.one("#problem button")


def lost(page: Page, photo: Path) -> None:
    """The address of another one's photo."""
    page.open("/?photo=gone")
    page.one(".sample")


def saved(page: Page, photo: Path) -> None:
    """Saved products."""
    hits(page, photo)
    for heart in page.all(".heart")[:5]:
        page.driver.execute_script("arguments[0].click()", heart)
    page.open("/?saved=yes")
    page.one("#saved-list .card")


def look(page: Page, photo: Path) -> None:
    """All items of a photo."""
    page.open()
    page.upload(photo.with_name(f"{WORN}.jpg"))
    page.settled()
    page.one("[data-key=look-all]").click()
    page.one(".look-row .card")


def worn(page: Page, photo: Path) -> None:
    """What a product is worn with."""
    page.open(f"/?like={WORN}&look=all")
    page.one(".look-row .card")


def goes_with(page: Page, photo: Path) -> None:
    """What goes with a product."""
    page.open(f"/?like={WORN}&look=complete")
    page.one(".look-row .card, #problem .empty")


def no_item(page: Page, photo: Path) -> None:
    """A photo without an item."""
    page.open()
    page.upload(blank(photo))
    page.one("#problem .empty")


def unusable(page: Page, photo: Path) -> None:
    """A file that is no photo, with the service's own words."""
    page.open()
    page.upload(Path(__file__))
    page.unfold("#problem details")


def words(page: Page, photo: Path) -> None:
    """Products for words, with what was understood of them."""
    page.open("/?q=blue jacket, not striped, under 80, for autumn days")
    page.settled()
    time.sleep(0.5)


def words_nothing(page: Page, photo: Path) -> None:
    """Words that nothing has."""
    page.open("/?q=blue jacket under 1")
    page.one("#problem .empty")


def words_beside(page: Page, photo: Path) -> None:
    """Words beside a photo."""
    hits(page, photo)
    page.one("#words-typed").send_keys("but red, under 90\n")
    page.one("#applied .chip")
    page.settled()


def overlong(page: Page, photo: Path) -> None:
    """An overlong product, query and brand, at once."""
    page.open(f"/?like={OVERLONG}&q={LONG}&filter=brand:{LONG}")
    page.one("#applied .chip")


def recent_overlong(page: Page, photo: Path) -> None:
    """The start after a search for an overlong product."""
    page.driver.execute_script("localStorage.clear()")
    page.open(f"/?like={OVERLONG}")
    page.settled()
    page.open()
    page.one("#recent .sample")


def wide(page: Page, photo: Path) -> None:
    """A very wide photo."""
    stretched(page, photo, (2000, 260))


def tall(page: Page, photo: Path) -> None:
    """A very tall photo."""
    stretched(page, photo, (260, 2000))


def stretched(page: Page, photo: Path, size: tuple[int, int]) -> None:
    """Search for the picture of a product on a white ground of a size."""
    ground = Image.new("RGB", size, "white")
    with Image.open(photo) as image:
        ground.paste(ImageOps.contain(image, (240, 240)), (10, 10))
    file = photo.parents[1] / "stretched.png"
    ground.save(file)
    page.open()
    page.upload(file)
    page.settled()


def focused(page: Page, photo: Path) -> None:
    """The ring around the box of the item."""
    hits(page, photo)
    page.one("body").send_keys(Keys.TAB)
    page.driver.execute_script("document.querySelector('.box').focus({ focusVisible: true })")


def dropping(page: Page, photo: Path) -> None:
    """A photo that is held over the page."""
    hits(page, photo)
    page.driver.execute_script("document.querySelector('#drop-veil').hidden = false")


def waiting(page: Page, photo: Path) -> None:
    """An answer that is not there yet."""
    page.open()
    page.one(".sample")
    page.network(latency=60_000)
    page.one(".sample").click()
    page.one(".ghost")


def offline(page: Page, photo: Path) -> None:
    """No network, after a search."""
    hits(page, photo)
    page.network(offline=True)
    page.one("#words-typed").send_keys("in green\n")
    page.one("#problem button")


def refused_as(status: int) -> Callable[[Page, Path], None]:
    """Return the state of a search that is answered with an error's status."""

    def state(page: Page, photo: Path) -> None:
        page.open(f"/?q={REFUSED}{status}")
        page.unfold("#problem details")

    return state


def saved_nothing(page: Page, photo: Path) -> None:
    """No saved products."""
    page.open()
    page.driver.execute_script("localStorage.clear()")
    page.open("/?saved=yes")
    page.one("#saved-words:not(:empty)")


def ingest(page: Page, photo: Path) -> None:
    """The jobs, for the staff."""
    page.open("/ingest")
    page.unfold(".job details")
    page.one(".job .failures, .job table")


def blank(photo: Path) -> Path:
    """Write a photo of nothing beside the demo's pictures."""
    file = photo.parents[1] / "blank.png"
    Image.new("RGB", (600, 800), "white").save(file)
    return file


STATES: dict[str, Callable[[Page, Path], None]] = {
    one.__name__: one
    for one in (
        *(start, hits, refined, menu, details, kinds_offered, kinds_shown, nothing, refused, lost),
        *(saved, saved_nothing, recent, look, worn, goes_with, no_item, unusable, ingest),
        *(words, words_nothing, words_beside, overlong, recent_overlong, wide, tall, focused),
        *(dropping, waiting, offline),
    )
}
STATES |= {f"error_{status}": refused_as(status) for status in (400, 401, 413, 429, 500, 503)}
