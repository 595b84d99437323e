"""What the page keeps in the browser: the photo, saved products, recent searches."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.page import Page
from tests.integration.web_catalogue import draw, file_of

REDUCE = """
return (async () => {
  const { reduced } = await import("/static/js/reduce.js");
  const data = Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0));
  const copy = await reduced(new File([data], "photo", { type: arguments[1] }));
  const reader = new FileReader();
  const read = new Promise((done) => (reader.onload = () => done(reader.result)));
  reader.readAsDataURL(copy);
  return (await read).split(",")[1];
})();
"""


def reduced(page: Page, data: bytes, kind: str = "image/jpeg") -> bytes:
    """What the page sends of a file."""
    text = base64.b64encode(data).decode()
    return base64.b64decode(page.driver.execute_script(REDUCE, text, kind))


def noisy(width: int, height: int) -> Image.Image:
    """A photo that does not compress well, green as the one of the tests."""
    noise = np.random.default_rng(0).integers(0, 30, (height, width, 3), dtype=np.uint8)
    noise[..., 1] += 120
    return Image.fromarray(noise)


def test_a_photo_survives_a_reload(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    before = page.settled()
    address = page.driver.current_url
    page.driver.refresh()
    assert page.settled() == before
    assert page.driver.current_url == address
    assert page.one("#picture img").get_attribute("src").startswith(("blob:", "data:image/jpeg"))
    page.one("[data-key=show-more]").click()
    page.wait(lambda: len(page.ids()) > 24, "no more hits")


def test_a_large_photo_is_sent_and_kept_as_a_small_copy(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(file_of(noisy(3000, 4000), "JPEG", quality=90))
    assert large.stat().st_size > 3_000_000
    page.open()
    page.upload(large)
    assert page.settled()  # the service takes 300,000 bytes at most
    copy = reduced(page, large.read_bytes())
    with Image.open(io.BytesIO(copy)) as image:
        assert (image.format, image.size) == ("JPEG", (768, 1024))


def test_a_small_photo_is_sent_as_it_is(page: Page) -> None:
    page.open()
    for form in ("PNG", "JPEG", "WEBP"):
        data = file_of(draw("green"), form)
        assert reduced(page, data, f"image/{form.lower()}") == data


def test_a_copy_stands_upright_and_is_laid_on_white(page: Page) -> None:
    page.open()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    turned = Image.new("RGB", (2000, 1200), "white")
    turned.paste((200, 0, 0), (0, 0, 1000, 1200))
    with Image.open(io.BytesIO(reduced(page, file_of(turned, "JPEG", exif=exif)))) as image:
        assert image.size == (614, 1024)
        top, low = (image.convert("RGB").getpixel((300, y)) for y in (100, 900))
    assert top[0] > 180 > 60 > top[1]
    assert min(low) > 240
    clear = Image.new("RGBA", (2000, 1500), (0, 0, 0, 0))
    clear.paste((0, 120, 0, 255), (500, 500, 1500, 1000))
    rough = np.asarray(clear).copy()
    rough[500:1000, 500:1500, :3] = np.random.default_rng(0).integers(0, 255, (500, 1000, 3))
    sent = reduced(page, file_of(Image.fromarray(rough)), "image/png")
    with Image.open(io.BytesIO(sent)) as image:
        assert image.size == (1024, 768)
        assert min(image.convert("RGB").getpixel((10, 10))) > 250


@pytest.mark.parametrize("size", [(9000, 90), (40, 3000)])
def test_a_narrow_photo_is_not_made_narrower(page: Page, size: tuple[int, int]) -> None:
    page.open()
    data = file_of(draw("green", size, inset=4), "JPEG")
    assert reduced(page, data) == data


def test_what_is_no_photo_is_sent_as_it_is(page: Page) -> None:
    page.open()
    assert reduced(page, b"not an image" * 50_000) == b"not an image" * 50_000


def test_products_are_saved_and_given_up(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    ids = page.settled()
    for place in (1, 4):
        page.one(f'[data-id="{ids[place]}"] .heart').click()
    assert page.text("#saved-number") == "2"
    page.one("#saved-link").click()
    page.wait(lambda: len(page.all("#saved-list .card")) == 2, "not saved")
    found = [one.get_attribute("data-id") for one in page.all("#saved-list .card")]
    assert found == [ids[4], ids[1]]
    page.driver.refresh()
    page.wait(lambda: len(page.all("#saved-list .card")) == 2, "not kept")
    heart = page.one(f'#saved-list [data-id="{ids[4]}"] .heart')
    assert heart.get_attribute("aria-pressed") == "true"
    heart.click()
    assert page.text("#saved-number") == "1"
    page.after(lambda: page.one(f'#saved-list [data-id="{ids[1]}"] .similar').click())
    assert f"like={ids[1]}" in page.driver.current_url
    page.driver.back()
    page.wait(lambda: len(page.all("#saved-list .card")) == 1, "not given up")


def test_saved_products_that_are_gone_are_told(page: Page) -> None:
    page.open()
    page.driver.execute_script(
        "localStorage.setItem('houndstooth-saved', JSON.stringify(['gone', 'jacket-red-1']))"
    )
    page.open("/?saved=yes")
    page.reads("#saved-words", "1 saved product is no longer in the catalogue.")
    assert len(page.all("#saved-list .card")) == 1


@pytest.mark.parametrize("kept", ["{", '{"a": 1}', "null", '"x"', "7"])
def test_what_is_kept_may_be_spoilt(page: Page, kept: str) -> None:
    page.open()
    for name in ("houndstooth-saved", "houndstooth-recent"):
        page.driver.execute_script("localStorage.setItem(...arguments)", name, kept)
    page.open("/?like=jacket-red-0")
    assert page.settled()
    page.open("/?saved=yes")
    page.reads("#saved-words", "Nothing saved yet.")


def test_recent_searches_are_offered_and_forgotten(page: Page, photo: Path) -> None:
    page.open()
    assert not page.one("#recent").is_displayed()
    page.upload(photo)
    by_photo = page.settled()
    address = page.driver.current_url
    page.open("/?like=jacket-red-0")
    by_product = page.settled()
    page.open()
    page.wait(lambda: len(page.all("#recent .sample")) == 2, "nothing recent")
    names = [one.text for one in page.all("#recent .sample-name")]
    assert names == ["Red Jacket 0", "Your photo"]
    assert page.after(lambda: page.upload(photo)) == by_photo
    assert page.driver.current_url == address, "the same photo has another address"
    page.upload(photo)  # once more, while it is searched for
    assert page.settled() == by_photo
    page.open()
    page.wait(lambda: len(page.all("#recent .sample")) == 2, "the same photo stands there twice")
    names = [one.text for one in page.all("#recent .sample-name")]
    assert names == ["Your photo", "Red Jacket 0"]
    page.open("/?like=jacket-red-0")
    page.settled()
    page.open()
    page.wait(lambda: len(page.all("#recent .sample")) == 2, "nothing recent")
    assert page.after(lambda: page.all("#recent .sample")[1].click()) == by_photo
    page.driver.back()
    page.wait(lambda: page.one("#recent").is_displayed(), "not back")
    assert page.after(lambda: page.all("#recent .sample")[1].click()) == by_product
    page.open()
    page.one("#forget").click()
    page.wait(lambda: not page.one("#recent").is_displayed(), "not forgotten")
    page.open(f"/?{address.partition('?')[2]}")
    page.reads("#start-notice", "only its owner has")
    assert not page.one("#recent").is_displayed()


def test_at_most_eight_photos_are_kept(page: Page, tmp_path: Path) -> None:
    page.open()
    page.one(".sample")
    for number in range(10):
        file = tmp_path / f"{number}.png"
        file.write_bytes(file_of(draw("green", (100 + number, 130))))
        page.after(lambda: page.upload(file))  # noqa: B023
    page.open()
    page.wait(lambda: page.all("#recent .sample"), "nothing recent")
    assert len(page.all("#recent .sample")) == 8
