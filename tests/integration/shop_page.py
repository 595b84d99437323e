"""A shop's page with the widget, as a person uses it: what stands in the shadow trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.page import Page

IN_SHADOW = "return document.querySelector(arguments[0])?.shadowRoot?.querySelector(arguments[1])"
SEARCH, SIMILAR = "houndstooth-search", "houndstooth-similar"


class ShopPage(Page):
    """A page whose elements of the widget are found by their names."""

    def inside(self, element: str, css: str) -> Any:
        """Wait for a part of an element."""
        return self.wait(
            lambda: self.driver.execute_script(IN_SHADOW, element, css), f"no {css} in {element}"
        )

    def open_dialog(self) -> None:
        self.inside(SEARCH, ".opener").click()
        self.inside(SEARCH, "dialog[open]")

    def search(self, photo: Path) -> list[str]:
        """Give a photo to the open dialog; ids of what it finds."""
        self.inside(SEARCH, "#file").send_keys(str(photo))
        return self.found()

    def found(self, element: str = SEARCH) -> list[str]:
        """Ids of the hits, once they are there."""
        if element == SEARCH:
            self.inside(SEARCH, ".results[aria-busy=false]")
        self.inside(element, ".card[data-id]")
        cards = "document.querySelector(arguments[0]).shadowRoot.querySelectorAll('.card[data-id]')"
        script = f"return [...{cards}].map((card) => card.dataset.id)"
        ids: list[str] = self.driver.execute_script(script, element)
        return ids
