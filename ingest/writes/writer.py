"""Write single products; the engine keeps the newest state, and what was deleted stays so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Lock
from time import monotonic
from typing import NamedTuple

from houndstooth.ingest.images import LoadImage
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import BATCH, ingest_batch
from houndstooth.ingest.writes.ledger import Ledger
from houndstooth.ingest.writes.operations import Delete, Operation, Refused, Result, Update, Upsert
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, ImageUnavailable
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument, StoredState, WriteOutcome
from houndstooth.plugin.engines import prepare

IMAGES_SECONDS = 60
"""Time in which images are fetched by a write; those of later products are told as not come."""

_REFUSED = "refused"
_CODES = {"unusable image": "invalid_image", "image did not come": "image_unavailable"}
_AWAY = "the engine cannot be reached right now"


class _Target(NamedTuple):
    """What one write goes to, from its beginning to its end."""

    engine: Engine
    ingest: Callable[..., list[Outcome]]


class ProductWriter:
    """Writes products to an engine. Threads may share it.

    Args:
        engine, extractor, taxonomy: What it uses.
        load_image: Function that fetches an image by URL.
        views: Number of a product's images that are used, at most.
        ledger: What is known of earlier writes.
    """

    def __init__(
        self,
        engine: Engine,
        extractor: Extractor,
        taxonomy: Taxonomy,
        load_image: LoadImage,
        views: int,
        ledger: Ledger,
    ) -> None:
        self._load, self.ledger = load_image, ledger
        self._taxonomy, self._views, self._lock = taxonomy, views, Lock()
        self.use(engine, extractor)

    def use(self, engine: Engine, extractor: Extractor) -> None:
        """Write to this engine from now on, with this extractor's features."""
        with self._lock:
            self._refusal = ""
            self._is_prepared = False
            self._target = _Target(
                engine,
                partial(
                    ingest_batch,
                    extractor=extractor,
                    engine=engine,
                    taxonomy=self._taxonomy,
                    views=self._views,
                ),
            )

    def refuse(self, why: str) -> None:
        """Write nothing from now on, until ``use``; every write raises EngineUnavailable."""
        with self._lock:
            self._refusal = why

    def write(self, operations: Sequence[Operation]) -> list[Result]:
        """Do what is asked, in the given order, and return what became of each.

        Where the engine goes away in between, the rest fails and may be sent again.

        Raises:
            EngineUnavailable: Nothing was done; see ``refuse`` too.
            InvalidConfig: The engine cannot take the documents.
            WorkersUnavailable: The ledger cannot be used.
        """
        ends_at = monotonic() + IMAGES_SECONDS
        results: list[Result] = []
        away: EngineUnavailable | None = None
        for some in _batches(operations):
            if away is None:
                try:
                    results += self._write(some, ends_at, self._prepared())
                    continue
                except EngineUnavailable as error:
                    away = error
            results += [
                Result(one.product_id, "failed", "engine_unavailable", _AWAY, retryable=True)
                for one in some
            ]
        if away and all(one.retryable for one in results):
            raise away
        return results

    def _write(
        self, operations: Sequence[Operation], ends_at: float, target: _Target
    ) -> list[Result]:
        """Do a batch: operations of one kind on different products."""
        upserts = [one for one in operations if isinstance(one, Upsert)]
        if upserts:
            return self._upsert(upserts, ends_at, target)
        refused = [one for one in operations if isinstance(one, Refused)]
        if refused:
            return [Result(o.product_id, "failed", o.code, o.message) for o in refused]
        engine = target.engine
        stored = engine.stored([one.product_id for one in operations])
        updates = [one for one in operations if isinstance(one, Update)]
        if updates:
            return _update(engine, updates, stored)
        deletes = [one for one in operations if isinstance(one, Delete)]
        return [_delete(engine, one, stored.get(one.product_id)) for one in deletes]

    def _upsert(
        self, operations: Sequence[Upsert], ends_at: float, target: _Target
    ) -> list[Result]:
        uploads = {
            (o.product_id, name): data for o in operations for name, data in o.uploads.items()
        }
        products = [_with_own_names(one) for one in operations]

        def load(reference: str) -> bytes:
            product_id, _, name = reference.rpartition(_BETWEEN)
            data = uploads.get((product_id, name))
            if data is not None:
                return data
            if monotonic() > ends_at:
                raise ImageUnavailable(
                    f"expected all images of a write within {IMAGES_SECONDS} s; send the rest again"
                )
            return self._load(reference)

        return [_result(one) for one in target.ingest(products, load_image=load)]

    def _prepared(self) -> _Target:
        with self._lock:
            if self._refusal:
                raise EngineUnavailable(self._refusal, public=self._refusal)
            if not self._is_prepared:
                prepare(self._target.engine, must_exist=False)
                self._is_prepared = True
            return self._target


def _update(
    engine: Engine, operations: Sequence[Update], stored: dict[str, StoredState]
) -> list[Result]:
    outcomes = engine.write(
        [
            IndexDocument(
                one.product_id,
                one.facts,
                as_of=one.as_of,
                stored=stored.get(one.product_id),
            )
            for one in operations
        ]
    )
    return [
        _not_found(one.product_id)
        if one.error is not None and one.product_id not in stored
        else _updated(one)
        for one in outcomes
    ]


def _delete(engine: Engine, operation: Delete, stored: StoredState | None) -> Result:
    if stored and stored.is_newer(operation.as_of):
        return Result(operation.product_id, "overtaken")
    found = engine.delete([operation.product_id], operation.as_of)
    return Result(operation.product_id, "deleted" if found else "absent")


_BETWEEN = "\0"
"""Between a product's id and the name of its upload, in a reference."""


def _with_own_names(operation: Upsert) -> Product:
    """Give uploads references that no other product's have, and the product its time."""
    product, uploads = operation.product, operation.uploads
    images = [
        f"{product.product_id}{_BETWEEN}{image}" if image in uploads else image
        for image in product.images
    ]
    return Product(**{**vars(product), "images": images, "as_of": operation.as_of})


def _batches(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Cut into batches, in order, each of one kind of operation on different products."""
    batch: list[Operation] = []
    for one in operations:
        ids = {other.product_id for other in batch}
        if batch and (
            type(one) is not type(batch[0]) or one.product_id in ids or len(ids) >= BATCH
        ):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _result(outcome: Outcome) -> Result:
    status = "written" if outcome.status == "read" else outcome.status
    failed = status == "failed"
    code = _CODES.get(outcome.failure_type or "", _REFUSED) if failed else ""
    return Result(
        outcome.product_id,
        status,
        code,
        outcome.reason or "",
        outcome.retryable,
        outcome.notes,
        outcome.category,
    )


def _not_found(product_id: str) -> Result:
    message = f"expected the id of a product that is there; got {product_id!r}"
    return Result(product_id, "failed", "product_not_found", message)


def _updated(outcome: WriteOutcome) -> Result:
    product_id = outcome.product_id
    if outcome.error is not None:
        return Result(product_id, "failed", _REFUSED, outcome.error, outcome.retryable)
    if outcome.is_overtaken:
        return Result(product_id, "overtaken")
    return Result(product_id, "updated" if outcome.is_changed else "unchanged", notes=outcome.notes)
