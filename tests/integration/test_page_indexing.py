"""The page while its own process indexes the catalogue, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.web.app import create_app
from houndstooth.web.progress import Progress
from tests.fakes import FakeExtractor
from tests.integration.conftest import serve
from tests.integration.page import PHONE, SMALL_PHONE, Page
from tests.integration.web_catalogue import CATEGORIES, fill

WORDS = "#indexing-words"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Callable[[Progress], Flask]]:
    """An application over a catalogue that is still empty."""
    engine = open_engine(f"sqlite:///{tmp_path / 'catalogue.db'}")
    engine.prepare()

    def make(progress: Progress) -> Flask:
        settings = Settings(images=tmp_path)
        return create_app(settings, extractor=FakeExtractor(), engine=engine, progress=progress)

    yield make
    engine.close()


@contextmanager
def opened(app: Flask, page: Page) -> Iterator[Page]:
    with serve(app) as address:
        yield Page(page.driver, address)
        page.driver.get("about:blank")  # so that it asks no more


def come_in(app: Flask, folder: Path) -> None:
    (folder / "images").mkdir()
    fill(app.extensions["houndstooth"].engine, Taxonomy.load(), folder / "images")


def test_products_come_in_while_the_page_is_open(
    page: Page, empty: Callable[[Progress], Flask], tmp_path: Path
) -> None:
    progress = Progress(640)
    app = empty(progress)
    with opened(app, page) as here:
        here.open()
        here.reads(WORDS, "0 of 640 products are in; the first can be searched in a few seconds.")
        assert not here.one("#start-notice").is_displayed()
        assert here.one("#file") and not here.all(".sample")

        come_in(app, tmp_path)
        progress.add(90, 2)
        here.reads(WORDS, "90 of 640 products are in and can be searched; 548 are still to come.")
        here.reads(WORDS, "2 cannot be used; the terminal says why.")
        here.wait(lambda: len(here.all(".sample")) == len(CATEGORIES), "no samples")
        bar = here.one("#indexing-bar")
        assert (bar.get_property("max"), bar.get_property("value")) == (640, 92)
        here.after(lambda: here.one(".sample").click())
        assert here.one("#indexing").is_displayed()

        progress.add(548, 0)
        progress.end()
        here.reads(WORDS, "All 638 products are in. 2 cannot be used")
        assert not here.one("#indexing-bar").is_displayed()
        here.open()
        here.one(".sample")
        assert not here.one("#indexing").is_displayed()


def test_a_feed_of_unknown_size_and_an_early_end(
    page: Page, empty: Callable[[Progress], Flask]
) -> None:
    progress = Progress(None, present=5)
    with opened(empty(progress), page) as here:
        here.open()
        here.reads(WORDS, "5 products are in and can be searched; more are coming.")
        progress.end(stopped=True)
        here.reads(WORDS, "5 products are in; indexing stopped, and the terminal says why.")
        here.reads("#status", "indexing stopped")


def test_a_catalogue_that_is_in_is_checked_for_changes(
    page: Page, empty: Callable[[Progress], Flask]
) -> None:
    with opened(empty(Progress(90, present=90)), page) as here:
        here.open()
        here.reads(WORDS, "90 of 90 products are in and can be searched; they are checked")


@pytest.mark.parametrize("width", [PHONE, SMALL_PHONE])
def test_the_bar_fits_a_phone(page: Page, empty: Callable[[Progress], Flask], width: int) -> None:
    with opened(empty(Progress(9048)), page) as here:
        here.resize(width)
        here.open()
        here.reads(WORDS, "0 of 9,048 products are in")
        script = "return document.documentElement.scrollWidth"
        assert here.driver.execute_script(script) <= width


def test_nothing_is_shown_where_nothing_is_indexed(page: Page, app: Flask) -> None:
    page.open()
    page.one(".sample")
    assert not page.all("#indexing")
    assert app.test_client().get("/api/v1/progress").json == {"progress": None}
