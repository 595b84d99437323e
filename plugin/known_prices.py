"""Tell whether the products of a shop have prices that words can be compared with."""

from __future__ import annotations

from time import monotonic

from houndstooth.mappings.engine import CandidateQuery, Engine, RangeFilter
from houndstooth.mappings.errors import InvalidFilter

PRICE = "price"
"""The fact that prices in words are compared with."""

TRUSTED_SECONDS = 60.0
"""Time for which what was found is taken to hold."""


class KnownPrices:
    """Looks for a product with a price, at most once a minute where there is one.

    Args:
        engine: The engine.
        model: Name and version of the weights of the products that count.
    """

    def __init__(self, engine: Engine, model: str) -> None:
        self._engine = engine
        self._query = CandidateQuery(model, filters=(RangeFilter(PRICE, 0, None),))
        self._until = 0.0

    def exist(self) -> bool:
        """Tell whether a product has a number in the field, and it may be filtered on.

        Raises:
            EngineUnavailable: The engine cannot be reached.
        """
        if monotonic() < self._until:
            return True
        try:
            found = bool(self._engine.match(self._query, 1))
        except InvalidFilter:
            return False
        if found:
            self._until = monotonic() + TRUSTED_SECONDS
        return found
