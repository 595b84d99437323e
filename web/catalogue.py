"""Describe the catalogue: a few sample products and the taxonomy's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from houndstooth.mappings.engine import CandidateQuery, StoredProduct
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.web.backend import Backend
from houndstooth.web.facets import CATEGORY

MAX_SAMPLES = 12


def pick_samples(backend: Backend) -> list[StoredProduct]:
    """Pick one product of each of the most frequent categories."""
    model = backend.extractor.model
    counts = backend.engine.facets(CandidateQuery(model=model), (CATEGORY,), size=MAX_SAMPLES)
    ids: list[str] = []
    for place, (category, count) in enumerate(counts[CATEGORY]):
        # The first products by id often have one colour; another rank per category mixes them.
        rank = 1 + place % min(count, MAX_SAMPLES)
        matches = backend.engine.match(CandidateQuery(model, category=category), rank)
        ids.extend(sorted(matches)[-1:])
    return backend.engine.fetch(ids)


def taxonomy_json(taxonomy: Taxonomy, precisions: Mapping[str, float]) -> dict[str, Any]:
    """Convert the taxonomy's terms and labels to JSON, without the words of sellers.

    Args:
        taxonomy: What to convert.
        precisions: Measured precision by term that is stored from pictures.
    """
    return {
        "version": taxonomy.version,
        "great_categories": list(taxonomy.great_categories),
        "categories": [
            {
                "term": category.term,
                "label": category.label,
                "great_category": category.great_category,
                "groups": list(taxonomy.groups_of(category.term)),
            }
            for category in taxonomy.categories.values()
        ],
        "groups": [
            {
                "name": group.name,
                "label": group.label,
                "values": [
                    {
                        "term": f"{group.name}:{value}",
                        "label": taxonomy.label_of(f"{group.name}:{value}"),
                        "precision": precisions.get(f"{group.name}:{value}"),
                    }
                    for value in group.values
                ],
            }
            for group in taxonomy.groups.values()
        ],
    }
