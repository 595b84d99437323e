"""The states of the widget and of the demo's shop, each with the way to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.page_states import PRODUCT
from tests.integration.shop_page import SEARCH, SIMILAR, ShopPage


def shop(page: ShopPage, photo: Path) -> None:
    """The demo's shop, with the widget in its form."""
    page.open("/shop")
    page.inside(SEARCH, ".opener")


def dialog(page: ShopPage, photo: Path) -> None:
    """The widget's dialog, before a photo."""
    shop(page, photo)
    page.open_dialog()


def dialog_hits(page: ShopPage, photo: Path) -> None:
    """The widget's dialog, with hits."""
    dialog(page, photo)
    page.search(photo)
    page.inside(SEARCH, ".choice")


def dialog_unusable(page: ShopPage, photo: Path) -> None:
    """The widget's dialog, with a file that is no photo."""
    dialog(page, photo)
    page.inside(SEARCH, "#file").send_keys(str(Path(__file__)))
    page.inside(SEARCH, ".problem .said")


def shop_product(page: ShopPage, photo: Path) -> None:
    """A product's page in the shop, with the row of similar ones."""
    page.open(f"/shop/{PRODUCT}")
    page.driver.execute_script("scrollTo(0, document.body.scrollHeight)")
    page.found(SIMILAR)


def dialog_beyond(page: ShopPage, photo: Path) -> None:
    """The widget's dialog, where its hits end."""
    dialog_hits(page, photo)
    page.driver.execute_script("arguments[0].scrollTo(0, 1e6)", page.inside(SEARCH, "dialog"))


WIDGET_STATES: dict[str, Callable[[ShopPage, Path], None]] = {
    one.__name__: one
    for one in (shop, dialog, dialog_hits, dialog_beyond, dialog_unusable, shop_product)
}
