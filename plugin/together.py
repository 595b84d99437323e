"""Count which products are bought or viewed in the same sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

Event = tuple[str, str, str]
"""A session, what was done in it (``purchase``, ``click``, …), and the id of a product."""

Kind = Literal["bought", "viewed"]

BOUGHT = frozenset({"purchase", "buy", "order", "checkout"})
"""Actions that buy a product."""

NO_INTEREST = frozenset({"impression", "search", "on_search", "remove_from_cart"})
"""Actions that say nothing of a shopper's interest in a product; all others count as views."""

MAX_PRODUCTS = 100
"""A session with more products than this is a robot's, and counts for none."""


class Together:
    """Counts of products by the sessions that they share. Threads may share it.

    Args:
        events: The events, in any order.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._products: dict[tuple[Kind, str], set[str]] = {}
        for session, action, product_id in events:
            if action not in NO_INTEREST:
                kind: Kind = "bought" if action in BOUGHT else "viewed"
                self._products.setdefault((kind, session), set()).add(product_id)
        self._sessions: dict[tuple[Kind, str], list[str]] = {}
        for (kind, session), products in self._products.items():
            if 1 < len(products) <= MAX_PRODUCTS:
                for product_id in products:
                    self._sessions.setdefault((kind, product_id), []).append(session)

    def with_product(self, product_id: str, kind: Kind) -> tuple[list[tuple[str, int]], int]:
        """Count the products that share sessions with one.

        Returns:
            The other products and the number of shared sessions, the most first, ties by id; and
            the number of sessions in which the product was bought or viewed with any other.
        """
        sessions = self._sessions.get((kind, product_id), [])
        counts: Counter[str] = Counter()
        for session in sessions:
            counts.update(self._products[kind, session])
        del counts[product_id]
        return sorted(counts.items(), key=lambda each: (-each[1], each[0])), len(sessions)
