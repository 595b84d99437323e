"""Products as rows of features, and a naive ranking of them to compare columns with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Bytes
from houndstooth.mappings.rows import SOLD_OUT, FeatureRows, Lengths, TermSet
from houndstooth.plugin.columns.query import RankedRow, RankingQuery
from houndstooth.plugin.columns.segment import variant_hash
from houndstooth.plugin.columns.snapshot import Snapshot
from tests.catalogue import STORED_CATEGORIES, VALUES

CODE_BYTES, COLOUR_BINS = 4, 3
LENGTHS = Lengths(CODE_BYTES, COLOUR_BINS)
TERMS = [term for values in VALUES.values() for term in values]


@dataclass(frozen=True)
class Product:
    """One row."""

    product_id: str
    version: int = 1
    term_set: TermSet = ("top", "t-shirt", ())
    code: bytes = bytes(CODE_BYTES)
    colour: bytes = bytes(COLOUR_BINS)
    group: str | None = None
    further: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def views(self) -> list[tuple[bytes, bytes]]:
        """Code and histogram of each view."""
        return [(self.code, self.colour), *self.further]


def rows_of(products: Iterable[Product]) -> FeatureRows:
    listed = list(products)
    return FeatureRows(
        product_ids=[one.product_id for one in listed],
        versions=np.array([one.version for one in listed], dtype=np.int64),
        term_sets=[one.term_set for one in listed],
        binary_codes=matrix([code for one in listed for code, _ in one.views]),
        colour_histograms=matrix([colour for one in listed for _, colour in one.views]),
        variant_groups=[one.group for one in listed],
        view_counts=np.array([len(one.views) for one in listed], dtype=np.int64)
        if any(one.further for one in listed)
        else None,
    )


def matrix(rows: Sequence[bytes]) -> Bytes:
    if not rows:
        return np.zeros((0, 0), dtype=np.uint8)
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), -1)


def contents(snapshot: Snapshot) -> dict[str, tuple[object, ...]]:
    """Everything that a snapshot holds of its products, by id; none is alive twice."""
    found: dict[str, tuple[object, ...]] = {}
    for part in snapshot.parts:
        segment, rows = part.segment, part.rows()
        sets = segment.term_sets.unpack()
        ids = segment.ids(rows)
        assert not found.keys() & set(ids)
        for row, product_id, variant in zip(
            rows.tolist(), ids, segment.variants(rows).tolist(), strict=True
        ):
            first, last = segment.views_of(np.array([row]))
            found[product_id] = (
                int(segment.versions[row]),
                sets[int(segment.sets_of(np.array([row]))[0])],
                [
                    (
                        segment.codes[view].tobytes()[: segment.code_bytes],
                        segment.colours[view].tobytes()[: segment.colour_bins],
                    )
                    for view in range(int(first[0]), int(last[0]))
                ],
                variant,
            )
    assert len(found) == len(snapshot)
    return found


def expected_contents(products: Iterable[Product]) -> dict[str, tuple[object, ...]]:
    return {
        one.product_id: (one.version, one.term_set, one.views, variant_hash(one.group))
        for one in products
    }


def attribute_score(query: CandidateQuery, term_set: TermSet) -> int | None:
    """The score that the docstring of CandidateQuery promises; None = no match."""
    great, category, terms = term_set
    has = set(terms)
    groups = [[w for t, w in group.items() if t in has] for group in query.preferred.values()]
    matches = (
        (
            category == UNKNOWN_CATEGORY
            or (query.category in (None, category) and query.great_category in (None, great))
        )
        and not (query.hide_sold_out and SOLD_OUT in has)
        and has.issuperset(query.required)
        and has.isdisjoint(query.excluded)
        and sum(map(bool, groups)) >= query.minimum_groups
    )
    return sum(max(group, default=0) for group in groups) if matches else None


def naive_row(query: RankingQuery, one: Product) -> RankedRow | None:
    """How a product ranks, computed as RankingQuery says; None if it is not to be ranked."""
    candidates = query.candidates
    points = attribute_score(candidates, one.term_set)
    left_out = (
        any(attribute_score(other, one.term_set) is not None for other in query.without)
        or one.product_id == candidates.without_id
        or (
            candidates.variant_field
            and candidates.without_variant_group
            and one.group == candidates.without_variant_group
        )
    )
    if points is None or left_out:
        return None
    compared = [naive_distances(query, *view) for view in one.views]
    distance, view = min((figures[0], number) for number, figures in enumerate(compared))
    _, appearance, colours = compared[view]
    agreement = points / query.candidates.best_score if query.candidates.best_score else 1.0
    share = query.attribute_weight
    score = (1 - share) * (1 - distance) + share * agreement
    variant = variant_hash(one.group)
    last = query.sold_out_last and SOLD_OUT in one.term_set[2]
    known = one.term_set[1] != UNKNOWN_CATEGORY
    return RankedRow(
        one.product_id, one.version, variant, score, appearance, colours, view, last, known
    )


def naive_distances(query: RankingQuery, code: bytes, colour: bytes) -> tuple[float, float, float]:
    """Whole, appearance and colour distance of one view."""
    asked = query.binary_code.tolist()
    bits = sum((a ^ b).bit_count() for a, b in zip(asked, code, strict=True))
    histograms = zip(query.colour_histogram.tolist(), colour, strict=True)
    appearance = bits / (8 * len(asked))
    if query.bit_weights is not None:
        differ = np.unpackbits(query.binary_code ^ np.frombuffer(code, np.uint8))
        appearance = float(query.bit_weights[differ == 1].sum())
    colours = min(1.0, sum((a - b) ** 2 for a, b in histograms) / (2 * 255**2))
    weight = query.appearance_weight
    return weight * appearance + (1 - weight) * colours, appearance, colours


def naive_rank(query: RankingQuery, products: Iterable[Product]) -> list[RankedRow]:
    ranked = [naive_row(query, one) for one in products]
    return sorted((row for row in ranked if row), key=lambda row: row.place)


# Few distinct values, so that ties are common.
few_codes = st.lists(st.sampled_from([0, 1, 128, 255]), min_size=CODE_BYTES, max_size=CODE_BYTES)
few_colours = st.lists(st.sampled_from([0, 1, 255]), min_size=COLOUR_BINS, max_size=COLOUR_BINS)
further_views = st.just(()) | st.lists(
    st.tuples(few_codes.map(bytes), few_colours.map(bytes)), max_size=3
).map(tuple)
ids = st.text(st.sampled_from("aZ0é𝔘"), min_size=1, max_size=3)
term_sets = st.builds(
    lambda category, terms: (STORED_CATEGORIES[category], category, tuple(sorted(terms))),
    st.sampled_from(list(STORED_CATEGORIES)),
    st.sets(st.sampled_from([*TERMS, SOLD_OUT]), max_size=4),
)


def products_of(product_ids: st.SearchStrategy[str]) -> st.SearchStrategy[Product]:
    return st.builds(
        Product,
        product_ids,
        version=st.integers(1, 3),
        term_set=term_sets,
        code=few_codes.map(bytes),
        colour=few_colours.map(bytes),
        group=st.sampled_from([None, None, "", "g", "h", "é"]),
        further=further_views,
    )


def unique_products(max_size: int = 20) -> st.SearchStrategy[list[Product]]:
    return st.lists(products_of(ids), max_size=max_size, unique_by=lambda one: one.product_id)


@st.composite
def candidate_queries(draw: st.DrawFn, product_ids: Collection[str] = ()) -> CandidateQuery:
    boosts = {
        group: st.dictionaries(st.sampled_from(values), st.sampled_from([0, 1, 500, 1500]))
        for group, values in VALUES.items()
    }
    some_terms = st.lists(st.sampled_from([*TERMS, "colour:unknown"]), max_size=1).map(tuple)
    return CandidateQuery(
        model="test-1",
        category=draw(st.sampled_from([None, None, "t-shirt", "jeans", "hat"])),
        great_category=draw(st.sampled_from([None, None, "top", "shoes"])),
        preferred=draw(st.fixed_dictionaries({}, optional=boosts)),
        minimum_groups=draw(st.sampled_from([0, 0, 0, 1, 2])),
        required=draw(some_terms),
        excluded=draw(some_terms),
        without_id=draw(st.sampled_from([None, "nobody", *product_ids])),
        variant_field=draw(st.sampled_from([None, "group"])),
        without_variant_group=draw(st.sampled_from([None, None, "g", "é", "unknown"])),
        hide_sold_out=draw(st.sampled_from([False, False, True])),
    )
