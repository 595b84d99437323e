"""Convert answers to JSON, for the command line and REST alike."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from houndstooth.mappings.document import View, VisualSummary
from houndstooth.mappings.features import Detection, ScoredTerm
from houndstooth.mappings.product import Fact
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import Evidence, Hit, LookAnswer, SearchAnswer
from houndstooth.mappings.text_query import CATEGORY, PRICE, REST, TextQuery


def answer_json(answer: SearchAnswer) -> dict[str, Any]:
    """Convert a search answer to JSON.

    Scores and distances have six digits, confidences and boxes four. ``query.categories`` holds
    the likely categories, ``query.attributes`` the best term of each group, and ``query.items``
    the detections in the image; the box of one can be sent with the next search. A preview is a
    data URL.
    """
    return {**_found(answer), "took_ms": _times(answer.took_ms), "model": answer.model}


def look_json(answer: LookAnswer) -> dict[str, Any]:
    """Convert the answer for every item of a look to JSON: ``items``, each as a search's own.

    An item that goes with a product has ``evidence``; where there are none, ``unknown`` says why.
    """
    return {
        "items": [_found(each) for each in answer.items],
        **({"unknown": answer.unknown} if answer.unknown else {}),
        **({"preview": _data_url(answer.preview)} if answer.preview else {}),
        "took_ms": _times(answer.took_ms),
        "model": answer.model,
    }


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def product_json(stored: StoredProduct) -> dict[str, Any]:
    """Convert a stored product to JSON; without ``visual`` its features are null or empty."""
    visual = stored.visual
    return {
        "product_id": stored.product_id,
        "product": dict(stored.facts),
        **(_features(visual) if visual else _NO_FEATURES),
        "worn_with": [worn.category for worn in visual.worn] if visual else [],
        "model": visual.model if visual else None,
    }


def _found(answer: SearchAnswer) -> dict[str, Any]:
    category = answer.categories[0]
    return {
        "query": {
            "category": {**_term(category), "source": answer.category_source},
            "categories": _terms(answer.categories),
            "attributes": _terms(answer.attributes),
            "box": answer.box.as_list() if answer.box else None,
            "box_source": answer.box_source,
            "items": [_detection(item) for item in answer.items],
            "relaxed": answer.relaxed,
            "notes": list(answer.notes),
            **({"understood": _understood(answer.understood)} if answer.understood else {}),
            **({"preview": _data_url(answer.preview)} if answer.preview else {}),
        },
        **({"evidence": _evidence(answer.evidence)} if answer.evidence else {}),
        "hits": [_hit(hit, with_looks=answer.box is not None) for hit in answer.hits],
        "next": answer.next,
        "recall": answer.recall,
    }


def _times(took_ms: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(took, 2) for stage, took in took_ms.items()}


def _understood(words: TextQuery) -> dict[str, Any]:
    """Convert what was understood of words; each part has the text ``without`` it."""

    def part(name: str, **values: Any) -> dict[str, Any]:
        return {**values, "without": words.without.get(name, words.text)}

    price = words.price
    named = [term for terms in words.required.values() for term in terms]
    is_named = CATEGORY in words.without
    return {
        "text": words.text,
        "category": part(CATEGORY, terms=list(words.categories)) if is_named else None,
        "required": [part(term, term=term) for term in named],
        "excluded": [part(term, term=term) for term in words.excluded],
        "price": part(PRICE, low=price.low, high=price.high) if price else None,
        "rest": part(REST, text=words.rest) if words.rest else None,
        "ignored": words.ignored,
    }


def _hit(hit: Hit, with_looks: bool) -> dict[str, Any]:
    return {
        "product_id": hit.product_id,
        "score": round(hit.score, 6),
        "distance": {
            "appearance": round(hit.appearance_distance, 6),
            "colour": round(hit.colour_distance, 6),
        }
        if with_looks
        else None,
        "found_by": list(hit.found_by),
        "view": view_json(hit.view, hit.product),
        "matched": list(hit.matched),
        "variants": list(hit.variants),
        "merged": list(hit.merged),
        "why": [{"rule": one.rule, "action": one.action} for one in hit.why],
        "product": dict(hit.product),
        **_features(hit.visual),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "source": evidence.source,
        "product_id": evidence.product_id,
        "view": view_json(evidence.view, evidence.product),
        "count": evidence.count,
        "total": evidence.total,
    }


def view_json(view: View, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Convert a view; its image is known where the facts list the product's images."""
    images = facts.get("images")
    if isinstance(images, list) and len(images) >= view.place:
        image: Any = images[view.place - 1]
    else:
        image = facts.get("image") if view.place == 1 else None
    return {"place": view.place, "image": image, "box": view.box.as_list()}


def _features(visual: VisualSummary) -> dict[str, Any]:
    return {
        "category": visual.category,
        "great_category": visual.great_category,
        "attributes": list(visual.attributes),
        "from_text": list(visual.from_text),
        "box": visual.box.as_list(),
    }


_NO_FEATURES: dict[str, Any] = {
    "category": None,
    "great_category": None,
    "attributes": [],
    "from_text": [],
    "box": None,
}


def _detection(detection: Detection) -> dict[str, Any]:
    return {
        "label": detection.label,
        "categories": list(detection.categories),
        "score": round(detection.score, 4),
        "box": detection.box.as_list(),
    }


def _term(scored: ScoredTerm) -> dict[str, Any]:
    return {
        "term": scored.term,
        "confidence": round(scored.confidence, 4),
        "precision": None if scored.precision is None else round(scored.precision, 4),
    }


def _terms(scored: Sequence[ScoredTerm]) -> list[dict[str, Any]]:
    return [_term(term) for term in scored]
