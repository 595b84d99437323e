"""The answer to a search that looks at every document, and documents with many ties."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from houndstooth.mappings.engine import Engine, Filter, RangeFilter, TermFilter
from houndstooth.mappings.features import Box, Features, ScoredTerm
from houndstooth.mappings.rows import TermSet, term_set
from houndstooth.mappings.search import SOLD_OUT_CHOICES, Hit, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.attribute_query import Step, attribute_query
from houndstooth.plugin.columns.query import RankedRow, RankingQuery
from houndstooth.plugin.config import Settings
from houndstooth.plugin.service import VisualSearch
from tests.catalogue import (
    CODE_BYTES,
    COLOUR_BINS,
    GREAT_CATEGORIES,
    MODEL,
    STORED_CATEGORIES,
    VALUES,
    document,
    group_of,
    passes,
)
from tests.fakes import FakeExtractor
from tests.feature_rows import Product, attribute_score, naive_row

TAXONOMY = Taxonomy.load()
VARIANT_FIELD = "style"
SETTINGS = Settings(variant_field=VARIANT_FIELD, columns=None)
LOOKS = 5
"""Documents and queries look in one of so many ways."""


class Extractor(FakeExtractor):
    model = MODEL
    code_bytes, colour_bins = CODE_BYTES, COLOUR_BINS


def search_of(engine: Engine, settings: Settings = SETTINGS) -> VisualSearch:
    return VisualSearch(Extractor(), engine, TAXONOMY, settings)


def random_document(chance: random.Random, product_id: str, serial: int = 0) -> IndexDocument:
    return document(
        product_id,
        {
            "serial": serial,
            "brand": chance.choice(["Puma", "Puma", "Nike"]),
            "price": float(chance.randrange(10)),
            "style": chance.choice([None, None, *map(str, range(30))]),
            "availability": chance.choice(["in stock", "out of stock", None]),
        },
        category=chance.choice(list(STORED_CATEGORIES)),
        attributes=[term for group in VALUES.values() for term in group if chance.random() < 0.4],
        model=chance.choice([MODEL] * 9 + ["other-1"]),
        seed=chance.randrange(LOOKS),
        views=1 + serial % 3,
    )


def documents_of(seed: int, count: int) -> list[IndexDocument]:
    chance = random.Random(seed)
    return [random_document(chance, f"{chance.choice('aZ0é𝔘')}{n}", n) for n in range(count)]


def random_features(chance: random.Random) -> Features:
    noise = np.random.default_rng(chance.randrange(LOOKS))
    attributes = [
        ScoredTerm(term, confidence, 0.93 if confidence > 0.8 else None)
        for values in VALUES.values()
        for term, confidence in zip(
            chance.sample(values, 2),
            chance.choice([(0.9, 0.1), (0.5, 0.5), (0.02, 0.01)]),
            strict=True,
        )
    ]
    return Features(
        categories=(ScoredTerm(chance.choice(list(GREAT_CATEGORIES)), 0.9),),
        category_source="auto",
        attributes=tuple(sorted(attributes, key=lambda one: -one.confidence)),
        box=Box(0, 0, 1, 1),
        box_source="whole",
        binary_code=noise.integers(0, 256, CODE_BYTES, dtype=np.uint8),
        colour_histogram=noise.integers(0, 256, COLOUR_BINS, dtype=np.uint8),
        model=MODEL,
    )


def random_request(chance: random.Random, **given: Any) -> SearchRequest:
    filters: list[Filter] = [
        RangeFilter("price", 0.0, float(chance.randrange(10))),
        TermFilter("brand", chance.choice(["Puma", "Nike"])),
        TermFilter("brand", "Nike"),
    ]
    terms = [term for values in VALUES.values() for term in values]
    request = SearchRequest(
        filters=tuple(chance.sample(filters, chance.choice([0, 0, 1, 1, 2]))),
        required=tuple(chance.sample(terms, chance.choice([0, 0, 0, 1]))),
        excluded=tuple(chance.sample(terms, chance.choice([0, 0, 0, 1]))),
        collapse=chance.random() < 0.5,
        sold_out=chance.choice(SOLD_OUT_CHOICES),
        top=chance.choice([1, 3, 8, 24, 60]),
        appearance_weight=chance.choice([0.0, 0.7, 1.0]),
    )
    return replace(request, **given)


Place = tuple[int, bool, float, str]
"""Number of the step, and place within it: sorting key of a chain."""


def term_set_of(one: IndexDocument) -> TermSet:
    made = one.visual
    assert made is not None
    return term_set(
        made.great_category, made.category, made.attributes, one.facts.get("availability")
    )


@dataclass(frozen=True)
class Naive:
    """Ranks every document for one search."""

    features: Features
    request: SearchRequest

    @property
    def steps(self) -> list[Step]:
        field = VARIANT_FIELD if self.request.collapse else None
        return attribute_query(self.features, self.request, TAXONOMY, variant_field=field)

    def row(self, one: IndexDocument) -> RankedRow | None:
        """The product as it ranks in every step; None if it is in none."""
        made = one.visual
        if not made or made.model != MODEL or not passes(self.request.filters, one):
            return None
        query = RankingQuery(
            self.features.binary_code,
            self.features.colour_histogram,
            self.steps[-1][1],
            self.request.appearance_weight,
            SETTINGS.attribute_weight,
            sold_out_last=self.request.sold_out == "last",
        )
        product = Product(
            one.product_id,
            term_set=term_set_of(one),
            code=made.binary_code.tobytes(),
            colour=made.colour_histogram.tobytes(),
            group=group_of(one, VARIANT_FIELD),
            further=tuple(
                (code.tobytes(), colour.tobytes())
                for code, colour in zip(made.further_codes, made.further_colours, strict=True)
            ),
        )
        return naive_row(query, product)

    def step(self, one: IndexDocument, first: int) -> int | None:
        """The first step, of those from ``first`` on, that a document matches."""
        for number, (_, query) in enumerate(self.steps):
            if number >= first and attribute_score(query, term_set_of(one)) is not None:
                return number
        return None

    def place(self, one: IndexDocument, first: int) -> Place | None:
        row = self.row(one)
        step = self.step(one, first) if row else None
        return None if row is None or step is None else (step, *row.place)

    def chain(
        self, documents: Iterable[IndexDocument], first: int, last: int | None = None
    ) -> list[tuple[IndexDocument, list[str]]]:
        """All hits of the steps from ``first`` to ``last``, and their variants."""
        placed = [(self.place(one, first), one) for one in documents]
        found = sorted(
            ((place, one) for place, one in placed if place),
            key=lambda pair: pair[0],
        )
        hits: list[tuple[IndexDocument, list[str]]] = []
        groups: dict[str, tuple[int, list[str]]] = {}
        for place, one in found:
            if last is not None and place[0] > last:
                break
            group = group_of(one, VARIANT_FIELD) if self.request.collapse else None
            if group and group in groups:
                if groups[group][0] == place[0]:
                    groups[group][1].append(one.product_id)
                continue
            hits.append((one, []))
            if group:
                groups[group] = place[0], hits[-1][1]
        return hits

    def first_step(self, documents: Sequence[IndexDocument]) -> int:
        """The step whose hits come first: the strictest that fills the page."""
        last = 0
        for number, (_, query) in enumerate(self.steps):
            if query.category is not None:
                last = number
                if len(self.chain(documents, number, number)) >= self.request.top:
                    break
        return last

    def page(self, documents: Sequence[IndexDocument]) -> list[tuple[Any, ...]]:
        first = self.first_step(documents)
        return self.described(self.chain(documents, first)[: self.request.top])

    def described(self, hits: Iterable[tuple[IndexDocument, list[str]]]) -> list[tuple[Any, ...]]:
        """Hits as ``described`` describes those of an answer."""
        rows = [(self.row(one), one, variants) for one, variants in hits]
        return [
            (
                *(row.product_id, row.score, row.appearance_distance, row.colour_distance),
                *(one.visual.views[row.view], dict(one.facts), tuple(variants)),
            )
            for row, one, variants in rows
            if row and one.visual
        ]


def described(hits: Iterable[Hit]) -> list[tuple[Any, ...]]:
    return [
        (
            *(hit.product_id, hit.score, hit.appearance_distance, hit.colour_distance),
            *(hit.view, dict(hit.product), hit.variants),
        )
        for hit in hits
    ]
