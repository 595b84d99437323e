"""A shop's index is attached while 16 clients search it and the shop changes prices.

``python -m tests.benchmarks.attach_under_load --products FEED --server URL [--seconds 600]``

``URL`` is ``opensearch://host:port`` or ``elasticsearch://host:port``. Fills an index in a form of
a shop's own with copies of the feed's products, and runs the commands that docs/attach.md gives:
``houndstooth attach`` with ``--follow``, and ``houndstooth serve``. Half of the searches are by
photo, half by product; half have a range of prices. Prints a line at the end and ends with 1 if a
search failed or an answer was wrong. Wrong is: a hit twice, or two of one style; a hit that is not
as the shop has it, or not within the prices; a hit that a later answer to the same photo lacks
although it has worse ones, or has with another score or in another order. The index is removed at
the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from typing import Any

from opensearchpy import OpenSearch, helpers

from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.products import FeedProduct, read_feed
from tests.benchmarks.query_time import BOUNDARY, ROOT, wait_until_ready
from tests.conftest import free_port
from tests.load import ask, request

FIELDS = "title=name,image=media.0.url,images=media.url,category=kind,group=style_id"
MAPPING = {
    "dynamic": False,
    "properties": {
        "name": {"type": "text"},
        "kind": {"type": "keyword"},
        "style_id": {"type": "keyword"},
        "media": {"properties": {"url": {"type": "keyword"}}},
        "offers": {"properties": {"price": {"type": "float"}}},
    },
}
TOP = 24
PAUSE_SECONDS = 0.2
"""Between two prices that the shop changes."""


@dataclass
class Shop:
    """The shop's own documents, and what their prices were when.

    Attributes:
        photos: image of each document.
        styles: style of each document.
        prices: values of each document, each with the time when its write began.
    """

    client: OpenSearch
    index: str
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: dict[str, Path] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    prices: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def fill(self, feed: Path, count: int) -> None:
        """Write documents, copies of a feed's products, in the shop's own mapping."""
        self.client.indices.create(index=self.index, body={"mappings": MAPPING})
        with open_feed(feed) as opened:
            products = [one.product for one in read_feed(opened)[1] if isinstance(one, FeedProduct)]
        for number, product in enumerate(islice(cycle(products), count)):
            key, price = f"{product.product_id}-{number}", float(number % 97 + 3)
            self.sources[key] = {
                "name": product.title,
                "kind": product.category_text.split("\n"),
                "style_id": f"style-{number}" if number % 3 else f"style-{number % 300}",
                "media": [{"url": image} for image in product.images],
                "offers": {"price": price},
            }
            self.styles[key] = self.sources[key]["style_id"]
            self.photos[key] = feed.parent / product.images[0]
            self.prices[key] = [(0.0, price)]
        lines = ({"_id": key, "_source": source} for key, source in self.sources.items())
        helpers.bulk(self.client, lines, index=self.index, chunk_size=500, refresh=True)

    async def change_prices(self, until: float) -> int:
        """Change one price after another; return how many."""
        keys, chance, count = list(self.sources), random.Random(7), 0
        while time.monotonic() < until:
            key, price = chance.choice(keys), float(chance.randrange(3, 100))
            self.prices[key].append((time.monotonic(), price))
            body = {"doc": {"offers": {"price": price}}}
            options = {"index": self.index, "id": key, "body": body, "retry_on_conflict": 5}
            await asyncio.to_thread(self.client.update, **options)
            count += 1
            await asyncio.sleep(PAUSE_SECONDS)
        return count

    def may_cost(self, key: str, price: float, began: float) -> bool:
        """Tell whether a document had a price at some moment since ``began``."""
        before = [value for at, value in self.prices[key] if at <= began - 5]
        since = [value for at, value in self.prices[key] if at > began - 5]
        return price in (*before[-1:], *since)


@dataclass(frozen=True)
class Answer:
    """What a photo found.

    Attributes:
        scores: of the hits by id, in order.
        styles: of the hits.
        is_strict: whether nothing was given up to find enough.
    """

    scores: dict[str, float]
    styles: frozenset[str]
    is_strict: bool

    @classmethod
    def of(cls, body: dict[str, Any]) -> Answer:
        """Read the JSON of an answer."""
        hits = body["hits"]
        return cls(
            {hit["product_id"]: hit["score"] for hit in hits},
            frozenset(hit["product"]["style_id"] for hit in hits),
            body["query"]["relaxed"] == "none",
        )

    def mistakes(self, later: Answer, styles: dict[str, str]) -> Iterator[str]:
        """Compare with an answer that was asked for later, of more products."""
        common = [key for key in self.scores if key in later.scores]
        if common != [key for key in later.scores if key in self.scores]:
            yield f"another order: {common}"
        for key in common:
            if self.scores[key] != later.scores[key]:
                yield f"{key} had the score {self.scores[key]}, and has {later.scores[key]}"
        for key in self.scores.keys() - later.scores.keys():
            if styles[key] in later.styles:
                continue  # a nearer one of its style has come
            if len(later.scores) < TOP:
                yield f"{key} is missing where there are {len(later.scores)} hits"
            elif self.is_strict and self.scores[key] > min(later.scores.values()):
                yield f"{key} is missing where worse ones are hits"


@dataclass
class Searches:
    """The searches of all clients, and what was wrong with their answers."""

    shop: Shop
    port: int
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    found: dict[Path, Answer] = field(default_factory=dict)

    async def client(self, number: int, until: float) -> None:
        """Search until the time is over."""
        chance, keys = random.Random(number), list(self.shop.sources)[:4000]
        while time.monotonic() < until:
            key = chance.choice(keys)
            low = chance.randrange(3, 90) if chance.random() < 0.5 else None
            prices = None if low is None else (float(low), low + 10.0)
            by_photo = chance.random() < 0.5
            began, before = time.monotonic(), self.found.get(self.shop.photos[key])
            sent = self._photo(key, prices) if by_photo else _similar(key, prices)
            reply = await ask(self.port, sent)
            if not by_photo and reply.status == 404:
                self.statuses[200] += 1  # this product is not attached yet
                continue
            self.statuses[reply.status] += 1
            self.seconds.append(reply.seconds)
            if reply.status == 200:
                body = json.loads(reply.body)
                self.wrong += self._mistakes(body["hits"], prices, began)
                if by_photo and prices is None:
                    answer = self.found[self.shop.photos[key]] = Answer.of(body)
                    self.wrong += before.mistakes(answer, self.shop.styles) if before else ()

    def _photo(self, key: str, prices: tuple[float, float] | None) -> bytes:
        fields = {"top": str(TOP)} | ({"filter": _range(prices)} if prices else {})
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="p"\r\n\r\n'
        photo = self.shop.photos[key].read_bytes()
        body = ("".join(parts) + head).encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
        content_type = f"multipart/form-data; boundary={BOUNDARY}"
        return request("POST", "/api/v1/search", body, Content_Type=content_type)

    def _mistakes(
        self, hits: list[dict[str, Any]], prices: tuple[float, float] | None, began: float
    ) -> Iterator[str]:
        ids = [hit["product_id"] for hit in hits]
        if len(set(ids)) != len(ids):
            yield f"a hit twice: {ids}"
        styles = [hit["product"]["style_id"] for hit in hits]
        if len(set(styles)) != len(styles):
            yield f"two of one style: {styles}"
        for key, hit in zip(ids, hits, strict=True):
            product, source = hit["product"], self.shop.sources[key]
            price = product["offers"]["price"]
            if product["name"] != source["name"] or product["style_id"] != source["style_id"]:
                yield f"not as the shop has it: {key} {product}"
            if not self.shop.may_cost(key, price, began):
                yield f"{key} costs {price}, which it did not"
            if prices and not prices[0] <= price <= prices[1]:
                yield f"{key} costs {price}, asked for {prices}"


def _similar(key: str, prices: tuple[float, float] | None) -> bytes:
    query = f"&filter={_range(prices)}" if prices else ""
    return request("GET", f"/api/v1/products/{key}/similar?top={TOP}{query}")


def _range(prices: tuple[float, float]) -> str:
    return f"offers.price:{prices[0]}..{prices[1]}"


@contextmanager
def command(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of Houndstooth, and end it."""
    line = [sys.executable, "-m", "houndstooth", *arguments]
    process = subprocess.Popen(line, cwd=ROOT, env=os.environ | environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


async def measure(shop: Shop, port: int, clients: int, seconds: float) -> int:
    """Run all clients; print what came of it and return 1 if anything failed or was wrong."""
    until, searches = time.monotonic() + seconds, Searches(shop, port)
    changing = asyncio.create_task(shop.change_prices(until))
    attached = asyncio.create_task(_attached(shop, until))
    await asyncio.gather(*(searches.client(number, until) for number in range(clients)))
    failed = searches.statuses.total() - searches.statuses[200]
    p50, p99 = (quantiles(searches.seconds, n=100)[place] for place in (49, 98))
    print(
        f"{searches.statuses.total():,} searches by {clients} clients in {seconds:.0f} s "
        f"(p50 {p50:.2f} s, p99 {p99:.2f} s), {failed} failed {dict(searches.statuses)}, "
        f"{len(searches.wrong)} wrong; {len(searches.found):,} photos asked again and again; "
        f"{await changing:,} prices changed; {await attached}"
    )
    print("\n".join(searches.wrong[:10]), file=sys.stderr)
    return int(failed > 0 or bool(searches.wrong))


async def _attached(shop: Shop, until: float) -> str:
    """Tell when all documents had ``visual``."""
    began, count = time.monotonic(), 0
    body = {"query": {"exists": {"field": "visual.model"}}}
    while time.monotonic() < until:
        count = (await asyncio.to_thread(shop.client.count, index=shop.index, body=body))["count"]
        if count == len(shop.sources):
            return f"all {count:,} documents attached after {time.monotonic() - began:.0f} s"
        await asyncio.sleep(1)
    return f"{count:,} of {len(shop.sources):,} documents attached at the end"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.attach_under_load")
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--server", required=True, metavar="URL", help="opensearch://host:port")
    parser.add_argument("--documents", type=int, default=44_000, metavar="N", help="(44000)")
    parser.add_argument("--clients", type=int, default=16, metavar="N", help="(16)")
    parser.add_argument("--seconds", type=int, default=600, metavar="N", help="(600)")
    given = parser.parse_args()
    client = OpenSearch(f"http://{given.server.partition('://')[2]}", timeout=60)
    shop, port = Shop(client, f"attach-load-{uuid.uuid4().hex}"), free_port()
    url, images = f"{given.server}/{shop.index}", str(given.products.parent)
    try:
        shop.fill(given.products, given.documents)
        with tempfile.TemporaryDirectory() as folder:
            attach = ("attach", url, "--fields", FIELDS, "--images", images, "--state", folder)
            columns = {"HOUNDSTOOTH_COLUMNS": folder, "HOUNDSTOOTH_VARIANT_FIELD": "style_id"}
            queue = ("--queue", str(given.clients))
            with (
                command(*attach, "--follow"),
                command("serve", "--port", str(port), "--engine", url, *queue, **columns) as server,
            ):
                wait_until_ready(server, port)
                return asyncio.run(measure(shop, port, given.clients, given.seconds))
    finally:
        client.indices.delete(index=shop.index, ignore=[404])


if __name__ == "__main__":
    sys.exit(main())
