"""A candidate query as OpenSearch's query language, and its binary doc values as arrays."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from houndstooth.mappings.engine import CandidateQuery, Filter, RangeFilter, TermFilter
from houndstooth.mappings.features import Bytes
from houndstooth.plugin.engines.documents import check_lengths
from houndstooth.plugin.engines.fields import Fields, by_field

Json = dict[str, Any]


def bool_query(query: CandidateQuery, fields: Fields) -> Json:
    """Matches and scores as CandidateQuery says.

    A group scores by ``dis_max``, the largest of its constant scores; groups add up. Sums of whole
    numbers below 2**24 are exact in the engine's single precision.
    """
    attributes = fields.visual("attributes")
    filters = [_term(fields.visual("model"), query.model)]
    if query.category is not None:
        filters.append(_term(fields.visual("category"), query.category))
    if query.great_category is not None:
        filters.append(_term(fields.visual("great_category"), query.great_category))
    filters += [_term(attributes, term) for term in query.required]
    filters += [_passes(group, fields) for group in by_field(query.filters).values()]
    unwanted = [_term(attributes, term) for term in query.excluded]
    if query.without_id is not None:
        unwanted.append(_term(fields.visual("product_id"), query.without_id))
    if query.variant_field and query.without_variant_group:
        unwanted.append(
            _holds(TermFilter(query.variant_field, query.without_variant_group), fields)
        )
    return {
        "bool": {
            "filter": filters,
            "must_not": unwanted,
            "should": [_largest(attributes, group) for group in query.preferred.values() if group],
            "minimum_should_match": query.minimum_groups,
        }
    }


def search_body(query: CandidateQuery, limit: int, fields: Fields) -> Json:
    """A search that touches no stored field: ids and scores are the sort's values."""
    told = [
        fields.visual("binary_code"),
        fields.visual("colour_histogram"),
        fields.doc_values(query.variant_field),
    ]
    return {
        "query": bool_query(query, fields),
        "size": limit,
        # An index that no feed has come into yet has no such field, and nothing to be found.
        "sort": [
            {"_score": "desc"},
            {fields.visual("product_id"): {"order": "asc", "unmapped_type": "keyword"}},
        ],
        "_source": False,
        "stored_fields": "_none_",
        "docvalue_fields": [field for field in told if field],
        "track_total_hits": False,
    }


def facet_body(query: CandidateQuery, names: Sequence[str], size: int, fields: Fields) -> Json:
    """Counts of each named field's values, aggregation ``n`` for the n-th name."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {
        "query": bool_query(query, fields),
        "size": 0,
        "aggs": {
            str(n): {"terms": {"field": fields.exact(name), "size": size, "order": order}}
            for n, name in enumerate(names)
        },
    }


def whole(hits: Sequence[Json], fields: Sequence[str]) -> list[Json]:
    """The hits of a search whose binary fields are there and as long as those of most others.

    A document that something else than this plugin has written over costs itself alone.
    """
    told = [[hit.get("fields", {}).get(field, [""])[0] for field in fields] for hit in hits]
    lengths = [tuple(len(text.rstrip("=")) for text in texts) for texts in told]
    counts = Counter(one for one in lengths if all(one))
    usual = max(counts, key=counts.__getitem__, default=None)
    return [hit for hit, one in zip(hits, lengths, strict=True) if one == usual]


def decode_rows(rows: Sequence[str]) -> Bytes:
    """uint8 [rows, n] of base64 rows, with padding or (as binary doc values come) without.

    Raises:
        InvalidDocument: not all of one length, which documents of one model are.
    """
    bare = [row.rstrip("=") for row in rows]
    check_lengths(bare)
    if not bare:
        return np.zeros((0, 0), dtype=np.uint8)
    # Filled up with zero bits and decoded in one go: padding would end it at the first row.
    fill = "A" * (-len(bare[0]) % 4)
    data = base64.b64decode(fill.join(bare) + fill)
    matrix = np.frombuffer(data, dtype=np.uint8).reshape(len(bare), -1)
    return np.ascontiguousarray(matrix[:, : len(bare[0]) * 3 // 4])


def _term(field: str, value: str) -> Json:
    return {"term": {field: value}}


def _largest(attributes: str, boosts: Mapping[str, int]) -> Json:
    constants = [
        {"constant_score": {"filter": _term(attributes, term), "boost": boost}}
        for term, boost in boosts.items()
    ]
    return {"dis_max": {"queries": constants}}


def _passes(filters: Collection[Filter], fields: Fields) -> Json:
    return {"bool": {"should": [_holds(one, fields) for one in filters], "minimum_should_match": 1}}


def _holds(one: Filter, fields: Fields) -> Json:
    fields.check(one)
    if isinstance(one, RangeFilter):
        return {"range": {one.field: {"gte": one.low, "lte": one.high}}}
    return _term(fields.exact(one.field), one.value)
