"""Pictures of every state of the page, to be looked at: widths, light and dark.

``python -m tests.benchmarks.screenshots --folder var --out DIR [--states start,hits]``

``--folder`` is that of ``houndstooth demo``, whose drawn catalogue is copied and given what a shop
has besides: addresses, reduced prices, sizes, sold-out products, an overlong brand and title.
"""

from __future__ import annotations

import argparse
import base64
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flask import Flask
from PIL import Image

from houndstooth.ingest.jobs import Jobs
from houndstooth.ingest.placeholders import Placeholder
from houndstooth.mappings.engine import CandidateQuery, Engine
from houndstooth.mappings.product import Fact
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.web.app import create_app
from houndstooth.web.shop import shop_blueprint
from tests.benchmarks.demo_catalogue import database_of
from tests.integration.conftest import serve
from tests.integration.page import Page, start_chromium
from tests.integration.shop_page import SEARCH, SIMILAR, ShopPage
from tests.integration.web_jobs import finished_job, running_job

WIDTHS = {360: 740, 390: 844, 768: 1024, 1280: 900}
SCHEMES = ("light", "dark")
IN_VIEW = """
return [...document.images]
  .filter((image) => image.checkVisibility())
  .filter((image) => {
    const { left, top } = image.getBoundingClientRect();
    return image.loading !== 'lazy' || (top < innerHeight && left < innerWidth);
  })
  .every((image) => image.complete)
"""
PRODUCT = "S7-00003"
"""A product of the drawn catalogue, a jacket."""
WORN = "S7-00006"
"""One that is shown with a T-shirt and shoes: trousers."""
LONG = "B" * 150
SIZES = ("XS", "S", "M", "L", "XL")


def give_offers(engine: Engine, model: str) -> None:
    """Write what a shop knows of its products besides."""
    ids = sorted(engine.match(CandidateQuery(model), 10_000))
    documents = []
    for place, stored in enumerate(engine.fetch(ids)):
        facts: dict[str, Fact] = {
            "url": f"https://shop.example/{stored.product_id}",
            "size": list(SIZES[place % 2 : 2 + place % 4]),
            "published_at": f"2026-{1 + place % 12:02}-{1 + place % 28:02}",
        }
        if place % 4 == 0 and isinstance(price := stored.facts.get("price"), float):
            facts["price_before"] = round(price * 1.4, 2)
        if place % 9 == 0:
            facts["availability"] = "out of stock"
        if place % 11 == 0:
            facts |= {"brand": LONG, "title": f"{LONG} {stored.facts['title']}"}
        documents.append(IndexDocument(stored.product_id, facts))
    engine.write(documents)


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


def ingest(page: Page, photo: Path) -> None:
    """The jobs, for the staff."""
    page.open("/ingest")
    page.unfold(".job details")
    page.one(".job .failures, .job table")


def dialog_unusable(page: ShopPage, photo: Path) -> None:
    """The widget's dialog, with a file that is no photo."""
    dialog(page, photo)
    page.inside(SEARCH, "#file").send_keys(str(Path(__file__)))
    page.inside(SEARCH, ".problem .said")


def blank(photo: Path) -> Path:
    """Write a photo of nothing beside the demo's pictures."""
    file = photo.parents[1] / "blank.png"
    Image.new("RGB", (600, 800), "white").save(file)
    return file


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


def shop_product(page: ShopPage, photo: Path) -> None:
    """A product's page in the shop, with the row of similar ones."""
    page.open(f"/shop/{PRODUCT}")
    page.driver.execute_script("scrollTo(0, document.body.scrollHeight)")
    page.found(SIMILAR)


STATES: dict[str, Callable[[ShopPage, Path], None]] = {
    one.__name__: one
    for one in (start, hits, refined, menu, details, kinds_offered, kinds_shown, nothing, refused)
}
STATES |= {one.__name__: one for one in (lost, saved, recent, look, worn, goes_with, no_item)}
STATES |= {one.__name__: one for one in (unusable, ingest, shop, dialog, dialog_hits)}
STATES |= {one.__name__: one for one in (dialog_unusable, shop_product)}


def take(page: Page, out: Path) -> None:
    """Write what is seen."""
    page.wait(lambda: page.driver.execute_script(IN_VIEW), "pictures are missing")
    time.sleep(0.4)  # the grid fades in
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    out.write_bytes(base64.b64decode(shot["data"]))
    wide = page.driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
    print(f"{out.name}{'  sticks out sideways' if wide else ''}")


def open_copy(folder: Path, into: Path) -> Flask:
    """Open a copy of a demo's catalogue."""
    database = database_of(folder)
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy(file, into)
    engine = open_engine(f"sqlite:///{into / database.name}")
    settings = replace(Settings.from_env(), images=folder / "drawn", jobs=into / "jobs")
    running_job(settings.jobs)
    placeholder = Placeholder("0" * 16, 14, ("S7-00003", "S7-00012", "S7-00040"))
    Jobs(settings.jobs).record_placeholders(finished_job(settings.jobs), [placeholder])
    app = create_app(settings, engine=engine)
    app.register_blueprint(shop_blueprint(app.extensions["houndstooth"]))
    give_offers(engine, app.extensions["houndstooth"].extractor.model)
    return app


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.screenshots",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=Path("var"), help="of a demo (var)")
    parser.add_argument("--photo", default="images/S7-00040.jpg", help="in DIR/drawn (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--states", default=",".join(STATES), help="%(default)s")
    parser.add_argument("--widths", default=",".join(map(str, WIDTHS)), help="%(default)s")
    parser.add_argument("--schemes", default=",".join(SCHEMES), help="%(default)s")
    parser.add_argument("--language", default="en", help="of the browser (en)")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    given.out.mkdir(parents=True, exist_ok=True)
    photo = (given.folder / "drawn" / given.photo).resolve()
    with tempfile.TemporaryDirectory() as folder:
        app = open_copy(given.folder, Path(folder))
        with serve(app) as address:
            driver = start_chromium(Path(folder) / "profile")
            driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            page = ShopPage(driver, address)
            page.speak(given.language)
            try:
                page.open()
                for scheme in given.schemes.split(","):
                    page.prefer(scheme)
                    for width in map(int, given.widths.split(",")):
                        page.resize(width, WIDTHS[width])
                        for state in given.states.split(","):
                            STATES[state](page, photo)
                            take(page, given.out / f"{state}-{width}-{scheme}.png")
            finally:
                driver.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
