"""Answers as JSON, the same for the command and for REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import StoredProduct
from houndstooth.mappings.features import Detection, ScoredTerm
from houndstooth.mappings.search import Hit, SearchAnswer


def answer_json(answer: SearchAnswer) -> dict[str, Any]:
    """A search answer; distances and a hit's score to six digits, confidences and boxes to four.

    ``query.attributes`` holds the best term of each group, ``query.categories`` what else the
    item may be, ``query.items`` what else is in the image: a box of theirs can be asked for.
    """
    category = answer.categories[0]
    return {
        "query": {
            "category": {**_term(category), "source": answer.category_source},
            "categories": _terms(answer.categories),
            "attributes": _terms(answer.attributes),
            "box": answer.box.as_list(),
            "box_source": answer.box_source,
            "items": [_item(item) for item in answer.items],
            "relaxed": answer.relaxed,
        },
        "hits": [_hit(hit) for hit in answer.hits],
        "took_ms": {stage: round(took, 2) for stage, took in answer.took_ms.items()},
        "model": answer.model,
    }


def product_json(stored: StoredProduct) -> dict[str, Any]:
    """One product of the index; what was recognised is null or empty if its image never was."""
    visual = stored.visual
    return {
        "product_id": stored.product_id,
        "product": dict(stored.facts),
        **(_recognised(visual) if visual else _NOT_RECOGNISED),
        "model": visual.model if visual else None,
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "product_id": hit.product_id,
        "score": round(hit.score, 6),
        "distance": {
            "appearance": round(hit.appearance_distance, 6),
            "colour": round(hit.colour_distance, 6),
        },
        "matched": list(hit.matched),
        "variants": list(hit.variants),
        "product": dict(hit.product),
        **_recognised(hit.visual),
    }


def _recognised(visual: VisualDocument) -> dict[str, Any]:
    return {
        "category": visual.category,
        "great_category": visual.great_category,
        "attributes": list(visual.attributes),
        "from_text": list(visual.from_text),
        "box": visual.box.as_list(),
    }


_NOT_RECOGNISED: dict[str, Any] = {
    "category": None,
    "great_category": None,
    "attributes": [],
    "from_text": [],
    "box": None,
}


def _item(item: Detection) -> dict[str, Any]:
    return {
        "label": item.label,
        "categories": list(item.categories),
        "score": round(item.score, 4),
        "box": item.box.as_list(),
    }


def _term(found: ScoredTerm) -> dict[str, Any]:
    return {"term": found.term, "confidence": round(found.confidence, 4)}


def _terms(found: Sequence[ScoredTerm]) -> list[dict[str, Any]]:
    return [_term(term) for term in found]
