"""What is taken off the documents of a shop's index, by an engine that refuses now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from houndstooth.ingest.attached import detaching
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.shop_index import SourceDocument
from houndstooth.mappings.writes import WriteOutcome

CONFLICT = "version conflict"


class Index:
    """Documents in the order of their writes, and what the engine answers to the next rewrites."""

    def __init__(self, *sources: dict[str, Any], refusals: Sequence[dict[str, str]] = ()) -> None:
        self.documents_now = {str(n): (n, one) for n, one in enumerate(sources)}
        self.refusals = [*refusals]
        self.newest = len(sources) - 1

    def refresh(self) -> None:
        pass

    def documents(self, since: Checkpoint | None = None) -> Any:
        start = since.positions["0"] if since else -1
        found = [
            SourceDocument(key, source, number, 1)
            for key, (number, source) in self.documents_now.items()
            if number > start
        ]
        return Checkpoint("index", {"0": self.newest}), (page for page in [found])

    def forget_deletions(self) -> None:
        pass

    def rewrite(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        refused = self.refusals.pop(0) if self.refusals else {}
        outcomes = []
        for one in documents:
            error = refused.get(one.product_id)
            if error is None or error == CONFLICT:
                self.newest += 1
                kept = one.source if error is None else self.documents_now[one.product_id][1]
                self.documents_now[one.product_id] = self.newest, dict(kept)
            is_conflict = error == CONFLICT
            outcomes.append(WriteOutcome(one.product_id, error, error is not None, (), is_conflict))
        return outcomes


def detached(index: Index) -> dict[str, WriteOutcome]:
    """The last outcome of each document."""
    pages = detaching.detach(cast(Any, index), ["visual"])
    return {outcome.product_id: outcome for page in pages for outcome in page}


def test_fields_that_stand_flat_are_taken_off_as_well() -> None:
    index = Index({"name": "a", "visual.model": "m", "visual.box": [0]}, {"visual_2": {}, "n": 1})
    assert detached(index).keys() == {"0"}
    assert index.documents_now["0"][1] == {"name": "a"}
    assert index.documents_now["1"][1] == {"visual_2": {}, "n": 1}


def test_what_the_shop_writes_meanwhile_is_read_again() -> None:
    index = Index({"visual": {}, "price": 1}, refusals=[{"0": CONFLICT}])
    assert detached(index)["0"].error is None
    assert index.documents_now["0"][1] == {"price": 1}
