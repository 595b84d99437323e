"""Pictures of every state of the page, to be looked at: widths, light and dark.

``python -m tests.benchmarks.screenshots --folder var --out DIR [--states start,hits]``

``--folder`` is that of ``houndstooth demo``, whose drawn catalogue is copied and given what a shop
has besides: addresses, reduced prices, sizes, sold-out products, an overlong brand and title, other
currencies, a product in many colours, missing pictures.

Says of each state whether it can be scrolled sideways, and with ``--axe`` what axe finds in it.
Schemes are light, dark, forced (forced colours, as Windows' high contrast) and still (no motion).
"""

from __future__ import annotations

import argparse
import base64
import logging
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask, abort, request

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
from tests.benchmarks.page_states import LONG, REFUSED, STATES
from tests.benchmarks.widget_states import WIDGET_STATES
from tests.integration.conftest import serve
from tests.integration.page import Page, start_chromium
from tests.integration.shop_page import ShopPage
from tests.integration.test_page_accessibility import axe_source, violations
from tests.integration.web_jobs import finished_job, running_job

WIDTHS = {360: 740, 390: 844, 768: 1024, 1280: 900}
SCHEMES = {
    "light": ("light",),
    "dark": ("dark",),
    "forced": ("dark", {"forced-colors": "active"}),
    "still": ("light", {"prefers-reduced-motion": "reduce"}),
}
"""Arguments of `Page.prefer` by their names."""
ALL_STATES = STATES | WIDGET_STATES
IN_VIEW = """
return [...document.images]
  .filter((image) => image.checkVisibility())
  .filter((image) => {
    const { left, top } = image.getBoundingClientRect();
    return image.loading !== 'lazy' || (top < innerHeight && left < innerWidth);
  })
  .every((image) => image.complete)
"""
CURRENCIES = ("JPY", "CHF", "KWD")
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
        if place % 13 == 2:
            facts["currency"] = CURRENCIES[place % len(CURRENCIES)]
        if place % 17 == 5:
            facts["image"] = "images/none-such.jpg"
        if stored.visual and stored.visual.category == "jacket" and place < 200:
            facts["group"] = "many-colours"
        documents.append(IndexDocument(stored.product_id, facts))
    engine.write(documents)


def take(page: Page, out: Path, width: int, axe: str) -> None:
    """Write what is seen, and say what is wrong with it."""
    page.wait(lambda: page.driver.execute_script(IN_VIEW), "pictures are missing")
    time.sleep(0.4)  # the grid fades in
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    out.write_bytes(base64.b64decode(shot["data"]))
    wide = page.driver.execute_script("return document.documentElement.scrollWidth") - width
    print(f"{out.name}{f'  sticks out sideways by {wide} px' if wide > 0 else ''}", flush=True)
    for line in violations(page, axe) if axe else ():
        print(f"  {line}", flush=True)


def answer_errors(app: Flask) -> None:
    """Answer words that begin with ``answer-`` with the status that follows."""

    @app.before_request
    def answer() -> None:
        asked = request.args.get("q", "")
        if request.path.startswith("/api/") and asked.startswith(REFUSED):
            abort(int(asked.removeprefix(REFUSED)))


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
    answer_errors(app)
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
    parser.add_argument("--states", default=",".join(ALL_STATES), help="%(default)s")
    parser.add_argument("--widths", default=",".join(map(str, WIDTHS)), help="%(default)s")
    parser.add_argument("--schemes", default="light,dark", help="%(default)s")
    parser.add_argument("--language", default="en", help="of the browser (en)")
    parser.add_argument("--text", type=int, default=100, help="size of text, in percent (100)")
    parser.add_argument("--axe", action="store_true", help="print what axe finds")
    given = parser.parse_args()
    axe = axe_source() if given.axe else ""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(shutil.copytree(given.folder / "drawn", Path(folder) / "drawn")) / given.photo
        app = open_copy(given.folder, Path(folder))
        with serve(app) as address:
            driver = start_chromium(Path(folder) / "profile")
            driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            page = ShopPage(driver, address)
            page.speak(given.language)
            try:
                page.open()
                page.enlarge(given.text)
                for scheme in given.schemes.split(","):
                    page.prefer(*SCHEMES[scheme])
                    for width in map(int, given.widths.split(",")):
                        page.resize(width, WIDTHS.get(width, 800))
                        for state in given.states.split(","):
                            page.network()
                            ALL_STATES[state](page, photo)
                            take(page, given.out / f"{state}-{width}-{scheme}.png", width, axe)
            finally:
                driver.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
