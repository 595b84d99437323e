"""Group the products of a ranking of which one alone is a hit: variants, and near-duplicates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from houndstooth.plugin.columns.query import RankedRow, RankingQuery
from houndstooth.plugin.sources import Source

Key = int | str
"""Name of a group."""


class Grouping(Protocol):
    """Groups the products of one search."""

    def keys(self, query: RankingQuery, rows: Sequence[RankedRow]) -> dict[str, Key]:
        """Name the groups of products, by product id; those alone have none."""

    def members(
        self, query: RankingQuery, keys: Collection[Key]
    ) -> Iterable[tuple[Key, RankedRow]]:
        """Rank all products of some groups that pass the query, best first."""


class NoGrouping:
    """Leaves each product alone."""

    def keys(self, query: RankingQuery, rows: Sequence[RankedRow]) -> dict[str, Key]:
        """See Grouping."""
        return {}

    def members(
        self, query: RankingQuery, keys: Collection[Key]
    ) -> Iterable[tuple[Key, RankedRow]]:
        """See Grouping."""
        return ()


class VariantGrouping:
    """Groups variants of a product.

    Args:
        source: Ranks the products.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def keys(self, query: RankingQuery, rows: Sequence[RankedRow]) -> dict[str, Key]:
        """See Grouping."""
        return {row.product_id: row.variant for row in rows if row.variant}

    def members(
        self, query: RankingQuery, keys: Collection[Key]
    ) -> Iterable[tuple[Key, RankedRow]]:
        """See Grouping."""
        rows = self._source.variants(query, [key for key in keys if isinstance(key, int)])
        return ((row.variant, row) for row in rows)


class NearGrouping:
    """Groups near-duplicates, and with them the variants of a product if the query has them.

    Args:
        source: Ranks the products.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._members: dict[Key, frozenset[str]] = {}

    def keys(self, query: RankingQuery, rows: Sequence[RankedRow]) -> dict[str, Key]:
        """See Grouping. A group has the name of its first product."""
        groups = self._source.near(query, [row.product_id for row in rows])
        found: dict[str, Key] = {}
        for product_id, group in groups.items():
            if len(group) > 1:
                found[product_id] = key = min(group)
                self._members[key] = group
        return found

    def members(
        self, query: RankingQuery, keys: Collection[Key]
    ) -> Iterable[tuple[Key, RankedRow]]:
        """See Grouping."""
        key_of = {one: key for key in keys for one in self._members[key]}
        return ((key_of[row.product_id], row) for row in self._source.named(query, list(key_of)))


def grouping_of(source: Source, has_variants: bool, merges: bool) -> Grouping:
    """Choose how the products of a search are grouped.

    Args:
        source: Ranks the products.
        has_variants: Whether variants are one hit.
        merges: Whether near-duplicates are one hit.
    """
    if merges:
        return NearGrouping(source)
    return VariantGrouping(source) if has_variants else NoGrouping()
