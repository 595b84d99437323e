"""The pictures in README.md and docs/widget.md, after a search, in a real Chromium.

::

    houndstooth draw --count 640 --seed 7 --out DRAWN
    houndstooth ingest DRAWN/feed.csv --engine sqlite:////tmp/drawn.db
    python -m tests.benchmarks.screenshot --engine sqlite:////tmp/drawn.db --images DRAWN \
        --out docs/page.jpg
    python -m tests.benchmarks.screenshot --engine sqlite:////tmp/drawn.db --images DRAWN \
        --widget --out docs/widget.jpg

Serves the catalogue (``--images`` is the folder that its image paths are relative to), gives the
page one of its photos, or a box in it, and takes the page at 1280 by 800. Drawn images alone go
into the repository; the photo by default is an outfit. ``--widget``: its dialog in the demo's shop.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from selenium.webdriver import ActionChains

from houndstooth.mappings.features import Box
from houndstooth.plugin.config import Settings
from houndstooth.web.app import create_app
from houndstooth.web.shop import shop_blueprint
from tests.benchmarks.query_time import serve
from tests.integration.conftest import serve as serve_app
from tests.integration.page import Page, start_chromium
from tests.integration.shop_page import SEARCH, ShopPage

WIDTH, HEIGHT, SCALE = 1280, 800, 1.5
MAX_BYTES = 250_000
LOADED = "return [...document.images].filter((i) => i.loading !== 'lazy').every((i) => i.complete)"
IN_VIEW = """
return [...document.querySelectorAll('#results img')]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .every((image) => image.complete && image.naturalWidth > 0)
"""


def draw(page: Page, box: Box) -> None:
    """Draw a box with the mouse."""
    picture = page.one("#picture")
    width, height = picture.size["width"], picture.size["height"]
    left, top = round((box.x - 0.5) * width), round((box.y - 0.5) * height)
    mouse = ActionChains(page.driver).move_to_element_with_offset(picture, left, top)
    mouse.click_and_hold().move_by_offset(round(box.w * width), round(box.h * height))
    mouse.release().move_to_element(page.one("#results-heading")).perform()


def take(page: Page, photo: Path, box: Box | None) -> bytes:
    """A JPEG of the page after a search with a photo, and with a box drawn on it."""
    page.resize(WIDTH, HEIGHT, SCALE)
    page.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    for _ in range(3):  # the first searches take longer than the others
        page.open()
        page.upload(photo)
        page.settled()
    if box:
        page.after(lambda: draw(page, box))
    page.wait(lambda: page.one("#filters").is_displayed(), "no filters")
    page.wait(lambda: page.driver.execute_script(LOADED), "pictures are missing")
    page.wait(lambda: page.driver.execute_script(IN_VIEW), "hits without pictures")
    time.sleep(0.5)  # the grid fades in
    return shoot(page)


def take_widget(page: ShopPage, photo: Path) -> bytes:
    """A JPEG of the demo's shop, with the widget's dialog after a search with a photo."""
    page.resize(WIDTH, HEIGHT, SCALE)
    page.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    page.open("/shop")
    page.open_dialog()
    page.search(photo)
    page.inside(SEARCH, ".choice")
    time.sleep(1)  # pictures come
    return shoot(page)


def shoot(page: Page) -> bytes:
    """A JPEG of what is seen, of the best quality that keeps it small."""
    for quality in range(88, 40, -4):
        options = {"format": "jpeg", "quality": quality}
        shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", options)
        picture = base64.b64decode(shot["data"])
        if len(picture) < MAX_BYTES:
            return picture
    raise RuntimeError(f"expected a picture below {MAX_BYTES} bytes; got {len(picture)}")


@contextmanager
def serve_shop(engine: str, images: Path) -> Iterator[str]:
    """The address of the demo's shop."""
    app = create_app(replace(Settings.from_env(), engine=engine, images=images))
    app.register_blueprint(shop_blueprint(app.extensions["houndstooth"]))
    with serve_app(app) as address:
        yield address


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.screenshot")
    parser.add_argument("--engine", required=True, metavar="URL")
    parser.add_argument("--images", required=True, type=Path, metavar="DIR")
    parser.add_argument("--photo", default="images/S7-00619.jpg", help="within DIR (%(default)s)")
    parser.add_argument("--box", type=Box.parse, metavar="x,y,w,h", help="box to draw (none)")
    parser.add_argument("--widget", action="store_true", help="the widget, not the page")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE")
    given = parser.parse_args()
    photo = (given.images / given.photo).resolve()
    if not photo.is_file():
        print(f"expected a photo at {photo}; there is none", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        driver = start_chromium(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(driver.quit)
        if given.widget:
            address = stack.enter_context(serve_shop(given.engine, given.images))
            picture = take_widget(ShopPage(driver, address), photo)
        else:
            port = stack.enter_context(serve(given.engine, given.images))
            picture = take(Page(driver, f"http://127.0.0.1:{port}"), photo, given.box)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(picture)
    print(f"{given.out}: {len(picture):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
