"""The page in a real Chromium, against a real server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait
from werkzeug.serving import make_server

from mappings.errors import EngineUnavailable
from tests.integration.web_catalogue import ODD_ID, draw, file_of, make_app

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="needs Debian's chromium and chromium-driver"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = make_app(tmp_path_factory.mktemp("catalogue"))
    yield app
    app.extensions["houndstooth"].engine.close()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    options = Options()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, "--window-size=1280,900"):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=CHROMEDRIVER))
    yield driver
    driver.quit()


class Page:
    """The page as a person uses it."""

    def __init__(self, driver: WebDriver, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, path: str = "/") -> None:
        self.driver.get(self.address + path)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        return WebDriverWait(self.driver, 20).until(lambda _: condition(), what)

    def all(self, css: str) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> Any:
        return self.wait(lambda: next(iter(self.all(css)), None), f"no {css}")

    def ids(self) -> list[str]:
        links = "[...document.querySelectorAll('#results .card-link')]"
        found: list[str] = self.driver.execute_script(f"return {links}.map(a => a.dataset.id)")
        return found

    def settled(self) -> list[str]:
        """Ids of the hits, once the last question is answered."""
        grid = "#results[aria-busy=false] .card-link"
        self.wait(lambda: self.all(grid) and not self.all(".ghost"), "no results")
        return self.ids()

    def after(self, action: Callable[[], Any]) -> list[str]:
        """Hits after an action that changes the address."""
        before = self.driver.current_url
        action()
        self.wait(lambda: self.driver.current_url != before, "the address stayed")
        return self.settled()

    def upload(self, file: Path) -> None:
        self.driver.find_element(By.ID, "file").send_keys(str(file))

    def text(self, css: str) -> str:
        text: str = self.one(css).text
        return text


@pytest.fixture
def page(driver: WebDriver, address: str) -> Iterator[Page]:
    driver.get_log("browser")
    yield Page(driver, address)
    violations = [log for log in driver.get_log("browser") if "Content Security" in log["message"]]
    assert violations == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    file.write_bytes(file_of(draw("green", (200, 250))))
    return file


def test_photo_shows_what_it_is_and_what_looks_like_it(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    ids = page.settled()
    assert all(found.startswith("t-shirt-green-") for found in ids[:6])
    assert page.text(".chip.kind[aria-pressed=true]") == "T-shirt"
    assert page.text(".chip.attribute") == "Green"
    assert page.one(".box").is_displayed()
    card = page.text(".card")
    assert "Green T-shirt" in card
    assert "€1" in card
    assert "alike" in page.one(".card .distance").get_attribute("aria-label")
    loaded = "return document.querySelector('.card img').naturalWidth"
    page.wait(lambda: page.driver.execute_script(loaded), "no image")
    page.one("#timing summary").click()
    assert "Recognising" in page.text("#timing dl")


def test_another_category_can_be_chosen_and_left_again(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    ids = page.after(
        lambda: Select(page.one("#other-kind")).select_by_value("trousers"),
    )
    assert ids[0].startswith("trousers-green-")
    assert "category=trousers" in page.driver.current_url
    assert page.text(".chip.kind[aria-pressed=true]") == "Trousers"
    ids = page.after(lambda: page.one("[data-key=kind-auto]").click())
    assert ids[0].startswith("t-shirt-green-")


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


def test_product_leads_to_more_like_it_and_back(page: Page) -> None:
    page.open()
    page.one(".sample").click()
    first = page.settled()
    clicked = first[2]
    second = page.after(lambda: page.one(f'.card-link[data-id="{clicked}"]').click())
    assert clicked not in second
    assert f"like={clicked}" in page.driver.current_url
    assert page.after(page.driver.back) == first
    page.driver.back()
    page.wait(lambda: page.one("#start").is_displayed(), "not back at the start")


def test_address_can_be_shared(page: Page) -> None:
    page.open("/?like=jacket-red-0&exclude=colour:red&filter=brand:Acme&weight=0.2")
    ids = page.settled()
    assert ids
    assert not any("red" in found for found in ids)
    assert page.one("#weight").get_property("value") == "0.8"
    assert "left out" in page.one(".chip.attribute").get_attribute("aria-label")


def test_attribute_is_required_then_left_out_then_neither(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    chip = '[data-key="attribute-colour:red"]'
    ids = page.after(lambda: page.one(chip).click())
    assert all("-red-" in found for found in ids)
    ids = page.after(lambda: page.one(chip).click())
    assert not any("-red-" in found for found in ids)
    assert page.driver.execute_script("return document.activeElement.dataset.key")
    page.after(lambda: page.one(chip).click())
    assert "colour" not in page.driver.current_url


def test_slider_weighs_shape_against_colour(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.after(lambda: page.one("#weight").send_keys(Keys.END))
    assert "weight=0" in page.driver.current_url
    page.after(lambda: page.one("#weight").send_keys(Keys.HOME))
    assert "weight=1" in page.driver.current_url


def test_filters_narrow_down(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.wait(lambda: page.one("#filters").is_displayed(), "no filters")
    page.one("#filters summary").click()
    ids = page.after(lambda: page.one('[data-key="brand:Acme"]').click())
    assert {found[-1] for found in ids if found != ODD_ID} == {"1", "3", "5", "7", "9"}
    price = page.one('[data-key="price-high"]')
    ids = page.after(lambda: price.send_keys("11", Keys.ENTER))
    assert {found[-1] for found in ids} == {"1"}


def test_nothing_found_is_said_with_a_way_out(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:None")
    page.wait(lambda: page.text("#results-heading") == "Nothing found", "no word")
    page.after(lambda: page.one("#problem button").click())
    assert page.driver.current_url.endswith("/?like=jacket-red-0")


def test_relaxed_search_says_so(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:Acme")
    page.settled()
    assert "Jacket" in page.text("#relaxed")


def test_failing_upload_says_why(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not an image at all")
    page.open()
    page.upload(broken)
    page.wait(lambda: "Expected an image" in page.text("#problem"), "no reason")
    assert page.text("#results-heading") == "That did not work"


def test_service_away_is_said_and_asked_again(
    page: Page, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise EngineUnavailable("expected an engine; none answers")

    page.open()
    page.one(".sample")
    with monkeypatch.context() as patch:
        patch.setattr(app.extensions["houndstooth"].engine, "candidates", away)
        page.one(".sample").click()
        page.wait(lambda: page.text("#results-heading") == "The search is away", "no word")
    page.one("#problem button").click()
    assert page.settled()
    assert page.text("#results-heading") == "Looks like it"


def test_slow_answer_is_waited_for_and_a_newer_question_wins(
    page: Page, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = app.extensions["houndstooth"].engine
    candidates, released = engine.candidates, Event()

    def slow(query: Any, limit: int) -> Any:
        if query.category == "jacket":
            released.wait(20)
        return candidates(query, limit)

    page.open("/?like=t-shirt-red-0")
    before = page.settled()
    monkeypatch.setattr(engine, "candidates", slow)
    other = Select(page.one("#other-kind"))
    other.select_by_value("jacket")
    page.wait(lambda: page.one("#progress").is_displayed(), "no sign of waiting")
    assert page.ids() == before
    ids = page.after(lambda: Select(page.one("#other-kind")).select_by_value("trousers"))
    released.set()
    assert ids[0].startswith("trousers-")
    assert page.settled() == ids


def test_address_of_anothers_photo_says_so(page: Page, photo: Path) -> None:
    page.open("/?photo=gone&require=colour:red")
    page.wait(lambda: "only its owner has" in page.text("#start-notice"), "no word")
    page.upload(photo)
    assert all("-red-" in found for found in page.settled())


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


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_sideways(page: Page, width: int) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for path in ("/", "/?like=jacket-red-0"):
        page.open(path)
        page.one(".plate img")
        wide = page.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
