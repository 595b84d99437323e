"""Describe the catalogue: a few sample products and the taxonomy's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from houndstooth.mappings.engine import CandidateQuery, TermFilter
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.fact_paths import variant_group_of
from houndstooth.web.backend import Backend
from houndstooth.web.facets import CATEGORY
from houndstooth.web.languages import Language

MAX_SAMPLES = 12

MAX_VARIANTS = 400
"""Number of variants that are read for some products together; further ones are left out."""


def pick_samples(backend: Backend) -> list[StoredProduct]:
    """Pick one product of each of the most frequent categories."""
    parts = backend.parts
    model, engine = parts.extractor.model, parts.engine
    counts = engine.facets(CandidateQuery(model=model), (CATEGORY,), size=MAX_SAMPLES)
    ids: list[str] = []
    for place, (category, count) in enumerate(counts[CATEGORY]):
        # The first products by id often have one colour; another rank per category mixes them.
        rank = 1 + place % min(count, MAX_SAMPLES)
        matches = engine.match(CandidateQuery(model, category=category), rank)
        ids.extend(sorted(matches)[-1:])
    return engine.fetch(ids)


def find_variants(
    backend: Backend, products: Sequence[StoredProduct]
) -> dict[str, list[StoredProduct]]:
    """Find the other variants of some products, by product id, in the order of their ids."""
    parts = backend.parts
    field = parts.search.settings.variant_field
    groups = {one.product_id: variant_group_of(one, field) for one in products}
    names = sorted({group for group in groups.values() if group is not None})
    found: dict[str, list[StoredProduct]] = {}
    if names:
        query = CandidateQuery(
            parts.extractor.model, filters=tuple(TermFilter(field, name) for name in names)
        )
        ids = sorted(parts.engine.match(query, MAX_VARIANTS))
        for one in parts.engine.fetch(ids):
            found.setdefault(variant_group_of(one, field) or "", []).append(one)
    return {
        product_id: [one for one in found.get(group or "", []) if one.product_id != product_id]
        for product_id, group in groups.items()
    }


def taxonomy_json(
    taxonomy: Taxonomy, precisions: Mapping[str, float], language: Language
) -> dict[str, Any]:
    """Convert the taxonomy's terms and labels to JSON, without the words of sellers.

    Args:
        taxonomy: What to convert.
        precisions: Measured precision by term that is stored from pictures.
        language: Its labels take the place of the taxonomy's own where those are the shipped ones.
    """
    label = language.label
    return {
        "version": taxonomy.version,
        "great_categories": list(taxonomy.great_categories),
        "categories": [
            {
                "term": category.term,
                "label": label(category.term, category.label),
                "great_category": category.great_category,
                "groups": list(taxonomy.groups_of(category.term)),
            }
            for category in taxonomy.categories.values()
        ],
        "groups": [
            {
                "name": group.name,
                "label": label(group.name, group.label),
                "values": [
                    {
                        "term": f"{group.name}:{value}",
                        "label": label(
                            f"{group.name}:{value}", taxonomy.label_of(f"{group.name}:{value}")
                        ),
                        "precision": precisions.get(f"{group.name}:{value}"),
                    }
                    for value in group.values
                ],
            }
            for group in taxonomy.groups.values()
        ],
    }
