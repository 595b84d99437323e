"""The widget in a shop of another origin, with the policy of docs/widget.md, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from houndstooth.plugin.access import Access
from houndstooth.web.languages import LANGUAGES
from houndstooth.web.shop import shop_blueprint
from tests.integration.conftest import serve
from tests.integration.page import DESKTOP, SMALL_PHONE
from tests.integration.shop_page import SEARCH, SIMILAR, ShopPage
from tests.integration.test_page_accessibility import axe_source, violations
from tests.integration.web_catalogue import make_app

DOCS = Path(__file__).parents[2] / "docs" / "widget.md"
PRODUCT = "/shop/jacket-red-0"
NARROW = 360
HOSTILE = """
  * { display: inline !important; color: lime !important; font-size: 3px !important; }
  html { font-size: 62.5%; } button, img, dialog, ul { all: unset !important; }
  div, li, section, a { position: static !important; width: 9000px !important; opacity: 0.1; }
"""


def documented_policy(service: str) -> str:
    [policy] = re.findall(r"^script-src .*$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    own = policy.replace("style-src 'self'", f"style-src 'self' {service}")  # the shop's own styles
    return f"default-src 'self'; {own}".replace("https://search.shop.example", service)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a shop whose origin the service knows."""
    shop = Flask("shop")
    with serve(shop) as address:
        folder = tmp_path_factory.mktemp("catalogue")
        app = make_app(folder, access=Access(cors_origins=(address,)))
        with serve(app) as service:
            shop.register_blueprint(shop_blueprint(app.extensions["houndstooth"], service))
            policy = documented_policy(service)

            @shop.after_request
            def guarded(response: Response) -> Response:
                response.headers["Content-Security-Policy"] = policy
                return response

            yield address
        app.extensions["houndstooth"].engine.close()


@pytest.fixture
def page(driver: WebDriver, shop: str) -> Iterator[ShopPage]:
    driver.get_log("browser")
    page = ShopPage(driver, shop)
    yield page
    page.restore()
    log = [entry["message"] for entry in driver.get_log("browser")]
    assert [line for line in log if "Content Security" in line or "Uncaught" in line] == []


def listen(page: ShopPage, name: str) -> None:
    """Keep the details of an event, in `seen`."""
    script = """
        window.seen = [];
        document.addEventListener(arguments[0], (event) => {
          event.preventDefault();
          seen.push(JSON.parse(JSON.stringify(event.detail)));
        });
    """
    page.driver.execute_script(script, name)


def seen(page: ShopPage) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = page.driver.execute_script("return window.seen")
    return details


def across(page: ShopPage) -> int:
    """Pixels that the page takes across; a phone's window grows with them."""
    pixels: int = page.driver.execute_script("return document.documentElement.scrollWidth")
    return pixels


@pytest.mark.parametrize("width", [DESKTOP, NARROW])
def test_a_photo_finds_products_of_the_shop(page: ShopPage, photo: Path, width: int) -> None:
    page.resize(width)
    page.open("/shop")
    if width == NARROW:
        page.driver.execute_script("document.documentElement.style.colorScheme = 'dark'")
    listen(page, "houndstooth-query")
    page.open_dialog()
    hits = page.search(photo)
    assert hits[0].startswith("t-shirt-green")
    [query] = seen(page)
    assert (query["by"], query["hits"], query["category"]) == ("photo", hits, "t-shirt")
    assert violations(page, axe_source()) == []
    link = page.inside(SEARCH, ".card-link")
    assert link.get_property("href") == f"{page.address}/shop/{hits[0]}"
    listen(page, "houndstooth-click")
    link.click()
    [click] = seen(page)
    assert (click["product_id"], click["place"]) == (hits[0], 1)
    kinds = page.inside(SEARCH, "select[data-key=category]")
    kinds.send_keys("Jacket")
    page.wait(lambda: page.found()[0].startswith("jacket-green"), "no jackets")
    assert across(page) <= width


def test_a_file_that_is_no_photo_leaves_the_way_to_another_one(
    page: ShopPage, tmp_path: Path
) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(b"no photo")
    page.resize(SMALL_PHONE)
    page.open("/shop")
    page.open_dialog()
    page.inside(SEARCH, "#file").send_keys(str(file))
    page.inside(SEARCH, ".picture .unshowable")
    page.inside(SEARCH, ".problem p")
    button = page.inside(SEARCH, ".item .button").rect
    assert button["x"] + button["width"] <= SMALL_PHONE
    assert violations(page, axe_source()) == []


def test_keys_open_move_and_close_the_dialog(page: ShopPage, photo: Path) -> None:
    page.open("/shop")
    opener = page.inside(SEARCH, ".opener")
    opener.send_keys(Keys.ENTER)
    page.inside(SEARCH, "dialog[open]")
    page.search(photo)
    box = page.inside(SEARCH, ".box")
    before = box.get_attribute("style")
    listen(page, "houndstooth-query")
    box.send_keys(Keys.SHIFT, Keys.ARROW_LEFT)
    page.wait(lambda: seen(page), "the box was not searched")
    assert page.inside(SEARCH, ".box").get_attribute("style") != before
    for _ in range(12):  # the page behind is never reached
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.driver.execute_script("return document.activeElement.localName")
        assert focused in (SEARCH, "body")
    page.inside(SEARCH, ".close").send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.inside(SEARCH, "dialog").get_property("open"), "it stays open")
    inner = "return document.activeElement.shadowRoot?.activeElement?.className"
    assert page.driver.execute_script(inner) == "opener"


def test_a_row_of_similar_products_in_another_language(page: ShopPage) -> None:
    page.speak("de")
    page.open(PRODUCT)
    listen(page, "houndstooth-query")
    page.driver.execute_script("document.querySelector('houndstooth-similar').scrollIntoView()")
    hits = page.found(SIMILAR)
    assert "jacket-red-0" not in hits
    assert len(hits) == 12
    assert hits[0].startswith("jacket-red")
    assert page.inside(SIMILAR, ".heading").text == "Ähnliche Artikel"
    assert page.inside(SEARCH, ".opener").get_attribute("aria-label") == "Mit einem Foto suchen"
    assert violations(page, axe_source()) == []
    script = """
        for (const one of document.querySelectorAll("[lang]")) one.lang = "fr";
        document.querySelector("houndstooth-search").lang = "es";
        document.querySelector("houndstooth-search").lang = "it";
    """
    page.driver.execute_script(script)
    title = "return document.querySelector(arguments[0]).shadowRoot.querySelector(arguments[1])"
    for element, css, words in (
        (SIMILAR, ".heading", LANGUAGES["fr"].words["widget.similar"]),
        (SEARCH, ".opener[title]", LANGUAGES["it"].words["widget.open"]),
    ):
        read = f"{title}?.{'innerText' if element == SIMILAR else 'title'}"
        page.wait(
            lambda read=read, element=element, css=css, words=words: (
                page.driver.execute_script(read, element, css) == words
            ),
            "the old language stays",
        )
    assert page.found(SIMILAR) == hits
    script = "document.querySelector('houndstooth-similar').setAttribute('product', arguments[0])"
    page.driver.execute_script(script, "trousers-blue-1")
    page.wait(lambda: page.found(SIMILAR)[0].startswith("trousers-blue"), "the row stays")
    page.driver.execute_script(script, "none-such")
    assert across(page) <= DESKTOP
    page.wait(lambda: page.inside(SIMILAR, "section").size["height"] == 0, "there is still room")


@pytest.mark.parametrize(("status", "words"), [(401, "does not take its key"), (503, "")])
def test_a_row_says_what_the_shop_can_mend_and_nothing_else(
    page: ShopPage, status: int, words: str
) -> None:
    page.open(PRODUCT)
    page.found(SIMILAR)
    listen(page, "houndstooth-error")
    script = """
        const [status, element] = [arguments[0], document.querySelector("houndstooth-similar")];
        const body = JSON.stringify({ error: { message: "expected a key", status } });
        window.fetch = async () => new Response(body, { status });
        element.setAttribute("product", "another");
    """
    page.driver.execute_script(script, status)
    page.wait(lambda: seen(page), "no error is told")
    assert seen(page)[0]["status"] == status
    assert words in page.inside(SIMILAR, ".note").text
    assert (page.inside(SIMILAR, "section").size["height"] > 0) == bool(words)


def measures(page: ShopPage) -> list[Any]:
    """How parts of the widget look, and what size they have."""
    script = """
        return [["houndstooth-similar", ".title"], ["houndstooth-similar", ".plate"],
                ["houndstooth-search", ".opener"], ["houndstooth-search", ".dialog"]]
          .map(([name, css]) => {
            const part = document.querySelector(name).shadowRoot.querySelector(css);
            const { color, fontSize, display, position } = getComputedStyle(part);
            const { width, height } = part.getBoundingClientRect();
            const steady = css === ".opener" || color; // the mouse has just left it
            return [css, steady, fontSize, display, position, css === ".dialog" || [width, height]];
          });
    """
    found: list[Any] = page.driver.execute_script(script)
    return found


def test_a_hostile_style_does_not_break_it(page: ShopPage) -> None:
    page.open(PRODUCT)
    page.found(SIMILAR)
    page.open_dialog()
    before = measures(page)
    style = "const sheet = new CSSStyleSheet(); document.adoptedStyleSheets = [sheet];"
    page.driver.execute_script(f"{style} sheet.replaceSync(arguments[0])", HOSTILE)
    assert measures(page) == before


def test_an_origin_that_is_not_allowed_is_told_so(page: ShopPage, photo: Path) -> None:
    other = page.address.replace("127.0.0.1", "localhost")
    page.driver.get(f"{other}{PRODUCT}")
    listen(page, "houndstooth-error")
    note = page.inside(SIMILAR, ".note:not([hidden])")
    assert other in note.text
    page.open_dialog()
    page.inside(SEARCH, "#file").send_keys(str(photo))
    page.wait(lambda: other in page.inside(SEARCH, ".problem").text, "nothing is said")
    assert {error["fault"] for error in seen(page)} == {"origin"}
    log = " ".join(entry["message"] for entry in page.driver.get_log("browser"))
    assert f"expected {other} in HOUNDSTOOTH_CORS_ORIGINS" in log
