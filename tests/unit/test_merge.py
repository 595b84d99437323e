"""Text first, then what the recogniser is sure of; the document keeps which said it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.merge import category_from, visual_document
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import UnknownTerm
from houndstooth.mappings.features import (
    WHOLE_IMAGE,
    CategorySource,
    Features,
    ScoredTerm,
    group_of,
)
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import TextEvidence
from houndstooth.mappings.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
PRODUCT = Product("1", "a shirt", ("1.jpg",))
NOW = datetime(2024, 5, 1, 12, 30, 15, 99, tzinfo=UTC)


def merge(
    category: str,
    seen: dict[str, float],
    said: dict[str, tuple[str, ...]] | None = None,
    text_categories: frozenset[str] = frozenset(),
    *,
    sure: Collection[str] | None = None,
) -> VisualDocument:
    features = seen_in_picture(category, seen, seen if sure is None else sure)
    evidence = TextEvidence(text_categories, None, said or {})
    return visual_document(PRODUCT, evidence, [(1, features)], TAXONOMY, "hash", NOW)


def seen_in_picture(
    category: str,
    seen: Mapping[str, float],
    sure: Collection[str] = (),
    source: CategorySource = "chosen",
) -> Features:
    """Features of which some terms have a measured precision."""
    return Features(
        categories=(ScoredTerm(category, 0.9, 0.92 if category in sure else None),),
        category_source=source,
        attributes=tuple(
            ScoredTerm(term, confidence, 0.93 if term in sure else None)
            for term, confidence in seen.items()
        ),
        box=WHOLE_IMAGE,
        box_source="whole",
        binary_code=np.arange(4, dtype=np.uint8),
        colour_histogram=np.arange(3, dtype=np.uint8),
        model="m-1",
    )


def test_text_goes_first_and_is_remembered() -> None:
    document = merge(
        "shirt",
        {"colour:red": 0.9, "gender:men": 0.8, "sleeve:long": 0.7},
        {"colour": ("colour:blue",)},
        frozenset({"shirt"}),
    )
    assert document.attributes == ("colour:blue", "gender:men", "sleeve:long")
    assert document.from_text == ("colour:blue", "shirt")
    assert (document.category, document.great_category) == ("shirt", "top")


def test_all_terms_that_the_text_states_are_stored() -> None:
    document = merge("shirt", {"colour:green": 0.9}, {"colour": ("colour:red", "colour:blue")})
    assert document.attributes == document.from_text == ("colour:blue", "colour:red")


def test_a_choice_that_the_image_decided_is_not_from_text() -> None:
    assert merge("shirt", {}, {}, frozenset({"shirt", "t-shirt"})).from_text == ()


def test_terms_of_groups_that_the_category_lacks_are_left_out() -> None:
    document = merge("shirt", {"heel:high": 1.0}, {"heel": ("heel:high",)})
    assert (document.attributes, document.from_text) == ((), ())


def test_a_term_without_a_measured_precision_is_not_stored_however_sure() -> None:
    seen = {"sleeve:long": 0.99, "colour:red": 0.97, "gender:women": 0.99}
    assert merge("shirt", seen, sure={"colour:red"}).attributes == ("colour:red",)


def test_a_product_that_is_two_things_has_both() -> None:
    document = merge("shirt", {"pattern:striped": 0.9, "pattern:printed": 0.8})
    assert document.attributes == ("pattern:printed", "pattern:striped")


def test_what_the_text_says_of_a_group_goes_before_all_that_the_picture_shows_of_it() -> None:
    seen = {"pattern:striped": 0.9, "pattern:printed": 0.8}
    assert merge("shirt", seen, {"pattern": ("pattern:checked",)}).attributes == (
        "pattern:checked",
    )


def test_where_the_picture_fits_nothing_the_category_is_unknown() -> None:
    seen = {"colour:red": 0.9, "sleeve:long": 0.9}
    features = seen_in_picture("shirt", seen, seen, "auto")
    nothing = TextEvidence(frozenset(), None, {})
    document = visual_document(PRODUCT, nothing, [(1, features)], TAXONOMY, "hash", NOW)
    assert (document.category, document.great_category) == ("unknown", "unknown")
    assert document.attributes == ("colour:red",), "terms that every product may have stay"
    assert category_from(nothing, features) == "neither"
    assert category_from(nothing, seen_in_picture("shirt", {}, {"shirt"}, "auto")) == "picture"


def test_a_kind_that_the_taxonomy_lacks_is_not_forced_into_its_neighbour() -> None:
    features = seen_in_picture("watch", {}, {"watch"}, "auto")
    lacking = TextEvidence(frozenset(), None, {}, lacks_category=True)
    document = visual_document(PRODUCT, lacking, [(1, features)], TAXONOMY, "hash", NOW)
    assert document.category == "unknown"
    assert category_from(lacking, features) == "neither"


def test_provenance() -> None:
    document = merge("shirt", {})
    assert (document.product_id, document.model, document.source_hash) == ("1", "m-1", "hash")
    assert document.computed_at == "2024-05-01T12:30:15+00:00"
    assert VisualDocument.from_json(document.to_json()).to_json() == document.to_json()


def test_unknown_category() -> None:
    with pytest.raises(UnknownTerm):
        merge("spaceship", {})


terms = st.sampled_from(TAXONOMY.attribute_terms())


@given(
    st.sampled_from(list(TAXONOMY.categories)),
    st.dictionaries(terms, st.floats(0, 1)),
    st.lists(terms),
)
def test_stated_terms_else_the_sure_ones_of_the_picture(
    category: str, seen: dict[str, float], said_terms: list[str]
) -> None:
    said: dict[str, tuple[str, ...]] = {}
    for term in dict.fromkeys(said_terms):
        said[group_of(term)] = (*said.get(group_of(term), ()), term)
    sure = {term for term, confidence in seen.items() if confidence >= 0.5}
    document = merge(category, seen, said, sure=sure)
    groups = TAXONOMY.groups_of(category)
    expected = {t for terms in said.values() for t in terms}
    expected |= {term for term in sure if group_of(term) not in said}
    assert set(document.attributes) == {term for term in expected if group_of(term) in groups}
    assert set(document.from_text) == {t for g, terms in said.items() if g in groups for t in terms}
