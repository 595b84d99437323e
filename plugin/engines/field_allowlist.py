"""Restrict an engine to the shop fields of an allowlist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from houndstooth.mappings.engine import (
    CandidateQuery,
    Engine,
    RankingEngine,
    ShopQuery,
)
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.product import Fact
from houndstooth.mappings.read_products import ProductFacts, ShownProduct, StoredProduct
from houndstooth.mappings.rows import Changes, Checkpoint, FeatureRows, Lengths
from houndstooth.mappings.words_query import IdsQuery, WordsQuery
from houndstooth.mappings.writes import IndexDocument, Outdated, StoredState, WriteOutcome
from houndstooth.plugin.engines.fields import VISUAL_FACETS
from houndstooth.plugin.fact_paths import names_path, select_facts
from houndstooth.plugin.shop_query import query_json


class FieldAllowlist:
    """An engine that returns, filters and counts only the allowed shop fields.

    A shop's own index may hold a product's purchase price. Neither an answer nor the number of
    hits under a filter may reveal it.

    Args:
        engine: The engine with all fields.
        fields: Names of the allowed fields; the name of an object allows all fields in it, and
            ``maker.style`` that field of an object alone.
    """

    def __init__(self, engine: Engine, fields: Collection[str]) -> None:
        self._engine, self._fields = engine, frozenset(fields)
        self.location, self.embedded = engine.location, engine.embedded

    @property
    def unrestricted(self) -> Engine:
        """Return the engine with all fields, for what is shown to nobody."""
        return self._engine

    def index_id(self) -> str:
        """See Engine."""
        return self._engine.index_id()

    def changes(
        self,
        model: str,
        lengths: Lengths,
        variant_field: str | None,
        since: Checkpoint | None = None,
    ) -> Iterator[Changes]:
        """See Engine."""
        return self._engine.changes(model, lengths, variant_field, since)

    def features(
        self, product_ids: Sequence[str], model: str, lengths: Lengths, variant_field: str | None
    ) -> FeatureRows:
        """See Engine."""
        return self._engine.features(product_ids, model, lengths, variant_field)

    def match(
        self, query: CandidateQuery, limit: int, among: Sequence[str] | None = None
    ) -> list[str]:
        """See Engine. Raises InvalidFilter if a filter's field is not allowed."""
        return self._engine.match(self._checked(query), limit, among)

    def window(
        self,
        query: CandidateQuery,
        limit: int,
        lengths: Lengths,
        appearance: Mapping[str, int] | None = None,
    ) -> FeatureRows:
        """See RankingEngine, which the engine must be for this.

        Raises InvalidFilter if a filter's field is not allowed.
        """
        ranking = cast(RankingEngine, self._engine)
        return ranking.window(self._checked(query), limit, lengths, appearance)

    def by_words(
        self, query: CandidateQuery, words: WordsQuery, limit: int
    ) -> list[tuple[str, float]]:
        """See Engine; words are looked for in the allowed fields alone."""
        limited = replace(words, fields=self._fields)
        return self._engine.by_words(self._checked(query), limited, limit)

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        """See Engine."""
        return [
            replace(one, facts=self._limited(one.facts)) for one in self._engine.show(product_ids)
        ]

    def facts(
        self, product_ids: Sequence[str], names: Collection[str], terms: Collection[str] = ()
    ) -> dict[str, ProductFacts]:
        """See Engine; a field that is not allowed has no value."""
        found = self._engine.facts(product_ids, names, terms)
        return {key: one._replace(facts=self._limited(one.facts)) for key, one in found.items()}

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """See Engine."""
        return [
            replace(stored, facts=self._limited(stored.facts))
            for stored in self._engine.fetch(product_ids)
        ]

    def count(self, query: CandidateQuery | None = None) -> int:
        """See Engine. Raises InvalidFilter if a filter's field is not allowed."""
        return self._engine.count(query and self._checked(query))

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """See Engine; a field that is not allowed has no values."""
        allowed = [name for name in fields if name in VISUAL_FACETS or self._allows(name)]
        counts = self._engine.facets(self._checked(query), allowed, size)
        return {name: counts.get(name, []) for name in fields}

    def prepare(self) -> None:
        """See Engine."""
        self._engine.prepare()

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """See Engine."""
        return self._engine.write(documents)

    def delete(self, product_ids: Collection[str], as_of: int | None = None) -> int:
        """See Engine."""
        return self._engine.delete(product_ids, as_of)

    def outdated(self, before: int, kept: Collection[str] = (), examples: int = 10) -> Outdated:
        """See Engine."""
        return self._engine.outdated(before, kept, examples)

    def delete_outdated(self, before: int, kept: Collection[str], limit: int) -> int:
        """See Engine."""
        return self._engine.delete_outdated(before, kept, limit)

    def refresh(self) -> None:
        """See Engine."""
        self._engine.refresh()

    def stored(self, product_ids: Sequence[str]) -> dict[str, StoredState]:
        """See Engine."""
        return self._engine.stored(product_ids)

    def ping(self) -> None:
        """See Engine."""
        self._engine.ping()

    def close(self) -> None:
        """See Engine."""
        self._engine.close()

    def _allows(self, name: str) -> bool:
        return names_path(self._fields, name)

    def _limited(self, facts: Mapping[str, Fact]) -> dict[str, Any]:
        return select_facts(facts, self._fields)

    def _checked(self, query: CandidateQuery) -> CandidateQuery:
        for condition in (*query.filters, *query.post_filters):
            self._check(condition.field)
        queries: list[ShopQuery | WordsQuery | IdsQuery] = []
        for one in query.queries:
            if isinstance(one, WordsQuery):
                one = replace(one, fields=self._fields)
            elif isinstance(one, ShopQuery):
                query_json(one, self._check)
            queries.append(one)
        return replace(query, queries=tuple(queries))

    def _check(self, name: str) -> str:
        """Return the name of a field that is allowed."""
        if name in VISUAL_FACETS or self._allows(name):
            return name
        allowed = ", ".join(sorted(self._fields))
        raise InvalidFilter(f"expected a filter on one of {allowed}; got {name!r}")
