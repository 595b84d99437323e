"""Write the clauses of a visual search for a shop that builds the body of its search itself."""

from __future__ import annotations

from typing import Any, get_args

from houndstooth.mappings.document import VISUAL
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Features
from houndstooth.mappings.search import Relaxed, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import attribute_query
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.config import ATTRIBUTE_WEIGHT
from houndstooth.plugin.engines.fields import Fields
from houndstooth.plugin.window_source import appearance_boosts

STEPS: tuple[Relaxed, ...] = get_args(Relaxed)


def visual_clauses(
    features: Features,
    taxonomy: Taxonomy,
    *,
    relaxed: Relaxed = "fewer-attributes",
    appearance_weight: float = SearchRequest.appearance_weight,
    attribute_weight: float = ATTRIBUTE_WEIGHT,
    visual: str = VISUAL,
) -> dict[str, list[dict[str, Any]]]:
    """Write the clauses by which OpenSearch or Elasticsearch finds what looks like an item.

    They are those of Houndstooth's own searches while the engine ranks alone. The best are most
    likely among its first thousand; their exact order takes the codes.

    Args:
        features: Features of the photo, from ``Extractor.extract``.
        taxonomy: The shop's taxonomy.
        relaxed: Which products match. ``none``: those of the category with every attribute that
            is sure; ``fewer-attributes``: of the category; ``great-category``: of the great
            category; ``any-category``: all whose features are of the same model.
        appearance_weight: Weight of shape against colour, in [0, 1].
        attribute_weight: Weight of agreeing attributes against looks, in [0, 1].
        visual: Name of the object ``visual`` in the index.

    Returns:
        ``filter`` and ``should`` of a ``bool`` query.

    Raises:
        InvalidInput: There is no such step.
        UnknownTerm: The category of the features is not in the taxonomy.
    """
    # Imported here: the client takes 0.2 s that other users need not spend.
    from houndstooth.plugin.engines.cluster.query import bool_query, boost_clauses

    if relaxed not in STEPS:
        raise InvalidInput(f"expected relaxed to be one of {', '.join(STEPS)}; got {relaxed!r}")
    allowed = STEPS[: STEPS.index(relaxed) + 1]
    steps = attribute_query(features, SearchRequest(), taxonomy)
    candidates = [query for name, query in steps if name in allowed][-1]
    query = RankingQuery(
        features.binary_code,
        features.colour_histogram,
        candidates,
        appearance_weight,
        attribute_weight,
    )
    fields = Fields({}, visual)
    return {
        "filter": [bool_query(candidates, fields)],
        "should": boost_clauses(candidates, fields, appearance_boosts(query)),
    }
