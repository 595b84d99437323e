"""How near the whole ingest comes to the rate of the networks that it runs.

``python -m tests.benchmarks.ingest_rate --products FEED [--engine URL] [--limit N]``

In turns, in one process: (a) the networks alone, with all processors, on batches of ready windows,
and the detector as often as the categories in the sellers' texts have it look; (b) the whole
pipeline, from the feed's rows to documents in the engine, on as many products. Prints both rates,
their ratio, and the largest memory the process has had. The engine must not hold the products yet;
without ``--engine`` it is a SQLite file in a temporary folder.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import BATCH, ingest_feed, threads_per_batch
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.features import WHOLE_IMAGE
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.localisation.background import PlainBackground
from houndstooth.models.localisation.locator import Location
from houndstooth.models.recognition.prediction import Choice
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.runtime.crop import Crop
from houndstooth.plugin.engines import open_engine

ROUND = 128 * BATCH


def measure(feed_path: Path, engine: Engine, limit: int | None) -> bool:
    """Measure and print; returns whether every product was written."""
    taxonomy = Taxonomy.load()
    alone = load_extractor(taxonomy)
    extractor = load_extractor(taxonomy, threads=threads_per_batch())
    images = folder_images(feed_path.parent)
    networks = pipeline = 0.0
    outcomes: Counter[str] = Counter()
    with open_feed(feed_path) as feed:
        products = islice(read_feed(feed)[1], limit)
        while chunk := list(islice(products, ROUND)):
            networks += networks_only(alone, choices(chunk, taxonomy), BATCH)
            start = perf_counter()
            for batch in ingest_feed(
                chunk, extractor=extractor, engine=engine, taxonomy=taxonomy, load_image=images
            ):
                outcomes.update(outcome.status for outcome in batch)
            engine.refresh()
            pipeline += perf_counter() - start
            print_line(outcomes.total(), networks, pipeline)
    print(f"model {extractor.model}; {dict(outcomes)}")
    return outcomes["written"] == outcomes.total() > 0


def networks_only(extractor: ImageExtractor, choices: Sequence[Choice], batch: int) -> float:
    """Measure the seconds that the networks alone take for images on a plain background.

    Args:
        choices: of each image; they decide whether the detector is asked.
        batch: images at a time.
    """
    recogniser, locator = extractor.recogniser, extractor.locator
    side = recogniser.card.side
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    box = np.array([0.1, 0.1, 0.9, 0.9], np.float32)
    crops = [Crop(noise, box, box)] * batch
    photo = Image.fromarray(noise).resize((240, 320))
    white = PlainBackground(np.full(3, 255, np.float32))
    framed = Location(WHOLE_IMAGE, WHOLE_IMAGE, "foreground", white, 1.0)
    detections = sum(locator.needs_detector(framed, choice) for choice in choices)
    encode_and_predict(recogniser, crops[: len(choices[:batch])], choices[:batch])
    start = perf_counter()
    for first in range(0, len(choices), batch):
        here = choices[first : first + batch]
        encode_and_predict(recogniser, crops[: len(here)], here)
    if locator.detector is not None:
        for _ in range(detections):
            locator.detector.find([photo])
    return perf_counter() - start


def choices(products: Sequence[FeedProduct | Outcome], taxonomy: Taxonomy) -> list[Choice]:
    """The leaf categories that each product's text leaves."""
    entries = [entry for entry in products if isinstance(entry, FeedProduct)]
    texts = [read_seller_text(taxonomy, entry.product.title).categories for entry in entries]
    return [leaves or None for leaves in texts]


def print_line(count: int, networks: float, pipeline: float) -> None:
    """Rates so far, in images a second, and peak memory in MiB (ru_maxrss is in KiB on Linux)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:>7,} products   networks {count / networks:7.1f}/s   "
        f"pipeline {count / pipeline:7.1f}/s   ratio {networks / pipeline:.3f}   "
        f"peak memory {peak:,.0f} MiB",
        flush=True,
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest_rate")
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--engine", metavar="URL", help="with none of the products in it")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N products only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(arguments.engine or f"sqlite:///{folder}/catalogue.db")
        try:
            engine.prepare()
            complete = measure(arguments.products, engine, arguments.limit)
        finally:
            engine.close()
    if not complete:
        print("expected every product to be written; the figures are not the pipeline's")
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
