"""docs/attributes.md says what the shipped card does."""

from __future__ import annotations

from pathlib import Path

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_MODEL
from houndstooth.models.runtime.card import CATEGORY_MEASURED, WEIGHTS, Card
from houndstooth.models.training.measure import measured_page
from houndstooth.models.training.measured_terms import LEAST_PRECISION

CARD = Card.read(WEIGHTS / DEFAULT_MODEL)
TAXONOMY = Taxonomy.load()
PAGE = Path(__file__).parents[2] / "docs" / "attributes.md"


def test_the_page_has_every_term_of_the_card() -> None:
    assert PAGE.read_text("utf-8") == measured_page(CARD.model, CARD.measured, TAXONOMY), (
        "houndstooth measure attribute-distilled-1 … --page docs/attributes.md makes it anew"
    )


def test_nothing_is_stored_that_is_not_right_nine_times_in_ten() -> None:
    assert {*CARD.measured} <= {*TAXONOMY.attribute_terms(), CATEGORY_MEASURED}
    for term, measured in CARD.measured.items():
        assert measured.precision >= LEAST_PRECISION, term
        assert measured.precision - measured.error >= LEAST_PRECISION - 0.001, term
        assert term == CATEGORY_MEASURED or measured.threshold >= 0.5, term
