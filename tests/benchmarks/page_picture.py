"""The picture of the page that README.md shows, of a server that runs already (``make demo``).

``python -m tests.benchmarks.page_picture --photo PHOTO --out docs/page.jpg``

A photo of our own drawing: ``python -m models.synthetic --outfits 1 …`` makes some.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.integration.page import Page, start_chromium

WIDTH, HEIGHT, SCALE = 1280, 800, 1.5
# Pictures further down load when somebody scrolls to them.
LOADED = """
return [...document.querySelectorAll('.card img')]
    .filter(image => image.getBoundingClientRect().top < innerHeight)
    .every(image => image.complete)
"""


def main() -> None:
    """Ask the page for the photo, and keep what is seen."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.page_picture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photo", type=Path, required=True, help="to ask for")
    parser.add_argument("--out", type=Path, required=True, help="picture to write")
    parser.add_argument(
        "--address", default="http://127.0.0.1:8000", help="of the page (http://127.0.0.1:8000)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as profile:
        driver = start_chromium(Path(profile))
        try:
            page = Page(driver, options.address)
            page.resize(WIDTH, HEIGHT, SCALE)
            driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            page.open()
            page.upload(options.photo.resolve())
            page.settled()
            page.wait(lambda: driver.execute_script(LOADED), "pictures that load")
            seen = driver.get_screenshot_as_png()
        finally:
            driver.quit()
    with Image.open(io.BytesIO(seen)) as picture:
        picture.convert("RGB").save(options.out, quality=88)


if __name__ == "__main__":
    main()
