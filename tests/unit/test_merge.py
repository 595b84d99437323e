"""Text first, then what the recogniser is sure of; the document keeps which said it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.merge import ATTRIBUTE_CONFIDENCE, visual_document
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import UnknownTerm
from houndstooth.mappings.features import WHOLE_IMAGE, Features, ScoredTerm
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
) -> VisualDocument:
    features = Features(
        categories=(ScoredTerm(category, 0.9),),
        category_source="auto",
        attributes=tuple(ScoredTerm(term, confidence) for term, confidence in seen.items()),
        box=WHOLE_IMAGE,
        box_source="whole",
        binary_code=np.arange(4, dtype=np.uint8),
        colour_histogram=np.arange(3, dtype=np.uint8),
        model="m-1",
    )
    evidence = TextEvidence(text_categories, None, said or {})
    return visual_document(PRODUCT, evidence, [(1, features)], TAXONOMY, "hash", NOW)


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


@pytest.mark.parametrize(("confidence", "kept"), [(0.49, False), (0.5, True)])
def test_unsure_terms_are_left_out(confidence: float, kept: bool) -> None:
    assert ("sleeve:long" in merge("shirt", {"sleeve:long": confidence}).attributes) is kept


def test_colour_and_gender_are_always_there() -> None:
    seen = {"colour:red": 0.05, "colour:blue": 0.04, "gender:women": 0.3}
    assert merge("shirt", seen).attributes == ("colour:red", "gender:women")


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
def test_stated_terms_else_one_recognised_term_per_group_of_the_category(
    category: str, seen: dict[str, float], said_terms: list[str]
) -> None:
    seen = dict(sorted(seen.items(), key=lambda item: -item[1]))
    said: dict[str, tuple[str, ...]] = {}
    for term in dict.fromkeys(said_terms):
        group = term.partition(":")[0]
        said[group] = (*said.get(group, ()), term)
    document = merge(category, seen, said)
    groups = [term.partition(":")[0] for term in document.attributes]
    assert all(groups.count(group) == len(said.get(group, "1")) for group in groups)
    assert set(groups) <= set(TAXONOMY.groups_of(category))
    assert set(document.from_text) <= {*document.attributes, category}
    for term in document.attributes:
        group = term.partition(":")[0]
        if group in said:
            assert term in said[group]
            assert term in document.from_text
        else:
            assert TAXONOMY.groups[group].always_known or seen[term] >= ATTRIBUTE_CONFIDENCE
            assert seen[term] == max(c for t, c in seen.items() if t.startswith(f"{group}:"))
