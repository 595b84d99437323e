"""How near the whole ingest comes to the rate of the networks that it runs.

``python -m tests.benchmarks.ingest_rate --products FEED [--engine URL] [--limit N]``

In turns, in one process: (a) the whole pipeline, from the feed's rows to documents in the engine;
(b) the networks alone: every run of the pipeline once more, on the same inputs, one after another
with all processors; (c) the same runs, one on each processor at a time: the most that could be
done. Prints the rates, and the pipeline's share of both. The engine must not hold the products
yet; without ``--engine`` it is a SQLite file in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar
from unittest import mock

import onnxruntime

from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import BATCH, ingest_feed, threads_per_batch
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.engines import open_engine

ROUND = 16 * BATCH


class RecordedSession(onnxruntime.InferenceSession):  # type: ignore[misc]
    """Keeps what its runs were given; all sessions share the list."""

    runs: ClassVar[list[tuple[RecordedSession, Any]]] = []

    def run(self, names: Any, inputs: Any) -> Any:
        """Run, and keep the inputs."""
        self.runs.append((self, inputs))
        return super().run(names, inputs)

    def again(self, inputs: Any) -> None:
        """Run without keeping anything."""
        super().run(None, inputs)


def measure(feed_path: Path, folder: Path, engine: Engine, limit: int | None) -> bool:
    """Measure and print; returns whether every product was written."""
    taxonomy = Taxonomy.load()
    images = folder_images(feed_path.parent)

    def ingest(products: Sequence[FeedProduct | Outcome], extractor: Extractor, to: Engine) -> None:
        for batch in ingest_feed(
            products, extractor=extractor, engine=to, taxonomy=taxonomy, load_image=images
        ):
            outcomes.update(outcome.status for outcome in batch)

    extractor = load_extractor(taxonomy, threads=threads_per_batch())
    with mock.patch("onnxruntime.InferenceSession", RecordedSession):
        recorded = load_extractor(taxonomy, threads=threads_per_batch())
        with_all = load_extractor(taxonomy)
    sessions = dict(zip(sessions_of(recorded), sessions_of(with_all), strict=True))
    other = open_engine(f"sqlite:///{folder}/recorded.db")
    other.prepare()
    seconds: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    written = count = 0
    with open_feed(feed_path) as feed, ThreadPoolExecutor(os.cpu_count()) as pool:
        products = islice(read_feed(feed)[1], limit)
        while chunk := list(islice(products, ROUND)):
            RecordedSession.runs.clear()
            ingest(chunk, recorded, other)
            runs = list(RecordedSession.runs)
            outcomes.clear()
            with timed(seconds, "pipeline"):
                ingest(chunk, extractor, engine)
            with timed(seconds, "one after another"):
                for session, inputs in runs:
                    sessions[session].again(inputs)
            with timed(seconds, "one on each"):
                list(pool.map(lambda run: run[0].again(run[1]), runs))
            written += outcomes["written"]
            count += len(chunk)
            print_line(count, seconds)
    other.close()
    print(f"model {extractor.model}; {written} of {count} written")
    return written == count > 0


def sessions_of(extractor: ImageExtractor) -> list[RecordedSession]:
    """List the sessions of an extractor's networks, in one order."""
    parts = [extractor.recogniser, extractor.locator.detector]
    found = [session for part in parts for session in vars(part).values()]
    return [session for session in found if isinstance(session, RecordedSession)]


@contextmanager
def timed(seconds: Counter[str], name: str) -> Iterator[None]:
    """Add the seconds that a block takes to those of a name."""
    begin = perf_counter()
    yield
    seconds[name] += perf_counter() - begin


def print_line(count: int, seconds: Mapping[str, float]) -> None:
    """Print the rates so far, in products a second, and the pipeline's share of the networks'."""
    pipeline = seconds["pipeline"]
    shares = [
        f"{name} {count / taken:6.1f}/s: {taken / pipeline:.2f} of it"
        for name, taken in seconds.items()
        if name != "pipeline"
    ]
    rates = [f"{count:>6,} products", f"pipeline {count / pipeline:6.1f}/s", "networks:", *shares]
    print("   ".join(rates), flush=True)


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
            complete = measure(arguments.products, Path(folder), engine, arguments.limit)
        finally:
            engine.close()
    if not complete:
        print("some products were not written", file=sys.stderr)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
