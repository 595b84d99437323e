"""How long a shopper waits from the photo to the first hits, by network, in a real Chromium.

``python -m tests.benchmarks.page_time --folder var --photos DIR [--count N] [--slower N]``

Serves a demo's catalogue (``--folder``) by the real server. Each photo of DIR is given to the page
of a phone, for each network, which Chromium emulates; ``--slower`` makes its processor so many
times slower. Prints the median and the worst time from the photo to the first cards, that of which
the copy and the service take, and the time to the first picture in a card.
``tests.benchmarks.reduced_photos`` leaves photos of 12 megapixels.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.demo_catalogue import database_of
from tests.benchmarks.query_time import serve
from tests.integration.page import PHONE, Page, start_chromium

MEGABIT = 1e6 / 8
NETWORKS = {
    "none emulated": (0, -1, -1),
    "4G: 9 Mbit/s both ways, 170 ms": (170, 9 * MEGABIT, 9 * MEGABIT),
    "slow 4G: 1.6 down, 0.75 up, 150 ms": (150, 1.6 * MEGABIT, 0.75 * MEGABIT),
}
"""Latency in ms, bytes a second down and up: WebPageTest's 4G, and Lighthouse's slow 4G."""
WATCH = """
window.times = {};
document.getElementById("file").addEventListener("change", () => {
  window.times.given = performance.now();
}, true);
const shown = () => {
  if (document.querySelector("#results .card[data-id]")) times.cards ??= performance.now();
  const image = document.querySelector("#results .card img");
  if (image?.complete && image.naturalWidth) times.picture ??= performance.now();
};
new MutationObserver(shown).observe(document.getElementById("results"), { childList: true });
document.getElementById("results").addEventListener("load", shown, true);
"""
TOLD = """
const [sent] = performance.getEntriesByType("resource").filter((one) => /search$/.test(one.name));
return { copy: sent.startTime - times.given, cards: times.cards - times.given,
  service: sent.responseEnd - sent.startTime, picture: (times.picture ?? NaN) - times.given };
"""


def measure(page: Page, photo: Path) -> dict[str, float]:
    """Give the page a photo; milliseconds."""
    page.open()
    page.one(".sample")
    page.driver.execute_script(WATCH)
    page.upload(photo)
    page.wait(lambda: page.driver.execute_script("return times.picture"), "no picture")
    told: dict[str, float] = page.driver.execute_script(TOLD)
    return told


def emulate(page: Page, network: str, slower: float) -> None:
    """Slow the network and the processor down."""
    latency, down, up = NETWORKS[network]
    conditions: dict[str, Any] = {"offline": False, "latency": latency}
    conditions |= {"downloadThroughput": down, "uploadThroughput": up}
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
    page.driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": slower})


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.page_time",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=Path("var"), help="of a demo (var)")
    parser.add_argument("--photos", type=Path, default=Path("var/large"), help="(var/large)")
    parser.add_argument("--count", type=int, default=8, help="photos (8)")
    parser.add_argument("--slower", type=float, default=2, help="times slower processor (2)")
    given = parser.parse_args()
    photos = sorted(given.photos.resolve().glob("*.jpg"))[: given.count]
    engine = f"sqlite:///{database_of(given.folder)}"
    print("| network | first cards, median | worst | the copy | the service | first picture |")
    print("|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as profile,
        serve(engine, (given.folder / "drawn").resolve()) as port,
    ):
        driver = start_chromium(Path(profile))
        try:
            page = Page(driver, f"http://127.0.0.1:{port}")
            page.resize(PHONE)
            measure(page, photos[0])  # warms up
            for network in NETWORKS:
                emulate(page, network, given.slower)
                rows = [measure(page, photo) for photo in photos]
                typical = {name: median(row[name] for row in rows) for name in rows[0]}
                worst = max(row["cards"] for row in rows)
                print(
                    f"| {network} | {typical['cards']:.0f} ms | {worst:.0f} ms "
                    f"| {typical['copy']:.0f} ms | {typical['service']:.0f} ms "
                    f"| {typical['picture']:.0f} ms |",
                    flush=True,
                )
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
