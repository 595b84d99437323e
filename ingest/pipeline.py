"""Ingest products: from a feed's entries to documents in the engine and their outcomes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice

from houndstooth.ingest.batch_steps import BatchSteps
from houndstooth.ingest.images import LoadImage
from houndstooth.ingest.outcome import MEANWHILE, Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.ingest.views import RecentFeatures
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings

BATCH = 8
"""Products per batch. More products need more memory and are not faster."""

IN_FLIGHT = 3
"""Batches at the same time, each in a thread: one is read or written while others are extracted."""


MAX_REPEATS = 4
"""Times that a product is ingested again because others wrote its features meanwhile."""


def ingest_batch(
    products: Sequence[Product],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
    views: int = Settings.views,
    as_of: int | None = None,
    recent: RecentFeatures | None = None,
) -> list[Outcome]:
    """Ingest products with different ids; return their outcomes in the same order.

    If text, images and box have not changed since the stored features were computed, only the
    shop's facts are written. Ingesting the same products again is harmless. Of several ingests with
    an ``as_of``, at the same time or in any order, the newest facts and features stay.

    Args:
        products: The products.
        extractor, engine, taxonomy, load_image: What the ingest uses.
        views: Number of a product's images that are used, at most.
        as_of: Time of the state of the shop that products without a time of their own show, in
            milliseconds since 1970; None writes whatever is stored.
        recent: The extractor with the features of the batches before; None knows none.

    Raises:
        EngineUnavailable: The engine cannot be reached; the call may be repeated.
    """
    recent = recent or RecentFeatures(extractor)
    steps = BatchSteps(extractor, engine, taxonomy, load_image, views, recent, as_of)
    outcomes = steps.ingest(products)
    for _ in range(MAX_REPEATS):
        again = [n for n, one in enumerate(outcomes) if one.failure_type == MEANWHILE]
        if not again:
            break
        for n, outcome in zip(again, steps.ingest([products[n] for n in again]), strict=True):
            outcomes[n] = outcome
    return outcomes


def ingest_entries(
    entries: Sequence[FeedProduct | Outcome],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
    views: int = Settings.views,
    as_of: int | None = None,
    recent: RecentFeatures | None = None,
) -> list[Outcome]:
    """Ingest a batch of a feed's entries; entries that are outcomes already are returned as is.

    Raises:
        EngineUnavailable: The engine cannot be reached; the call may be repeated.
    """
    outcomes = ingest_batch(
        [entry.product for entry in entries if isinstance(entry, FeedProduct)],
        extractor=extractor,
        engine=engine,
        taxonomy=taxonomy,
        load_image=load_image,
        views=views,
        as_of=as_of,
        recent=recent,
    )
    return _in_feed_order(entries, outcomes)


def ingest_feed(
    entries: Iterable[FeedProduct | Outcome],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
    views: int = Settings.views,
    as_of: int | None = None,
    batch: int = BATCH,
) -> Iterator[list[Outcome]]:
    """Ingest a whole feed; yield each batch's outcomes, in feed order, once they are written.

    A picture that many products share is extracted once or a few times. At most ``IN_FLIGHT``
    batches are in memory, each in a thread that uses the extractor, the
    engine and the loader. To stop early, end ``entries``.

    Raises:
        EngineUnavailable: The engine cannot be reached. All outcomes that were yielded are
            written, those of batches that were in flight included.
    """
    ingest = partial(
        ingest_entries,
        extractor=extractor,
        engine=engine,
        taxonomy=taxonomy,
        load_image=load_image,
        views=views,
        as_of=as_of,
        recent=RecentFeatures(extractor),
    )
    stream = iter(entries)
    chunks = iter(lambda: list(islice(stream, batch)), [])
    with ThreadPoolExecutor(IN_FLIGHT, "ingest") as pool:
        pending = deque(pool.submit(ingest, chunk) for chunk in islice(chunks, IN_FLIGHT))
        while pending:
            try:
                outcomes = pending.popleft().result()
            except EngineUnavailable:
                for other in pending:
                    with suppress(EngineUnavailable):
                        yield other.result()
                raise
            pending.extend(pool.submit(ingest, chunk) for chunk in islice(chunks, 1))
            yield outcomes


def threads_per_batch() -> int:
    """Return the threads for one network run, so that the batches in flight share the cores."""
    return max(1, (os.cpu_count() or 1) // (IN_FLIGHT - 1))


def _in_feed_order(
    chunk: Sequence[FeedProduct | Outcome], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    remaining = iter(outcomes)
    return [
        replace(next(remaining), row=entry.row) if isinstance(entry, FeedProduct) else entry
        for entry in chunk
    ]
