"""The page shows a photo as the service understood it, whatever the browser makes of its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.remote.webdriver import WebDriver

from houndstooth.models.runtime.images import NOTES, decode_image, encode_preview
from tests.fakes import FakeExtractor
from tests.integration.conftest import serve
from tests.integration.page import Page
from tests.integration.web_catalogue import draw, file_of, make_app


class RealDecoding(FakeExtractor):
    """Decodes as the networks' extractor does."""

    def decode(self, data: bytes) -> Image.Image:
        return decode_image(data)

    def preview(self, image: Image.Image) -> bytes:
        return encode_preview(image)

    def _one(self, image: Image.Image, *rest: object) -> object:  # type: ignore[override]
        features = super()._one(image, *rest)  # type: ignore[arg-type]
        return replace(features, notes=image.info.get(NOTES, ()))


@pytest.fixture(scope="module")
def photos(driver: WebDriver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    app = make_app(tmp_path_factory.mktemp("catalogue"), RealDecoding())
    with serve(app) as address:
        yield Page(driver, address)
    app.extensions["houndstooth"].engine.close()


def shown_size(page: Page) -> tuple[int, int]:
    script = (
        "const image = document.querySelector('#picture img');"
        "return [image.naturalWidth, image.naturalHeight]"
    )
    page.wait(lambda: page.driver.execute_script(script)[0], "no picture")
    width, height = page.driver.execute_script(script)
    return width, height


@pytest.mark.parametrize("image_format", ["HEIF", "TIFF", "JPEG2000", "AVIF"])
def test_formats_that_the_browser_cannot_draw_are_shown(
    photos: Page, tmp_path: Path, image_format: str
) -> None:
    file = tmp_path / "photo"
    file.write_bytes(file_of(draw("green", (200, 250)), image_format))
    photos.open()
    photos.upload(file)
    photos.settled()
    assert shown_size(photos) == (200, 250)
    assert photos.all("#picture .unshowable") == []


@pytest.mark.parametrize("way", ["exif", "xmp"])
def test_a_photo_is_shown_upright_and_boxes_lie_on_it(
    photos: Page, tmp_path: Path, way: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    file = tmp_path / "photo.webp"
    extra = {"exif": exif} if way == "exif" else {"xmp": packet}
    file.write_bytes(file_of(draw("green", (250, 200)), "WEBP", **extra))
    photos.open()
    photos.upload(file)
    photos.settled()
    assert shown_size(photos) == (200, 250)
    assert photos.one("#picture .box").is_displayed()


def test_a_photo_that_ends_early_is_searched_and_it_is_said(photos: Page, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(file_of(draw("red", (200, 250)), "JPEG")[:-2])
    photos.open()
    photos.upload(file)
    photos.settled()
    photos.reads("#caption", "The end of this photo is missing")
