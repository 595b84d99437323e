"""How fast a CSV feed is read, beside an older commit, in turns.

``python -m tests.benchmarks.feed_reading [--rows 1000000] [--rounds 3] [--commit 1020da9]``

Writes a feed of 12 columns like Google's, with quoted titles and descriptions, and reads it by
turns with this working tree and with the commit, checked out to a temporary folder; each time in a
process of its own. ``rows`` is the reading alone, ``products`` also makes products of the rows.
Prints the rates per second of processor time, medians of the rounds, and the largest memory of a
process, also for a tenth of the feed: memory is flat if both are near.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

from tests.benchmarks.trees import checked_out, run

COLUMNS = (
    *("id", "title", "description", "link", "image_link", "price", "availability", "brand"),
    *("product_type", "item_group_id", "condition", "color"),
)
COLOURS = ("red", "blue", "green", "black", "white", "beige")
# Works with both trees. Prints seconds of processor time, rows and the largest memory in MiB.
READ = """
import json, resource, sys, time
from pathlib import Path
from houndstooth.ingest import columns, products
from houndstooth.ingest.feeds import open_feed

begin = time.process_time()
with open_feed(Path(sys.argv[1])) as feed:
    entries = feed.rows
    if sys.argv[2] == "products":
        if hasattr(products, "read_feed"):
            _, entries = products.read_feed(feed)
        else:
            entries = products.read_products(feed.rows, columns.detect_columns(feed.columns))
    count = sum(1 for _ in entries)
seconds = time.process_time() - begin
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, count, memory]))
"""


def products(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Draw the cells of products."""
    draw = random.Random(seed)
    for number in range(count):
        colour = draw.choice(COLOURS)
        text = f"A soft, warm T-shirt of organic cotton in {colour}, number {number}."
        yield (
            f"SKU-{number:07d}",
            f"Women's soft cotton T-shirt {number % 977}, {colour}",
            f"{text} {text}",
            f"https://shop.example/p/{number}",
            f"https://cdn.shop.example/img/{number}.jpg",
            f"{draw.randint(5, 200)}.99 EUR",
            draw.choice(("in stock", "out of stock")),
            "Acme",
            "Apparel & Accessories > Clothing > Shirts & Tops",
            f"G{number // 3}",
            "new",
            colour,
        )


def write_feed(path: Path, count: int) -> None:
    """Write a feed of drawn products."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(products(count))


def read(tree: Path, feed: Path, what: str) -> tuple[float, int, float]:
    """Read a feed with the code of a tree; return seconds, rows and the largest memory in MiB."""
    seconds, count, memory = run(tree, READ, str(feed), what)
    return seconds, count, memory


def measure(trees: dict[str, Path], feed: Path, tenth: Path, rounds: int) -> None:
    """Read by turns and print."""
    for what in ("rows", "products"):
        rates: dict[str, list[float]] = {name: [] for name in trees}
        memory = dict.fromkeys(trees, 0.0)
        for _ in range(rounds):
            for name, tree in trees.items():
                seconds, count, used = read(tree, feed, what)
                rates[name].append(count / seconds)
                memory[name] = max(memory[name], used)
        for name, tree in trees.items():
            small = read(tree, tenth, what)[2]
            print(
                f"{what:9}{name:10}{median(rates[name]):12,.0f} rows/s  "
                f"{memory[name]:6.0f} MiB, of a tenth {small:.0f} MiB"
            )
        old, new = (median(found) for found in rates.values())
        print(f"{what:9}{new / old:.2f} times as fast", flush=True)


def main() -> None:
    """Write the feed, check the commit out, and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.feed_reading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the feed (1000000)")
    parser.add_argument("--rounds", type=int, default=3, help="readings by each (3)")
    parser.add_argument("--commit", default="1020da9", help="the older code (1020da9)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed, tenth = folder / "feed.csv", folder / "tenth.csv"
        write_feed(feed, options.rows)
        with feed.open("rb") as lines, tenth.open("wb") as file:
            file.writelines(islice(lines, 1 + options.rows // 10))
        with checked_out(options.commit, folder) as trees:
            measure(trees, feed, tenth, options.rounds)


if __name__ == "__main__":
    main()
