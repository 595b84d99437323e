from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.document import NO_PICTURE, VisualDocument
from houndstooth.mappings.engine import RangeFilter, TermFilter
from houndstooth.mappings.errors import UnknownTerm
from houndstooth.mappings.features import UNKNOWN_CATEGORY, WHOLE_IMAGE, Features, ScoredTerm
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import (
    attribute_query,
    ideal_terms,
    stored_features,
)

TAXONOMY = Taxonomy.load()
TERMS = TAXONOMY.attribute_terms()
NAMES = ["none", "fewer-attributes", "great-category", "any-category"]


def features_of(category, attributes):
    return Features(
        categories=(ScoredTerm(category, 0.9),),
        category_source="auto",
        attributes=tuple(ScoredTerm(*found) for found in attributes),
        box=WHOLE_IMAGE,
        box_source="whole",
        binary_code=np.zeros(4, dtype=np.uint8),
        colour_histogram=np.zeros(4, dtype=np.uint8),
        model="m-1",
    )


def matches(query, category, terms):
    """What a CandidateQuery means, for a product of this category with these terms."""
    agreeing = sum(any(t in terms for t in weights) for weights in query.preferred.values())
    return (
        query.category in (None, category)
        and query.great_category in (None, TAXONOMY.great_category(category))
        and terms.issuperset(query.required)
        and terms.isdisjoint(query.excluded)
        and agreeing >= query.minimum_groups
    )


def score(query, terms):
    return sum(
        max((weight for term, weight in weights.items() if term in terms), default=0)
        for weights in query.preferred.values()
    )


@st.composite
def recognised(draw):
    """Features as an extractor gives them: by group, best first, at most 1 in all."""
    category = draw(st.sampled_from(sorted(TAXONOMY.categories)))
    attributes = []
    for group in TAXONOMY.groups_of(category):
        terms = draw(st.lists(st.sampled_from(TAXONOMY.groups[group].terms()), unique=True))
        shares = sorted((draw(st.floats(0, 1)) for _ in terms), reverse=True)
        total = max(1.0, sum(shares))
        attributes += [(t, share / total) for t, share in zip(terms, shares, strict=True)]
    return features_of(category, attributes)


requests = st.builds(
    SearchRequest,
    required=st.lists(st.sampled_from(TERMS), max_size=2, unique=True).map(tuple),
    excluded=st.lists(st.sampled_from(TERMS), max_size=4, unique=True).map(tuple),
)
products = st.tuples(
    st.sampled_from(sorted(TAXONOMY.categories)),
    st.lists(st.sampled_from(TERMS), max_size=30).map(set),
)


@given(recognised(), requests, st.lists(products, max_size=20))
def test_each_step_matches_what_the_one_before_it_matched(features, request, stored):
    queries = [query for _, query in attribute_query(features, request, TAXONOMY)]
    for category, terms in [*stored, *((features.category.term, terms) for _, terms in stored)]:
        found = [matches(query, category, terms) for query in queries]
        assert found == sorted(found)
        assert found[-1] == (
            terms.issuperset(request.required) and terms.isdisjoint(request.excluded)
        )


@given(recognised(), requests)
def test_steps_differ_and_come_in_order(features, request):
    steps = attribute_query(features, request, TAXONOMY)
    names = [name for name, _ in steps]
    assert names == [name for name in NAMES if name in names]
    assert {"none", "great-category", "any-category"} <= set(names)
    assert all(a != b for (_, a), (_, b) in pairwise(steps))


@given(recognised(), requests)
def test_boosts_are_integers_and_the_ideal_product_scores_best(features, request):
    _, query = attribute_query(features, request, TAXONOMY)[0]
    for group, weights in query.preferred.items():
        assert group in TAXONOMY.groups_of(features.category.term)
        assert all(type(weight) is int and weight >= 1 for weight in weights.values())
        assert not set(weights) & set(request.excluded)
        assert all(term.startswith(f"{group}:") for term in weights)
    wanted = ideal_terms(query, TAXONOMY)
    assert score(query, set(wanted)) == query.best_score
    assert set(request.required) <= set(wanted)
    places = [list(TAXONOMY.groups).index(term.partition(":")[0]) for term in wanted]
    assert places == sorted(places)


SHIRT = features_of(
    "t-shirt",
    [
        ("colour:navy-blue", 0.85, 0.93),
        ("colour:blue", 0.1),
        ("colour:black", 0.04),
        ("gender:men", 0.9, 0.95),
        ("sleeve:short", 0.4),
        ("heel:high", 0.9),
    ],
)


def test_the_steps_of_a_t_shirt():
    request = SearchRequest(filters=(TermFilter("brand", "Puma"), RangeFilter("price", None, 50)))
    steps = attribute_query(SHIRT, request, TAXONOMY, without=StoredProduct("p1", {}, None))
    assert [name for name, _ in steps] == NAMES
    strict, fewer, great, loosest = (query for _, query in steps)
    assert (strict.category, strict.great_category, strict.minimum_groups) == ("t-shirt", None, 2)
    assert fewer == replace(strict, minimum_groups=0)
    assert great == replace(fewer, category=None, great_category="top")
    assert loosest == replace(fewer, category=None)
    assert (loosest.model, loosest.filters, loosest.without_id) == ("m-1", request.filters, "p1")


def test_a_guess_is_preferred_and_not_demanded():
    guessed = replace(SHIRT, attributes=tuple(replace(t, precision=None) for t in SHIRT.attributes))
    _, query = attribute_query(guessed, SearchRequest(), TAXONOMY)[0]
    assert query.minimum_groups == 0
    assert query.preferred == attribute_query(SHIRT, SearchRequest(), TAXONOMY)[0][1].preferred


def test_an_item_of_unknown_category_is_searched_by_its_looks_among_all():
    unknown = features_of(UNKNOWN_CATEGORY, [("colour:red", 1.0), ("sleeve:long", 1.0)])
    [(name, query)] = attribute_query(unknown, SearchRequest(), TAXONOMY)
    assert (name, query.category, query.great_category) == ("none", None, None)
    assert list(query.preferred) == ["colour"], "terms that every product may have"


def test_prefers_likely_terms_of_the_category_by_confidence_and_importance():
    _, query = attribute_query(SHIRT, SearchRequest(), TAXONOMY)[0]
    assert query.preferred["colour"] == {"colour:navy-blue": 950, "colour:blue": 100}
    assert list(query.preferred) == ["colour", "gender", "sleeve"]
    assert ideal_terms(query, TAXONOMY) == ("colour:navy-blue", "gender:men", "sleeve:short")


def test_what_the_shopper_decided_is_not_guessed_again():
    request = SearchRequest(required=("colour:red",), excluded=("gender:men",))
    _, query = attribute_query(SHIRT, request, TAXONOMY)[0]
    assert list(query.preferred) == ["sleeve"]
    assert query.minimum_groups == 0
    assert (query.required, query.excluded) == (("colour:red",), ("gender:men", NO_PICTURE))
    assert ideal_terms(query, TAXONOMY) == ("colour:red", "sleeve:short")


def test_a_step_that_asks_the_same_is_left_out():
    vague = features_of("t-shirt", [("colour:blue", 0.3)])
    steps = attribute_query(vague, SearchRequest(), TAXONOMY)
    assert [name for name, _ in steps] == ["none", "great-category", "any-category"]


def test_refuses_a_category_that_the_taxonomy_lacks():
    with pytest.raises(UnknownTerm):
        attribute_query(features_of("toaster", []), SearchRequest(), TAXONOMY)


@pytest.mark.parametrize(
    ("category", "from_text", "source"),
    [(None, (), "auto"), (None, ("t-shirt",), "text"), ("shirt", ("t-shirt",), "chosen")],
)
def test_a_stored_product_is_asked_for_with_certainty(category, from_text, source):
    document = VisualDocument(
        product_id="p1",
        category="t-shirt",
        great_category="top",
        attributes=("colour:blue", "sleeve:short"),
        from_text=from_text,
        binary_code=np.arange(4, dtype=np.uint8),
        colour_histogram=np.arange(4, dtype=np.uint8),
        box=WHOLE_IMAGE,
        model="m-1",
        source_hash="",
        computed_at="2026-01-01T00:00:00Z",
    )
    features = stored_features(document, category)
    assert features.category == ScoredTerm(category or "t-shirt", 1.0)
    assert features.category_source == source
    assert [found.confidence for found in features.attributes] == [1.0, 1.0]
    assert features.binary_code is document.binary_code
    _, query = attribute_query(features, SearchRequest(), TAXONOMY)[0]
    assert query.minimum_groups == 2
