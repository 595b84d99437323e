"""An index is migrated to another encoder while clients search it and a feed is written.

``python -m tests.benchmarks.migrate_under_load --products FEED --server URL [--count 500]``

``URL`` is ``opensearch://host:port`` or ``elasticsearch://host:port``. Fills an index with a feed's
first products, serves it by ``houndstooth serve``, and runs ``houndstooth migrate`` with a small
encoder that is built here: a first run is killed (SIGKILL) when it has done some products, a second
one goes on and lets the new version serve. Meanwhile clients search by photo, and a writer changes
prices and adds products as a worker does. Then the migration is rolled back. Prints a line for each
of the two, and ends with 1 if a search failed, or if a product lacks a write or the version that
serves. The index is removed at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread

from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.patient_engine import Waiting
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine, open_shop_index
from tests.benchmarks.attach_under_load import command
from tests.benchmarks.query_time import BOUNDARY, ROOT, wait_until_ready
from tests.conftest import free_port
from tests.load import ask, request
from tests.onnx_encoders import build, card_of

BATCH = 8


@dataclass
class Feed:
    """A writer of a feed's products: a price at a time, and now and then a product that is new."""

    url: str
    file: Path
    known: list[FeedProduct]
    new: list[FeedProduct]
    prices: dict[str, float] = field(default_factory=dict)
    written: int = 0
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._worker = IngestApp(Settings(engine=self.url))
        self._request = JobRequest(self.file, "", self.url, ReadOptions(), BATCH)

    def write(self, entries: Sequence[FeedProduct], stop: Event) -> None:
        """Write a batch as a worker does; it waits while the index takes no writes."""
        priced = []
        for entry in entries:
            self.written += 1
            facts = {**(entry.product.facts or {}), "price": float(self.written)}
            priced.append(FeedProduct(0, replace(entry.product, facts=facts)))
        outcomes, _ = self._worker.ingest(self._request, priced, Waiting(300, stop, lambda _: None))
        for entry, outcome in zip(priced, outcomes, strict=True):
            if outcome.status == "failed":
                self.failed.append(f"{outcome.product_id}: {outcome.reason}")
            self.prices[outcome.product_id] = float((entry.product.facts or {})["price"] or 0)

    def run(self, stop: Event) -> None:
        """Write until told to stop."""
        while not stop.wait(0.2):
            entries = [self.known[self.written * 7 % len(self.known)]]
            if self.new and self.written % 4 == 0:
                entries = [self.new.pop()]
                self.known += entries
            try:
                self.write(entries, stop)
            except EngineUnavailable:
                if not stop.is_set():
                    raise

    def missed(self, visual: str) -> Iterator[str]:
        """Yield what is not there as it was written, in the version that serves."""
        with closing(open_engine(f"{self.url}?visual={visual}")) as engine:
            found = {one.product_id: one for one in engine.fetch([*self.prices])}
        models = {one.visual.model for one in found.values() if one.visual}
        for key, price in self.prices.items():
            one = found.get(key)
            if one is None or one.visual is None or one.facts.get("price") != price:
                yield f"{key}: expected the price {price} and {visual}; got {one}"
        if len(models) != 1:
            yield f"expected features of one model; got {models}"


@contextmanager
def running(*targets: object) -> Iterator[None]:
    """Run functions of an event in threads, until the end."""
    stop = Event()
    threads = [Thread(target=target, args=(stop,)) for target in targets]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@dataclass
class Searches:
    """Clients that search by photo."""

    port: int
    photos: Sequence[bytes]
    clients: int
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def run(self, stop: Event) -> None:
        """Search until told to stop."""
        asyncio.run(self._all(stop))

    async def _all(self, stop: Event) -> None:
        await asyncio.gather(*(self._client(number, stop) for number in range(self.clients)))

    async def _client(self, place: int, stop: Event) -> None:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p"\r\n\r\n'
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        while not stop.is_set():
            photo = self.photos[place % len(self.photos)]
            body = head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
            reply = await ask(self.port, request("POST", "/api/v1/search", body, Content_Type=kind))
            has_hits = reply.status == 200 and b'"hits":[]' not in reply.body.replace(b" ", b"")
            self.statuses[reply.status if has_hits or reply.status != 200 else 0] += 1
            self.seconds.append(reply.seconds)
            place += self.clients


def killed(words: Sequence[str], url: str, some: int) -> int:
    """Run a migration and kill it once it has done some products; return how many."""
    process = subprocess.Popen([sys.executable, "-m", "houndstooth", *words], cwd=ROOT)
    with closing(open_shop_index(url)) as index:
        while process.poll() is None and (done := done_of(index)) < some:
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = done_of(index)
    return done


def done_of(index: object) -> int:
    """Count the documents that have ``visual_2``."""
    index.refresh()  # type: ignore[attr-defined]
    _, pages = index.documents(["visual_2.model"])  # type: ignore[attr-defined]
    return sum("visual_2" in one.source for page in pages for one in page)


def measure(what: str, words: Sequence[str], visual: str, searches: Searches, feed: Feed) -> int:
    """Run a migration to its end under load; print what came of it, and return 1 if it is wrong."""
    before, began = feed.written, time.monotonic()
    with running(searches.run, feed.run):
        status = subprocess.run([sys.executable, "-m", "houndstooth", *words], cwd=ROOT).returncode
        took = time.monotonic() - began
        time.sleep(15)  # services follow
    missed = [*feed.missed(visual), *feed.failed]
    failed = searches.statuses.total() - searches.statuses[200]
    p50, p99 = (quantiles(searches.seconds, n=100)[place] for place in (49, 98))
    print(
        f"{what}: status {status} after {took:.0f} s; {searches.statuses.total():,} searches by "
        f"{searches.clients} clients (p50 {p50:.2f} s, p99 {p99:.2f} s), {failed} failed; "
        f"{feed.written - before:,} writes, {len(missed)} missed"
    )
    print("\n".join(missed[:5]), file=sys.stderr)
    return int(bool(status or failed or missed))


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.migrate_under_load")
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--server", required=True, metavar="URL", help="opensearch://host:port")
    parser.add_argument("--count", type=int, default=500, metavar="N", help="products (500)")
    parser.add_argument("--clients", type=int, default=2, metavar="N", help="(2)")
    given = parser.parse_args()
    url, port = f"{given.server}/migrate-load-{uuid.uuid4().hex}", free_port()
    with open_feed(given.products) as opened:
        every = (one for one in read_feed(opened)[1] if isinstance(one, FeedProduct))
        products = list(islice(every, given.count + given.count // 10))
    feed = Feed(url, given.products, products[: given.count], products[given.count :])
    folder = given.products.parent
    photos = [(folder / one.product.images[0]).read_bytes() for one in products[:200]]
    try:
        with closing(open_shop_index(url)) as index, tempfile.TemporaryDirectory() as own:
            index.prepare()
            for start in range(0, given.count, BATCH):
                feed.write(feed.known[start : start + BATCH], Event())
            index.refresh()
            card_of(build(Path(own) / "m.onnx"))
            words = ["migrate", "--engine", url, "--images", str(folder)]
            forth = [*words, "--encoder", f"{own}/tiny-7.json"]
            serve = ("serve", "--port", str(port), "--engine", url)
            with command(*serve, HOUNDSTOOTH_COLUMNS=own) as web:
                wait_until_ready(web, port)
                done = killed(forth, url, given.count // 3)
                print(f"killed with {done:,} of {given.count:,} products done")
                wrong = measure(
                    "migration", forth, "visual_2", Searches(port, photos, given.clients), feed
                )
                return wrong | measure(
                    "rollback",
                    [*words, "--rollback"],
                    "visual",
                    Searches(port, photos, given.clients),
                    feed,
                )
    finally:
        with closing(open_shop_index(url)) as index:
            index._client.indices.delete(index=f"{index.index}*", ignore=[404])  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
