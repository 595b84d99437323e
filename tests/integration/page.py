"""The page as a person uses it, and the keys to a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

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
    "--window-size=1280,900",
)
DESKTOP, PHONE, SMALL_PHONE = 1280, 390, 320
SECONDS = 20
POLL = 0.03
"""Seconds between looks at what is waited for; the driver's own pause is half a second."""


def start_chromium(profile: Path) -> WebDriver:
    """A headless Chromium of 1280 by 900 that keeps what its console says.

    Raises:
        RuntimeError: there is none on this machine.
    """
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        raise RuntimeError("expected chromium and chromedriver; `.ci/setup browser` installs them")
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(executable_path=driver))


class Page:
    """What a person sees and does."""

    def __init__(self, driver: WebDriver, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, path: str = "/") -> None:
        self.driver.get(self.address + path)

    def resize(self, width: int, height: int = 844, scale: float = 1) -> None:
        """A window of so many CSS pixels; a phone's, with touch, where it is narrow."""
        phone = width < 600
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})

    def prefer(self, scheme: str, others: Mapping[str, str] | None = None) -> None:
        """Prefer a colour scheme, light or dark, and what other media features say."""
        wanted = {"prefers-color-scheme": scheme, **(others or {})}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def speak(self, language: str) -> None:
        """Ask for pages in a language."""
        agent = self.driver.execute_script("return navigator.userAgent")
        override = {"userAgent": agent, "acceptLanguage": language}
        self.driver.execute_cdp_cmd("Emulation.setUserAgentOverride", override)

    def enlarge(self, percent: int) -> None:
        """Set the size of text that the browser starts from."""
        sizes = {"standard": 16 * percent // 100, "fixed": 13 * percent // 100}
        self.driver.execute_cdp_cmd("Page.setFontSizes", {"fontSizes": sizes})

    def network(self, **conditions: Any) -> None:
        """Set conditions of the network, such as ``offline`` or ``latency``; none but these."""
        unlimited = {"offline": False, "latency": 0, "downloadThroughput": -1}
        conditions = {**unlimited, "uploadThroughput": -1, **conditions}
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def restore(self) -> None:
        """A wide window, no touch, light, plain text, English, and nothing kept in the browser."""
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
        self.prefer("light")
        self.enlarge(100)
        self.speak("en-US")
        kept = {"origin": self.address, "storageTypes": "local_storage,indexeddb"}
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", kept)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        return WebDriverWait(self.driver, SECONDS, POLL).until(lambda _: condition(), what)

    def all(self, css: str) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> Any:
        return self.wait(lambda: next(iter(self.all(css)), None), f"no {css}")

    def text(self, css: str) -> str:
        """What is to be read there, whether in view or not."""
        text: str = self.one(css).get_property("innerText")
        return text

    def reads(self, css: str, words: str) -> None:
        """Wait until words are to be read; elements may be drawn anew meanwhile."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        self.wait(
            lambda: words in self.driver.execute_script(script, css), f"no {words!r} in {css}"
        )

    def ids(self) -> list[str]:
        cards = "[...document.querySelectorAll('#results .card[data-id]')]"
        found: list[str] = self.driver.execute_script(f"return {cards}.map(a => a.dataset.id)")
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

    def facet(self, name: str) -> None:
        """Unfold one of the filters, where it is folded."""
        self.unfold("#refine")
        self.one(f'[data-key="facet-{name}"]')
        self.unfold(f'details:has(> [data-key="facet-{name}"])')

    def unfold(self, css: str) -> None:
        """Open a `details`, whether it is open or not."""
        self.driver.execute_script("arguments[0].open = true", self.one(css))

    def choose(self, term: str, choice: str) -> None:
        """Open the menu of an attribute, and `require` it, `exclude` it, or `neither`."""
        self.unfold("#refine")
        chip = self.one(f'[data-key="attribute-{term}"]')
        self.driver.execute_script("arguments[0].closest('details').open = true", chip)
        chip.click()
        self.one(f"#menu [data-choice={choice}]").click()

    def checks(self, key: str) -> str:
        """The line of one filter's value, its count included."""
        script = "return arguments[0].closest('label').innerText"
        line: str = self.driver.execute_script(script, self.one(f'[data-key="{key}"]'))
        return " ".join(line.split())
