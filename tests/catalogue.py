"""Documents for engine tests, and a naive reading of CandidateQuery to compare engines with."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from houndstooth.mappings.document import View, VisualDocument
from houndstooth.mappings.engine import CandidateQuery, Filter, RangeFilter, TermFilter
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Box
from houndstooth.mappings.product import OUT_OF_STOCK, Scalar
from houndstooth.mappings.rows import Lengths
from houndstooth.mappings.writes import IndexDocument

MODEL = "test-1"
CODE_BYTES, COLOUR_BINS = 20, 12
LENGTHS = Lengths(CODE_BYTES, COLOUR_BINS)
GREAT_CATEGORIES = {"t-shirt": "top", "shirt": "top", "jeans": "bottom", "boots": "shoes"}
STORED_CATEGORIES = {**GREAT_CATEGORIES, UNKNOWN_CATEGORY: UNKNOWN_CATEGORY}
"""Great category by category, of products; nobody asks for the unknown one."""

VALUES = {
    "colour": ("colour:red", "colour:blue", "colour:navy-blue"),
    "sleeve": ("sleeve:short", "sleeve:long"),
    "pattern": ("pattern:solid", "pattern:striped", "pattern:floral"),
}


def visual(
    product_id: str,
    *,
    category: str = "t-shirt",
    attributes: Iterable[str] = ("colour:red",),
    model: str = MODEL,
    seed: int = 0,
    views: int = 1,
) -> VisualDocument:
    """A visual object whose bytes come from ``seed``; its first view is the same for any others."""
    noise = np.random.default_rng(seed)
    code, colour, *more = (
        noise.integers(0, 256, size, dtype=np.uint8) for size in (CODE_BYTES, COLOUR_BINS) * views
    )
    return VisualDocument(
        product_id=product_id,
        category=category,
        great_category=STORED_CATEGORIES[category],
        attributes=tuple(sorted(attributes)),
        from_text=(category,),
        binary_code=code,
        colour_histogram=colour,
        box=Box(0.1, 0.2, 0.5, 0.25),
        model=model,
        source_hash=f"hash-{product_id}",
        computed_at="2026-01-02T03:04:05Z",
        further=tuple(View(2 * n + 2, Box(0.1 * n, 0, 0.5, 0.5)) for n in range(views - 1)),
        further_codes=tuple(more[::2]),
        further_colours=tuple(more[1::2]),
    )


def document(
    product_id: str,
    facts: dict[str, Scalar] | None = None,
    *,
    category: str = "t-shirt",
    attributes: Iterable[str] = ("colour:red",),
    model: str = MODEL,
    seed: int = 0,
    views: int = 1,
) -> IndexDocument:
    """A whole document."""
    made = visual(
        product_id, category=category, attributes=attributes, model=model, seed=seed, views=views
    )
    return IndexDocument(product_id, facts or {}, made)


def random_documents(seed: int, count: int) -> list[IndexDocument]:
    """Documents with ids of several alphabets and any number of values in a group."""
    chance = random.Random(seed)
    names = ["7", "a b", "A/B", "é", "Ω", "𝔘", "x" * 40, "0"]
    documents = []
    for n in range(count):
        terms = [term for group in VALUES.values() for term in group if chance.random() < 0.4]
        facts: dict[str, Scalar] = {
            "title": f"Product number {n}",
            "brand": chance.choice(["Puma", "Étoile", "No: 5", "12"]),
            "price": chance.choice([9.99, 10, 25.5, 1000000.0]),
            "stock": chance.randrange(3),
            "limited": chance.random() < 0.5,
            "availability": ("in stock", "out of stock", "preorder", None)[n % 4],
            "weight": chance.choice([1, 1.5, None]),
        }
        documents.append(
            document(
                f"{chance.choice(names)}{n}",
                facts,
                category=chance.choice(list(STORED_CATEGORIES)),
                attributes=terms,
                model=chance.choice([MODEL, MODEL, MODEL, "other-1"]),
                seed=n,
                views=1 + n % 3,
            )
        )
    return documents


def random_query(seed: int, documents: Sequence[IndexDocument]) -> CandidateQuery:
    """A query that uses a random part of what there is to ask."""
    chance = random.Random(seed)
    every_term = [term for group in VALUES.values() for term in group]
    filters: list[Filter] = [
        RangeFilter("price", chance.choice([None, 9.99, 10]), chance.choice([None, 25.5, 900])),
        RangeFilter("weight", None, None),
        RangeFilter("stock", 1, None),
    ]
    facts = [dict(one.facts) for one in documents]
    equal = [
        term_filter(name, chance.choice(facts)[name]) for name in ("brand", "brand", "limited")
    ]
    return CandidateQuery(
        model=MODEL,
        category=chance.choice([None, *GREAT_CATEGORIES]),
        great_category=chance.choice([None, None, "top"]),
        preferred={
            name: {term: chance.randrange(0, 1000) for term in chance.sample(terms, 2)}
            for name, terms in VALUES.items()
            if chance.random() < 0.7
        },
        minimum_groups=chance.randrange(0, 3),
        required=tuple(chance.sample(every_term, chance.choice([0, 0, 1]))),
        excluded=tuple(chance.sample(every_term, chance.choice([0, 0, 2]))),
        filters=tuple(one for one in filters + equal if chance.random() < 0.2),
        without_id=chance.choice([None, chance.choice(documents).product_id]),
        **random_group(chance, documents),
        hide_sold_out=chance.random() < 0.3,
    )


def random_group(chance: random.Random, documents: Sequence[IndexDocument]) -> dict[str, Any]:
    """``variant_field``, and ``without_variant_group`` or not."""
    name = chance.choice(["brand", "stock", "weight", "no-such-field"])
    value = group_of(chance.choice(documents), name)
    return {"variant_field": name} | (
        {"without_variant_group": value} if value and name != "weight" else {}
    )


def group_of(one: IndexDocument, name: str) -> str | None:
    """A fact as the variants of a product share it."""
    value = one.facts.get(name)
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def naive_candidates(
    query: CandidateQuery, documents: Iterable[IndexDocument]
) -> list[tuple[str, int]]:
    """Ids and scores that the docstring of CandidateQuery promises, best first."""
    found = []
    for one in documents:
        made = one.visual
        assert made is not None
        has = set(made.attributes)
        groups = [[w for t, w in group.items() if t in has] for group in query.preferred.values()]
        matches = (
            made.model == query.model
            and (
                made.category == UNKNOWN_CATEGORY
                or (
                    query.category in (None, made.category)
                    and query.great_category in (None, made.great_category)
                )
            )
            and one.product_id != query.without_id
            and not (
                query.without_variant_group
                and group_of(one, query.variant_field) == query.without_variant_group
            )
            and has.issuperset(query.required)
            and has.isdisjoint(query.excluded)
            and sum(map(bool, groups)) >= query.minimum_groups
            and not (query.hide_sold_out and one.facts.get("availability") == OUT_OF_STOCK)
            and passes(query.filters, one)
        )
        if matches:
            found.append((one.product_id, sum(max(group, default=0) for group in groups)))
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))


def passes(filters: Iterable[Filter], one: IndexDocument) -> bool:
    """Any filter of a field holds, for every field."""
    holds: dict[str, bool] = {}
    for a_filter in filters:
        value = one.facts.get(a_filter.field)
        if isinstance(a_filter, RangeFilter):
            low = float("-inf") if a_filter.low is None else a_filter.low
            high = float("inf") if a_filter.high is None else a_filter.high
            held = isinstance(value, int | float) and low <= value <= high
        else:
            held = term_filter(a_filter.field, value) == a_filter
        holds[a_filter.field] = holds.get(a_filter.field, False) or held
    return all(holds.values())


def term_filter(name: str, value: Scalar) -> Filter:
    """The filter that asks for this value of a fact."""
    return TermFilter(name, str(value).lower() if isinstance(value, bool) else str(value))
