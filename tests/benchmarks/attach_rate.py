"""How fast a shop's index is attached, beside the ingest of a feed of the same products, in turns.

``python -m tests.benchmarks.attach_rate --products FEED --server URL [--limit 512]``

``URL`` is ``opensearch://host:port`` or ``elasticsearch://host:port``. In rounds, in one process:
(a) the products of a round, which stand in an index of their own as a shop would write them, are
attached: read by point in time, recognised, written, and looked for changes once more; (b) the
same products come in from the feed, into another index. Which is first changes by turns. Prints
the rates and their ratio. The indices are removed at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from opensearchpy import OpenSearch

from houndstooth.ingest.attached.attaching import Attaching, Pace
from houndstooth.ingest.attached.fields import choose_fields
from houndstooth.ingest.attached.journal import Journal
from houndstooth.ingest.attached.reader import DocumentReader
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import BATCH, ingest_feed, threads_per_batch
from houndstooth.ingest.platforms.platform import ATTRIBUTES
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.shop_index import ShopIndex
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_shop_index
from tests.benchmarks.ingest_rate import timed

ROUND = 32 * BATCH
Outcomes = Iterator[list[Outcome]]
FIELDS = {"title": "name", "image": "media.0.url", "images": "media.url", "category": "kind"}


class Turns:
    """Both ways in, with one extractor.

    Args:
        feed: Path of the feed.
        server: URL of the engine, without an index.
        folder: For journals.

    Attributes:
        seconds, written: Time and written products, by way.
    """

    def __init__(self, feed: Path, server: str, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._client = OpenSearch(f"http://{server.partition('://')[2]}", timeout=60)
        self._taxonomy, self._images = Taxonomy.load(), folder_images(feed.parent)
        self._extractor = load_extractor(self._taxonomy, threads=threads_per_batch())
        self.seconds: Counter[str] = Counter()
        self.written: Counter[str] = Counter()

    def take(self, way: str, products: Sequence[FeedProduct]) -> None:
        """Bring products in by ``attach`` or ``ingest``, into an index of their own."""
        index = open_shop_index(f"{self._server}/attach-rate-{uuid.uuid4().hex}")
        name = index.location.partition(" ")[0].rpartition("/")[2]
        if way == "attach":
            self._write(name, products)
        index.prepare()
        try:
            with closing(index), timed(self.seconds, way):
                outcomes = self._attach(index) if way == "attach" else self._ingest(index, products)
                for batch in outcomes:
                    self.written[way] += sum(outcome.status == "written" for outcome in batch)
                index.refresh()
        finally:
            self._client.indices.delete(index=name, ignore=[404])

    def warm_up(self, products: Sequence[FeedProduct]) -> None:
        """Bring some products in by both ways, and forget how long it took."""
        for way in ("attach", "ingest"):
            self.take(way, products)
        self.seconds.clear()
        self.written.clear()

    def _write(self, name: str, products: Sequence[FeedProduct]) -> None:
        """Write products as a shop does, in fields of its own."""
        lines: list[Any] = []
        for _, product in products:
            source = {"name": product.title, "kind": product.category_text.split("\n")}
            media = [{"url": image} for image in product.images]
            lines += [{"index": {"_id": product.product_id}}]
            lines += [{**source, "media": media, **product.attributes}]
        self._client.bulk(index=name, body=lines, refresh=True)

    def _ingest(self, index: ShopIndex, products: Iterable[FeedProduct | Outcome]) -> Outcomes:
        return ingest_feed(
            products,
            extractor=self._extractor,
            engine=index,
            taxonomy=self._taxonomy,
            load_image=self._images,
        )

    def _attach(self, index: ShopIndex) -> Outcomes:
        groups = dict.fromkeys(ATTRIBUTES, "")
        found = {name: name for name in index.field_names() if name in groups}
        reading = choose_fields([], {**FIELDS, **groups, **found}, language="en")
        stop = Event()
        with Journal(self._folder, index.index_id()) as journal:
            attaching = Attaching(
                index,
                DocumentReader(reading),
                journal,
                partial(self._ingest, index),
                self._extractor.model,
                self._taxonomy,
                Settings.views,
                Pace(None, stop),
                stop,
            )
            yield from attaching.run()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.attach_rate")
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--server", required=True, metavar="URL", help="opensearch://host:port")
    parser.add_argument("--limit", type=int, default=512, metavar="N", help="products (512)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_feed(arguments.products) as feed:
        turns = Turns(arguments.products, arguments.server, Path(folder))
        entries = islice(read_feed(feed)[1], arguments.limit)
        products = (entry for entry in entries if isinstance(entry, FeedProduct))
        count, ways = 0, ["attach", "ingest"]
        while chunk := list(islice(products, ROUND)):
            if not count:
                turns.warm_up(chunk[: 2 * BATCH])
            for way in ways:
                turns.take(way, chunk)
            ways.reverse()
            count += len(chunk)
            rates = {way: turns.written[way] / turns.seconds[way] for way in sorted(ways)}
            shown = "   ".join(f"{way} {rate:6.1f}/s" for way, rate in rates.items())
            print(f"{count:>6,} products   {shown}   {rates['attach'] / rates['ingest']:.2f}")
    is_complete = turns.written["attach"] == turns.written["ingest"] == count > 0
    if not is_complete:
        print("some products were not written", file=sys.stderr)
    return 0 if is_complete else 1


if __name__ == "__main__":
    sys.exit(main())
