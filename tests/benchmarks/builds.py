"""How fast this build is beside an older one, on the same photos, in turns.

``python -m tests.benchmarks.builds --products FEED --commit REV [--limit 1024] [--rounds 3]``

Each build first fills a catalogue with the whole feed, which is timed too. Each round, with each
build in a process of its own: (a) the feed's first products are ingested into a SQLite file, after
64 to warm up, and once more without what is beside their items, which older builds did not
recognise; (b) photos are extracted one by one, nothing known of them; (c) photos are sent
to the real server, whose catalogue holds the whole feed, one after another. Prints each build's
figures, medians of the rounds, and their ratios with the standard error over rounds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median, stdev

from tests.benchmarks.trees import checked_out, run

# Each works with both trees, and prints JSON.
FILL = """
import json, sys, time
from houndstooth.commands import main

begin = time.perf_counter()
status = main(["ingest", *sys.argv[1:]])
print()
print(json.dumps([status, time.perf_counter() - begin]))
"""

INGEST = """
import json, resource, sys, time
from itertools import islice
from pathlib import Path
from houndstooth import Taxonomy, load_extractor, open_engine
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.pipeline import ingest_feed, threads_per_batch
from houndstooth.ingest.products import read_feed

feed, engine = Path(sys.argv[1]), open_engine(sys.argv[2])
engine.prepare()
taxonomy = Taxonomy.load()
extractor = load_extractor(taxonomy, threads=threads_per_batch())
if sys.argv[3] == "alone":
    extract = extractor.extract
    extractor.extract = lambda images, categories, boxes, **_: extract(images, categories, boxes)
parts = {"extractor": extractor, "engine": engine}
parts |= {"taxonomy": taxonomy, "load_image": folder_images(feed.parent)}
written = 0
with open_feed(feed) as rows:
    products = iter(read_feed(rows)[1])
    for batch in ingest_feed(islice(products, 64), **parts):
        pass
    begin = time.perf_counter()
    for batch in ingest_feed(products, **parts):
        written += sum(outcome.status == "written" for outcome in batch)
    seconds = time.perf_counter() - begin
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print()
print(json.dumps([written / seconds, memory]))
"""

EXTRACT = """
import json, sys, time
from pathlib import Path
from houndstooth import Taxonomy, load_extractor

extractor = load_extractor(Taxonomy.load())
files = sorted(Path(sys.argv[1]).rglob("*.jpg"))
files = files[:: max(1, len(files) // 130)][:130]
times = []
for file in files:
    image = extractor.decode(file.read_bytes())
    begin = time.perf_counter()
    extractor.extract([image])
    times.append(1000 * (time.perf_counter() - begin))
print()
print(json.dumps(sorted(times[10:])))
"""

QUERY = """
import json, sys
from pathlib import Path
from tests.benchmarks.query_time import measure, serve

files = sorted(Path(sys.argv[2]).rglob("*.jpg"))
photos = [file.read_bytes() for file in files[:: max(1, len(files) // 130)][:130]]
with serve(sys.argv[1]) as port:
    times = measure(port, photos, 120)
print()
print(json.dumps(sorted(one["upload to answer"] for one in times)))
"""

Figures = dict[str, list[float]]
"""By the name of a figure, one value a round."""


def head(feed: Path, count: int, folder: Path) -> Path:
    """Write the first rows of a feed beside links to its images."""
    lines = feed.read_text(encoding="utf-8").splitlines(keepends=True)
    path = folder / "head.csv"
    path.write_text("".join(lines[: count + 1]), encoding="utf-8")
    for image in feed.parent.iterdir():
        if image.is_dir():
            (folder / image.name).symlink_to(image)
    return path


def at(share: float) -> Callable[[list[float]], float]:
    """Return a function that looks up the value below which a share of sorted values lies."""
    return lambda values: values[min(len(values) - 1, int(share * len(values)))]


def measure(tree: Path, feed: Path, images: Path, whole: str, folder: Path) -> dict[str, float]:
    """Measure a build once: its figures by name."""
    rates = []
    for what in ("alone", "with others"):
        database = folder / "round.db"
        database.unlink(missing_ok=True)
        rate, memory = run(tree, INGEST, str(feed), f"sqlite:///{database}", what)
        rates.append(rate)
    extracted = run(tree, EXTRACT, str(images))
    answered = run(tree, QUERY, whole, str(images))
    return {
        "products/s": rates[1],
        "… items alone": rates[0],
        "peak MiB": memory,
        "extract p50 ms": at(0.5)(extracted),
        "query p50 ms": at(0.5)(answered),
        "query p95 ms": at(0.95)(answered),
    }


def main() -> None:
    """Check the commit out, fill a catalogue with each build, and measure in turns."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.builds",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--commit", required=True, metavar="REV", help="the older build")
    parser.add_argument("--limit", type=int, default=1024, help="products to ingest (1024)")
    parser.add_argument("--rounds", type=int, default=3, help="(3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed, images = head(options.products, options.limit, folder), options.products.parent
        found: dict[str, Figures] = {}
        with checked_out(options.commit, folder) as trees:
            wholes = {}
            for label, tree in trees.items():
                wholes[label] = f"sqlite:///{folder}/whole-{label}.db"
                command = (str(options.products), "--engine", wholes[label])
                status, seconds = run(tree, FILL, *command)
                if status:
                    sys.exit("expected every product to come in")
                print(f"{label}: the whole feed in {seconds:.0f} s", flush=True)
            for _ in range(options.rounds):
                for label, tree in trees.items():
                    figures = measure(tree, feed, images, wholes[label], folder)
                    for key, value in figures.items():
                        found.setdefault(label, {}).setdefault(key, []).append(value)
                    print(
                        label, {key: round(value, 1) for key, value in figures.items()}, flush=True
                    )
    old, new = found.values()
    print(f"{'':16}{options.commit:>12}{'this':>12}{'ratio':>10}{'s.e.':>8}")
    for key in new:
        ratios = [b / a for a, b in zip(old[key], new[key], strict=True)]
        error = stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.0
        print(
            f"{key:16}{median(old[key]):12.1f}{median(new[key]):12.1f}"
            f"{mean(ratios):10.3f}{error:8.3f}"
        )


if __name__ == "__main__":
    main()
