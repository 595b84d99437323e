"""Words of prices are compared where there are prices; that is not asked at each search."""

from __future__ import annotations

from typing import Any

from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.known_prices import KnownPrices


class Asked:
    """An engine that has no price, then some, and counts how often it is asked."""

    def __init__(self, *answers: list[str] | InvalidFilter) -> None:
        self.answers = [*answers]

    def match(self, query: Any, limit: int) -> list[str]:
        answer = self.answers.pop(0)
        if isinstance(answer, InvalidFilter):
            raise answer
        return answer


def test_prices_are_looked_for_until_there_are_some() -> None:
    engine: Any = Asked(InvalidFilter("no such field"), [], ["1"])
    prices = KnownPrices(engine, "m")
    assert [prices.exist() for _ in range(5)] == [False, False, True, True, True]
    assert engine.answers == []
