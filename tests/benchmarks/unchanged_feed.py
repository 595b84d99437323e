"""How fast an unchanged feed goes in, beside an older commit, in turns.

``python -m tests.benchmarks.unchanged_feed [--rows 100000] [--rounds 2] [--commit 1020da9]``

Fills a SQLite file of its own with each tree, then gives the same feed again by turns: every image
is read and hashed, every fact compared, and nothing recognised. Prints products per second of
processor time, medians of the rounds, and the largest memory of a process.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path
from statistics import median

from PIL import Image

from tests.benchmarks.feed_reading import COLUMNS, products
from tests.benchmarks.trees import checked_out, run

# Works with both trees. Prints seconds of processor time and the largest memory in MiB.
INGEST = """
import json, resource, sys, time
from houndstooth.commands import main
from tests.fakes import FakeExtractor

begin = time.process_time()
status = main(["ingest", *sys.argv[1:], "--batch", "64"], extractor=FakeExtractor())
seconds = time.process_time() - begin
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print()
print(json.dumps([status, seconds, memory]))
"""


def write_feed(folder: Path, count: int) -> Path:
    """Write a feed of drawn products that share four images."""
    for number in range(4):
        Image.new("RGB", (24, 24), (60 * number, 90, 90)).save(folder / f"{number}.png")
    path = folder / "feed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        place = COLUMNS.index("image_link")
        for number, cells in enumerate(products(count)):
            writer.writerow([*cells[:place], f"{number % 4}.png", *cells[place + 1 :]])
    return path


def ingest(tree: Path, feed: Path, database: Path) -> tuple[float, float]:
    """Ingest a feed with the code of a tree; return seconds and the largest memory in MiB."""
    status, seconds, memory = run(tree, INGEST, str(feed), "--engine", f"sqlite:///{database}")
    if status:
        sys.exit("expected every product to come in")
    return seconds, memory


def main() -> None:
    """Write the feed, check the commit out, and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.unchanged_feed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=100_000, help="products (100000)")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each (2)")
    parser.add_argument("--commit", default="1020da9", help="the older code (1020da9)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed = write_feed(folder, options.rows)
        with checked_out(options.commit, folder) as trees:
            for label, code in trees.items():
                ingest(code, feed, folder / f"{label}.db")
            found: dict[str, list[tuple[float, float]]] = {label: [] for label in trees}
            for _ in range(options.rounds):
                for label, code in trees.items():
                    found[label].append(ingest(code, feed, folder / f"{label}.db"))
    rates = {label: options.rows / median(s for s, _ in runs) for label, runs in found.items()}
    for label, runs in found.items():
        print(f"{label:10}{rates[label]:12,.0f} products/s  {max(m for _, m in runs):6.0f} MiB")
    old, new = rates.values()
    print(f"{new / old:.2f} times as fast")


if __name__ == "__main__":
    main()
