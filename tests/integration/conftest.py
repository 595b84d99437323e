"""A real application behind a real server, and a real browser before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from selenium.webdriver.remote.webdriver import WebDriver
from werkzeug.serving import make_server

from tests.integration.page import Page, start_chromium
from tests.integration.web_catalogue import draw, file_of, make_app


@pytest.fixture(scope="module")
def jobs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the application's jobs."""
    return tmp_path_factory.mktemp("jobs")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, jobs_folder: Path) -> Iterator[Flask]:
    app = make_app(tmp_path_factory.mktemp("catalogue"), jobs=jobs_folder)
    yield app
    app.extensions["houndstooth"].engine.close()


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """The application's address, while it is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    with serve(app) as address:
        yield address


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    driver = start_chromium(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def page(driver: WebDriver, address: str) -> Iterator[Page]:
    driver.get_log("browser")
    page = Page(driver, address)
    yield page
    page.restore()
    log = [entry["message"] for entry in driver.get_log("browser")]
    assert [line for line in log if "Content Security" in line or "Uncaught" in line] == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    file.write_bytes(file_of(draw("green", (200, 250))))
    return file
