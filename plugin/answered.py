"""Put the answer of a search together."""

from __future__ import annotations

from houndstooth.mappings.features import Features
from houndstooth.mappings.search import SearchAnswer
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.page import Page
from houndstooth.plugin.sources import Source

WINDOW_RECALL = 0.95
"""Mean share of the 24 best products that the engine finds alone (docs/results.md)."""


def search_answer(features: Features, page: Page, source: Source, clock: Clock) -> SearchAnswer:
    """Return the answer of a search: how its item was understood, and the hits of a page."""
    return SearchAnswer(
        categories=features.categories,
        category_source=features.category_source,
        attributes=features.best_attributes(),
        box=features.box,
        box_source=features.box_source,
        relaxed=page.relaxed,
        hits=tuple(page.hits),
        took_ms=clock.took_ms(),
        model=features.model,
        items=features.items,
        next=str(page.next) if page.next else None,
        recall=1.0 if source.is_exact else WINDOW_RECALL,
        compared=clock.compared,
        notes=features.notes,
    )
