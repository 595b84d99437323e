"""An engine that tells changes and keeps nothing else, for tests of columns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.rows import Changes, Checkpoint, FeatureRows, Lengths
from tests.feature_rows import Product, rows_of

BATCH = 7


class ListedEngine:
    """Tells what was written; deletions only if it is embedded, as real engines do.

    Attributes:
        products: Those that are there, by id.
        reads: Where each reading of changes began; None = a full one.
        fails: Whether it cannot be reached.
        log: File that gets a line with each full reading.
        seconds: How long a full reading takes.
    """

    location = "fake://catalogue"

    def __init__(self, embedded: bool = False) -> None:
        self.embedded = embedded
        self.index = "index-1"
        self.products: dict[str, Product] = {}
        self.removed: dict[str, int] = {}
        self.counter = 0
        self.reads: list[int | None] = []
        self.fails = False
        self.log: Path | None = None
        self.seconds = 0.0
        self._lock = Lock()

    @property
    def builds(self) -> int:
        return self.reads.count(None)

    def put(self, *products: Product) -> None:
        with self._lock:
            for one in products:
                self.counter += 1
                self.products[one.product_id] = replace(one, version=self.counter)
                self.removed.pop(one.product_id, None)

    def remove(self, *product_ids: str) -> None:
        with self._lock:
            for one in product_ids:
                self.counter += 1
                del self.products[one]
                self.removed[one] = self.counter

    def replace_index(self, name: str, *products: Product) -> None:
        """Another index takes the name."""
        with self._lock:
            self.index, self.removed, self.counter = name, {}, len(products)
            numbered = enumerate(products, start=1)
            self.products = {one.product_id: replace(one, version=n) for n, one in numbered}

    def index_id(self) -> str:
        self._check()
        return self.index

    def count(self, query: CandidateQuery | None = None) -> int:
        self._check()
        return len(self.products)

    def changes(
        self,
        model: str,
        lengths: Lengths,
        variant_field: str | None,
        since: Checkpoint | None = None,
    ) -> Iterator[Changes]:
        self._check()
        if since and since.index != self.index:
            raise IndexReplaced("expected the index that was read before")
        position = since.positions.get("0", 0) if since else 0
        self.reads.append(position if since else None)
        if since is None:
            if self.log:
                with self.log.open("a") as file:
                    file.write("full\n")
            time.sleep(self.seconds)
        with self._lock:
            newest, listed = self.counter, list(self.products.values())
            gone = [one for one, at in self.removed.items() if at > position]
        if since and position == newest:
            return
        changed = sorted(
            (one for one in listed if one.version > position), key=lambda one: one.version
        )
        told = gone if self.embedded and since else []
        for start in range(0, max(1, len(changed)), BATCH):
            self._check()
            some = changed[start : start + BATCH]
            end = newest if start + BATCH >= len(changed) else some[-1].version
            yield Changes(
                self.rows(some), told if start == 0 else [], Checkpoint(self.index, {"0": end})
            )

    def rows(self, products: list[Product]) -> FeatureRows:
        return rows_of(products)

    def _check(self) -> None:
        if self.fails:
            raise EngineUnavailable("the fake engine is down")
