"""What a shopper's browser makes of the page: forced colours, enlarged text, odd photos, widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.page import DESKTOP, PHONE, SMALL_PHONE, Page
from tests.integration.web_catalogue import draw, file_of

FORCED = {"forced-colors": "active"}
INSIDE = """
const [inner, outer] = [".box", "#picture img"].map((css) =>
  document.querySelector(css).getBoundingClientRect());
const slack = 3; // pixels, of its border
return inner.top >= outer.top - slack && inner.bottom <= outer.bottom + slack
  && inner.left >= outer.left - slack && inner.right <= outer.right + slack;
"""
STYLE = "return getComputedStyle(document.querySelector(arguments[0]), arguments[1])[arguments[2]]"


def style(page: Page, css: str, name: str, pseudo: str | None = None) -> str:
    page.one(css)
    value: str = page.driver.execute_script(STYLE, css, pseudo, name)
    return value


def luminance(colour: str) -> float:
    """Relative luminance of ``rgb(r, g, b)``, WCAG 2.2."""
    channels = [float(one) / 255 for one in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("size", [(900, 90), (90, 900)])
def test_the_box_lies_on_the_photo_whatever_its_shape(
    page: Page, tmp_path: Path, size: tuple[int, int], width: int
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(file_of(draw("green", size)))
    page.resize(width)
    page.open()
    page.upload(photo)
    page.settled()
    page.one(".box:not([hidden])")
    assert page.driver.execute_script(INSIDE)


def test_forced_colours_leave_pictures_and_what_is_pressed_to_be_seen(page: Page) -> None:
    page.prefer("dark", FORCED)
    page.open("/?like=jacket-red-0")
    page.settled()
    ground = style(page, "#results .plate", "backgroundColor")
    assert luminance(ground) > 0.5, "pictures are multiplied with their ground"
    heart = style(page, "#results .heart", "backgroundColor", "::before")
    assert luminance(heart) < 0.2 < luminance(style(page, "#results .heart", "backgroundColor"))
    pressed = ".chip.category[aria-pressed=true]"
    others = style(page, ".chip.attribute", "backgroundColor")
    assert style(page, pressed, "backgroundColor") != others


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_placeholders_can_be_read(page: Page, scheme: str) -> None:
    page.prefer(scheme)
    page.open()
    words = luminance(style(page, "#words-typed", "color", "::placeholder"))
    ground = luminance(style(page, "body", "backgroundColor"))
    light, dark = max(words, ground), min(words, ground)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("width", [DESKTOP, SMALL_PHONE])
def test_text_of_twice_the_size_grows_and_stays_in_the_page(page: Page, width: int) -> None:
    page.resize(width)
    page.enlarge(200)
    page.open()
    page.one(".sample")
    page.wait(lambda: style(page, "body", "fontSize") == "30px", "text of another size")
    across = "return document.documentElement.scrollWidth"
    widths = [page.driver.execute_script(across)]
    page.open("/?like=jacket-red-0")
    page.settled()
    page.unfold("#refine")
    page.unfold("#timing")
    page.one('[data-key="attribute-colour:red"]').click()
    menu = page.one("#menu").rect
    widths.append(page.driver.execute_script(across))
    page.open("/ingest")
    page.one("h1")
    widths.append(page.driver.execute_script(across))
    assert max(*widths, menu["x"] + menu["width"]) <= width


def test_long_names_leave_samples_even(page: Page) -> None:
    page.resize(SMALL_PHONE)
    page.open()
    page.one(".sample")
    script = """
        document.querySelector(".sample-name").firstChild.textContent = "m".repeat(40);
        const widths = [...document.querySelectorAll(".sample")].map((one) => one.offsetWidth);
        return [document.documentElement.scrollWidth, Math.max(...widths) - Math.min(...widths)];
    """
    across, uneven = page.driver.execute_script(script)
    assert across <= SMALL_PHONE
    assert uneven <= 1


@pytest.mark.parametrize(
    ("query", "cleared"),
    [
        ("q=red+jacket+under+1", None),
        ("q=red+jacket+under+1&filter=brand:Acme", "?q=red+jacket+under+1"),
        ("like=jacket-red-0&q=under+1", "?like=jacket-red-0"),
    ],
)
def test_choices_are_cleared_where_that_changes_something(
    page: Page, query: str, cleared: str | None
) -> None:
    page.open(f"/?{query}")
    page.one("#problem .empty")
    buttons = page.all("#problem button")
    assert bool(buttons) == (cleared is not None)
    assert cleared or not page.all("[data-key=clear]")
    if cleared:
        buttons[0].click()
        page.wait(lambda: page.driver.current_url.endswith(cleared), "not cleared")


def test_words_that_are_refused_ask_for_no_photo(page: Page) -> None:
    page.open(f"/?q={'x' * 501}")
    page.reads("#results-heading", "That did not work")
    assert page.all("#problem button") == []


SIZES: list[tuple[list[str], list[str]]] = [
    (["M", "xs", "XL", "S"], ["xs", "S", "M", "XL"]),
    (["2XL", "1XS", "m", "3xl"], ["2XL", "1XS", "m", "3xl"]),
    (["2XL", "M", "3xl", "2XS"], ["2XS", "M", "2XL", "3xl"]),
    (["10", "37,5", "9.5", "37 1/3"], ["9.5", "10", "37 1/3", "37,5"]),
    (["40 EU", "38 2/3 EU"], ["38 2/3 EU", "40 EU"]),
    (["6 months", "2 years"], ["6 months", "2 years"]),
    (["1/2", "1.2.3", "0"], ["1/2", "1.2.3", "0"]),
    (["One size", "S"], ["One size", "S"]),
    ([], []),
]


def test_sizes_of_variants_are_told_from_small_to_large(page: Page) -> None:
    page.open()
    script = """
        const [sizes, done] = arguments;
        import("/static/js/variants.js").then(({ bySize }) => done(sizes.map(bySize)));
    """
    given: Any = [before for before, _ in SIZES]
    found = page.driver.execute_async_script(script, given)
    assert found == [after for _, after in SIZES]
