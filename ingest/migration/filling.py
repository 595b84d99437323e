"""Fill another version of ``visual`` beside the one that serves, pass by pass.

Each pass reads what was written since the one before it, by the engine's own sequence numbers, and
brings the new version of these documents to what the old one is: its features with new codes, and
the times of its data. What is done already is left alone, so that a run goes on where another one
ended, and nothing needs to be remembered beside the index. Writes go to the new version alone, each
unless somebody has written the document since it was read; that one comes with the next pass.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from threading import Event
from time import monotonic
from typing import Any

from houndstooth.ingest.migration.recoding import Recoder
from houndstooth.ingest.migration.turn import Turn
from houndstooth.ingest.migration.versions import Versions
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import HoundstoothError, InvalidInput
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.shop_index import ShopIndex, SourceDocument

BATCH = 8
"""Products that are recoded at once."""

LOOKED_UP = 100
"""Products that are looked up at once, to see whether they are still there."""

SAMPLE = 100
"""Products that are looked at closely before the new version serves."""


Rest = Callable[[int, float], object]
"""Function that rests after a batch, told how many products it had and how many seconds it took."""


def resting(rate: float | None, stop: Event) -> Rest:
    """Return what lets at most some products a second pass.

    Args:
        rate: Products a second; None = rest as long as each batch took, half of the time.
        stop: Ends a rest once it is set.
    """

    def rest(products: int, seconds: float) -> None:
        stop.wait(max(0.0, products / rate - seconds) if rate else seconds)

    return rest


@dataclass
class Tally:
    """Result of a full pass.

    Attributes:
        documents: Documents that have the old version.
        without: Those that have none, and are left alone.
        done: Documents whose new version is as it is to be.
        changed: Ids of those of which an image is another than the one that was indexed.
        meanwhile: Those that somebody wrote while they were filled; they follow.
        failed: Why the others have none, by id.
        sample: Ids of some that are done, each with the same chance.
    """

    documents: int = 0
    without: int = 0
    done: int = 0
    meanwhile: int = 0
    changed: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    sample: list[str] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(7))

    def note_done(self, product_id: str) -> None:
        """Count a document that is done, and sample it."""
        self.done += 1
        self.failed.pop(product_id, None)
        if len(self.sample) < SAMPLE:
            self.sample.append(product_id)
        elif (place := self._chance.randrange(self.done)) < SAMPLE:
            self.sample[place] = product_id


@dataclass
class Filling:
    """One run over an index.

    Attributes:
        index: The index, by its version that is read.
        new: Name of the other version.
        recoder: Makes the codes.
        rest: Rests after each batch.
        stop: Ends the run once it is set; a batch in flight ends whole.
        told: Is told how many documents a page of a full pass had.
        fields: The fields of the documents' images.
        turn: Of this run; without it, nothing is written.
        new_serves: Whether the new version serves already.
    """

    index: ShopIndex
    new: str
    recoder: Recoder
    rest: Rest
    stop: Event
    told: Callable[[int], object]
    fields: Sequence[str]
    turn: Turn
    new_serves: bool = False
    _since: Checkpoint | None = None

    def fill(self) -> Tally:
        """Read all documents and bring them to the new version; see Tally."""
        tally = Tally()
        self._pass(None, tally)
        self._forget_gone(tally, [*tally.failed])
        return tally

    def catch_up(self, tally: Tally) -> int:
        """Bring what was written since the last pass to the new version.

        Returns:
            How many documents were written for that, or are to be looked at again.
        """
        counted = tally.documents, tally.without, tally.done
        written = self._pass(self._since, tally)
        tally.documents, tally.without, tally.done = counted  # each document counts once
        return written

    def _pass(self, since: Checkpoint | None, tally: Tally) -> int:
        self.index.refresh()
        names = [*self.fields, self.index.visual, self.new]
        checkpoint, pages = self.index.documents(names, since)
        written = 0
        with closing(pages):
            for documents in pages:
                stale = self._stale(documents, tally)
                while some := list(islice(stale, BATCH)):
                    if self.stop.is_set():
                        return written
                    written += self._write(some, tally)
                self.told(len(documents) if since is None else 0)
        self._since = checkpoint
        return written

    def _stale(
        self, documents: Sequence[SourceDocument], tally: Tally
    ) -> Iterator[tuple[SourceDocument, Versions, bool]]:
        """Yield what is to be written, and whether it is more than the times of the data."""
        model, lengths = self.recoder.extractor.model, self.recoder.extractor.lengths
        for document in documents:
            versions = Versions.of(document.source, self.index.visual, self.new)
            if versions.old is None:
                tally.without += 1
                continue
            tally.documents += 1
            try:
                is_current = versions.is_current(model, lengths, self.new_serves)
            except HoundstoothError as error:
                tally.failed[document.product_id] = str(error)
                continue
            if is_current and not versions.times:
                tally.note_done(document.product_id)
            else:
                yield document, versions, not is_current

    def _write(self, stale: Sequence[tuple[SourceDocument, Versions, bool]], tally: Tally) -> int:
        began = monotonic()
        wanted = [
            (document.source, VisualDocument.from_json(versions.old or {}))
            for document, versions, recodes in stale
            if recodes
        ]
        recoded = iter(self.recoder.recode(wanted))
        updates, changed = list[SourceDocument](), set[str]()
        for document, versions, recodes in stale:
            found: dict[str, Any] = dict(versions.times)
            if recodes:
                made = next(recoded)
                if isinstance(made, InvalidInput):
                    tally.failed[document.product_id] = str(made)
                    continue
                found = made.visual.to_json() | found
                if not made.is_same_picture:
                    changed.add(document.product_id)
            updates.append(_update(document, self.index.visual, self.new, found))
        again, refused = 0, list[str]()
        self.turn.check()
        for outcome in self.index.update(updates) if updates else ():
            again += outcome.error is None or outcome.retryable
            if outcome.error is None:
                tally.note_done(outcome.product_id)
                tally.changed |= changed & {outcome.product_id}
            elif outcome.retryable:
                tally.meanwhile += 1
            else:
                tally.failed[outcome.product_id] = outcome.error
                refused.append(outcome.product_id)
        self._forget_gone(tally, refused)
        self.rest(len(wanted), monotonic() - began)
        return again

    def _forget_gone(self, tally: Tally, product_ids: Sequence[str]) -> None:
        """Leave out of the failed ones those that somebody has deleted since they were read."""
        for start in range(0, len(product_ids), LOOKED_UP):
            some = product_ids[start : start + LOOKED_UP]
            there = {product.product_id for product in self.index.fetch(some)}
            for product_id in set(some) - there:
                tally.failed.pop(product_id, None)


def _update(document: SourceDocument, old: str, new: str, visual: dict[str, Any]) -> SourceDocument:
    """Return the fields to write, under names with dots where the old version has such."""
    fields: dict[str, Any] = {new: visual}
    if old not in document.source:
        fields = {f"{new}.{name}": value for name, value in visual.items()}
    return SourceDocument(document.product_id, fields, document.seq_no, document.primary_term)
