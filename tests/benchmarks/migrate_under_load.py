"""An index is migrated to another encoder while clients search it, and feeds and REST write.

``python -m tests.benchmarks.migrate_under_load --products FEED --server URL [--count 120]``

``URL`` is ``opensearch://host:port`` or ``elasticsearch://host:port``. Runs a Redis, two workers, a
web service and a host of images on 127.0.0.1, as people start them, and gives a feed's first
products to the workers. Then ``houndstooth migrate`` is given with a small encoder that is built
here, killed (SIGKILL) when it has done a third, and given again; one worker is killed meanwhile,
with all of its processes, and another one started. Then the migration is rolled back, and the other
version dropped. All the while clients search by photo, feeds come in with other prices, other
pictures and new products, one after the other, and products are put, patched and deleted over REST.

Prints a line for each step and ends with 1 if a search failed, did not find the very product in the
photo, or found it by codes of two encoders (in another distance than before by the same one); if a
job or a write failed; if a product is not as it was written last, or has no features of the version
that serves for its present picture; or if products were recognised again without need. A REST write
that is refused with 503 is sent again, as its answer says. The index is removed at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread
from typing import Any

from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.document import picture_hash
from houndstooth.plugin.engines import open_engine, open_shop_index
from houndstooth.plugin.keys import KeyFile, make_key
from tests.benchmarks.query_time import BOUNDARY, wait_until_ready
from tests.conftest import free_port, running_redis
from tests.integration.workers.shop import Shop
from tests.load import ask, request
from tests.onnx_encoders import build, card_of

WORKERS = "tests.benchmarks.migration_workers"
WORKER = ("houndstooth", "worker", "--app", WORKERS, "--concurrency", "1")
NEW_A_FEED, PICTURES_A_FEED = 2, 1
"""Products that are new in a feed, and those that get another picture."""

REST_PRODUCTS = 10
TOP = 200
FOLLOW_SECONDS = 15
"""Time in which services follow a switch."""

Wanted = dict[str, tuple[float, str] | None]
"""Price and picture of each product as they were written last; None = it was deleted."""


@dataclass
class Feed:
    """Feeds that are given to the workers one after the other.

    Attributes:
        titles: of each picture's product.
        pictures: names of files, of which a new product or another picture takes the next.
        searched: ids of products that keep their pictures.
    """

    shop: Shop
    titles: dict[str, str]
    pictures: Iterator[str]
    searched: dict[str, str] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=dict)
    jobs: int = 0
    needed: int = 0
    recognised: int = 0
    failed: list[str] = field(default_factory=list)

    def add(self) -> str:
        """Add a product; return its id."""
        key = f"f{len(self.wanted):04}"
        self.wanted[key] = (0.0, next(self.pictures))
        self.needed += 1
        return key

    def run(self, stop: Event) -> None:
        """Give feeds until told to stop."""
        others = [key for key in self.wanted if key not in self.searched]
        while not stop.is_set():
            for place, (key, one) in enumerate(list(self.wanted.items())):
                if one is not None and place % 3 == self.jobs % 3:
                    self.wanted[key] = (float(self.jobs), one[1])
            for place in range(PICTURES_A_FEED):
                key = others[(self.jobs + place) % len(others)]
                self.wanted[key] = (float(self.jobs), next(self.pictures))
                self.needed += 1
            for _ in range(NEW_A_FEED):
                self.add()
            self.give()

    def give(self) -> None:
        """Give a feed of all products, and wait for its job."""
        self.jobs += 1
        rows = [
            {
                "id": key,
                "title": self.titles[one[1]],
                "image": f"images/{one[1]}",
                "price": f"{one[0]} EUR",
            }
            for key, one in self.wanted.items()
            if one is not None
        ]
        feed = self.shop.write(rows, f"feed-{self.jobs}.csv")
        report = f"report-{self.jobs}.json"
        given = self.shop.ingest(feed, report=report)
        output, errors = given.communicate(timeout=600)
        totals = self.shop.report(report)["totals"]
        self.recognised += totals["written"]
        if given.returncode or totals["failed"]:
            self.failed.append(f"job {self.jobs}: {output} {errors}")


@dataclass
class Rest:
    """A shop that writes over REST, one product after another."""

    port: int
    key: str
    images: str
    titles: dict[str, str]
    pictures: Iterator[str]
    wanted: Wanted = field(default_factory=dict)
    written: int = 0
    refused: int = 0
    failed: list[str] = field(default_factory=list)

    def run(self, stop: Event) -> None:
        """Write until told to stop."""
        while not stop.wait(0.3):
            number = self.written
            product_id = f"r{number % REST_PRODUCTS}"
            now = self.wanted.get(product_id)
            path, price = f"/api/v1/products/{product_id}", float(number)
            if now is None or number // REST_PRODUCTS % 4 == 0:
                picture = next(self.pictures)
                product = {
                    "title": self.titles[picture],
                    "images": [f"{self.images}/{picture}"],
                    "facts": {"price": price},
                }
                self._send("PUT", path, product)
                self.wanted[product_id] = (price, picture)
            elif number // REST_PRODUCTS % 4 == 3 and number % 2:
                self._send("DELETE", path, None)
                self.wanted[product_id] = None
            else:
                self._send("PATCH", path, {"facts": {"price": price}})
                self.wanted[product_id] = (price, now[1])
            self.written += 1

    def _send(self, method: str, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        while True:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
                data = None if body is None else json.dumps(body)
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read().decode()
            if answer.status != 503 or "Retry-After" not in answer.headers:
                break
            self.refused += 1
            time.sleep(1)
        if answer.status >= 300:
            self.failed.append(f"{method} {path}: {answer.status} {text}")


@dataclass
class Searches:
    """Clients that search by photo for products that keep their pictures.

    Attributes:
        distances: of the product in the photo, by model and product.
    """

    port: int
    photos: Sequence[tuple[str, bytes]]
    clients: int
    statuses: Counter[int] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    distances: dict[tuple[str, str], Any] = field(default_factory=dict)

    def run(self, stop: Event) -> None:
        """Search until told to stop."""
        asyncio.run(self._all(stop))

    async def _all(self, stop: Event) -> None:
        await asyncio.gather(*(self._client(number, stop) for number in range(self.clients)))

    async def _client(self, place: int, stop: Event) -> None:
        part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
        head = f'{part}"top"\r\n\r\n{TOP}\r\n{part}"image"; filename="p"\r\n\r\n'
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        while not stop.is_set():
            product_id, photo = self.photos[place % len(self.photos)]
            body = head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
            reply = await ask(self.port, request("POST", "/api/v1/search", body, Content_Type=kind))
            self.statuses[reply.status] += 1
            self.seconds.append(reply.seconds)
            if reply.status == 200:
                answer = json.loads(reply.body)
                self.models[answer["model"]] += 1
                hits = {hit["product_id"]: hit for hit in answer["hits"]}
                found = hits[product_id]["distance"] if product_id in hits else None
                before = self.distances.setdefault((answer["model"], product_id), found)
                if found is None or found != before:
                    self.wrong.append(f"{answer['model']}, {product_id}: {before}, then {found}")
            place += self.clients
            await asyncio.sleep(0.2)


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
class Run:
    """What is measured: the index, and all that is done to it."""

    shop: Shop
    feed: Feed
    rest: Rest
    port: int
    clients: int
    lose_worker: Callable[[], None]
    wrong: int = 0

    def step(self, what: str, *words: str, killed_at: int = 0) -> None:
        """Run ``houndstooth migrate`` under load; print what came of it."""
        photos = [
            (key, (self.shop.folder / "images" / name).read_bytes())
            for key, name in self.feed.searched.items()
        ]
        searches, began = Searches(self.port, photos, self.clients), time.monotonic()
        jobs, written, refused = self.feed.jobs, self.rest.written, self.rest.refused
        given = ("migrate", "--engine", self.shop.url, *words)
        with running(searches.run, self.feed.run, self.rest.run):
            if killed_at:
                self._kill(given, killed_at)
            process = self._begin(given)
            if killed_at:
                time.sleep(5)
                self.lose_worker()
            status = process.wait()
            took = time.monotonic() - began
            time.sleep(FOLLOW_SECONDS)
        failed = searches.statuses.total() - searches.statuses[200]
        missed = list(self.missed())
        told = [*searches.wrong, *missed, *self.feed.failed, *self.rest.failed]
        p50, p99 = (quantiles(searches.seconds, n=100)[place] for place in (49, 98))
        print(
            f"{what}: status {status} after {took:.0f} s; {searches.statuses.total():,} searches "
            f"(p50 {p50:.2f} s, p99 {p99:.2f} s), {failed} failed, {len(searches.wrong)} wrong, "
            f"by {dict(searches.models)}; {self.feed.jobs - jobs} feeds, "
            f"{self.rest.written - written} writes over REST, of which "
            f"{self.rest.refused - refused} attempts were to be sent again; {len(missed)} missed, "
            f"{self.feed.recognised - self.feed.needed} recognised again",
            flush=True,
        )
        print("\n".join(told[:8]), file=sys.stderr, flush=True)
        again = self.feed.recognised > self.feed.needed
        self.wrong |= int(bool(status or failed or told or again))

    def _kill(self, given: Sequence[str], some: int) -> None:
        """Run a migration, and kill it once it has done some products."""
        process = self._begin(given)
        with closing(open_shop_index(self.shop.url)) as index:
            while process.poll() is None and done_of(index) < some:
                time.sleep(0.2)
            process.send_signal(signal.SIGKILL)
            process.wait()
            print(f"killed with {done_of(index):,} products done", flush=True)

    def _begin(self, given: Sequence[str]) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "houndstooth", *given]
        return subprocess.Popen(line, env=self.shop.environment())

    def missed(self) -> Iterator[str]:
        """Yield what is not there as it was written, in the version that serves."""
        with closing(open_shop_index(self.shop.url)) as index:
            serving = index.serving()
        wanted = self.feed.wanted | self.rest.wanted
        visual = "visual" if serving is None else serving.visual
        with closing(open_engine(f"{self.shop.url}?visual={visual}")) as engine:
            found = {one.product_id: one for one in engine.fetch([*wanted])}
        models = Counter(one.visual.model for one in found.values() if one.visual)
        for key, last in wanted.items():
            one = found.get(key)
            if last is None or one is None:
                if one is not last:
                    yield f"{key}: expected {last}; got {one}"
                continue
            price, picture = last
            hashed = picture_hash((self.shop.folder / "images" / picture).read_bytes())
            stored = () if one.visual is None else one.visual.pictures
            if one.facts.get("price") != price or not any(p.endswith(hashed) for p in stored):
                yield f"{key}: expected {last} in {visual}; got {one.facts} {one.visual}"
        if len(models) != 1:
            yield f"expected features of one model; got {models}"


def done_of(index: Any) -> int:
    """Count the documents that have ``visual_2``."""
    index.refresh()
    _, pages = index.documents(["visual_2.model"])
    return sum("visual_2" in one.source for page in pages for one in page)


def kill_all(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker with all processes that it has started."""
    left, found = [worker.pid], list[int]()
    while left:
        found.append(left.pop())
        children = Path(f"/proc/{found[-1]}/task/{found[-1]}/children")
        left += map(int, children.read_text().split())
    for process in found:
        os.kill(process, signal.SIGKILL)
    worker.wait()


class Images(SimpleHTTPRequestHandler):
    """A host of images that writes no log."""

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@contextmanager
def image_host(folder: Path) -> Iterator[str]:
    """``http://127.0.0.1:port`` of a host of a folder's files."""
    handler = partial(Images, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def web_service(shop: Shop, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``houndstooth serve``, whose log goes to a file."""
    line = ("serve", "--port", str(port), "--engine", shop.url)
    with (shop.folder / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", "houndstooth", *line], env=shop.environment(), stderr=log
        )
        try:
            yield web
        finally:
            web.terminate()
            web.wait(60)


def measure(given: argparse.Namespace, url: str, stack: ExitStack) -> int:
    """Start all parts, and run the steps."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    with open_feed(given.products) as opened:
        every = (one for one in read_feed(opened)[1] if isinstance(one, FeedProduct))
        products = [one.product for one in islice(every, given.count + given.spare)]
    os.environ |= {
        "HOUNDSTOOTH_IMAGE_HOSTS": "127.0.0.1",
        "HOUNDSTOOTH_KEYS": str(folder / "keys.json"),
        "HOUNDSTOOTH_COLUMNS": str(folder / "columns"),
    }
    (folder / "redis").mkdir()
    redis = stack.enter_context(running_redis(folder / "redis"))
    shop = Shop(folder, url, redis)
    titles = {}
    for number, product in enumerate(products):
        name = f"{number:05}.jpg"
        shutil.copy(given.products.parent / product.images[0], folder / "images" / name)
        titles[name] = product.title
    names, spare = list(titles)[: given.count], list(titles)[given.count :]
    later = iter(spare[place % len(spare)] for place in count())
    feed = Feed(shop, titles, iter(names))
    for _ in range(given.count):
        feed.add()
    feed.searched = {key: one[1] for key, one in islice(feed.wanted.items(), 20) if one}
    feed.pictures = later
    key, record = make_key(["ingest", "search"])
    KeyFile(folder / "keys.json").add(record)
    card_of(build(folder / "m.onnx"))
    images, port = stack.enter_context(image_host(folder / "images")), free_port()
    workers = stack.enter_context(shop.workers(2, app=WORKERS, supervised=True))
    feed.give()
    web = stack.enter_context(web_service(shop, port))
    wait_until_ready(web, port)
    rest = Rest(port, key, images, titles, later)
    card = ("--encoder", str(folder / "tiny-7.json"), "--images", str(folder))

    def lose_worker() -> None:
        kill_all(workers[0])
        workers.append(shop._start_worker(WORKER, shop.environment()))

    run = Run(shop, feed, rest, port, given.clients, lose_worker)
    run.step("migration", *card, killed_at=given.count // 3)
    run.step("rollback", "--rollback", "--images", str(folder))
    run.step("drop", "--drop", "--yes")
    feed.give()
    return run.wrong | int(feed.recognised > feed.needed or bool(feed.failed))


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.migrate_under_load")
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--server", required=True, metavar="URL", help="opensearch://host:port")
    parser.add_argument("--count", type=int, default=120, metavar="N", help="products (120)")
    parser.add_argument("--spare", type=int, default=50, metavar="N", help="further pictures (50)")
    parser.add_argument("--clients", type=int, default=2, metavar="N", help="(2)")
    given = parser.parse_args()
    url = f"{given.server}/migrate-load-{uuid.uuid4().hex}"
    try:
        with ExitStack() as stack:
            return measure(given, url, stack)
    finally:
        with closing(open_shop_index(url)) as index:
            client, name = index._client, index.index  # type: ignore[attr-defined]
            for one in (name, f"{name}-houndstooth-deleted"):
                client.indices.delete(index=one, ignore=[404])


if __name__ == "__main__":
    sys.exit(main())
