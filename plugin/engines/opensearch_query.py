"""Write candidate queries in OpenSearch's query DSL, and decode its binary doc values."""

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
    """Build the bool query that matches and scores as CandidateQuery defines.

    A group's score is a ``dis_max`` over constant scores, and the groups' scores are added. Sums
    of integers below 2**24 are exact in the engine's single precision.
    """
    attributes = fields.visual("attributes")
    filters = [_term(fields.visual("model"), query.model)]
    if query.category is not None:
        filters.append(_term(fields.visual("category"), query.category))
    if query.great_category is not None:
        filters.append(_term(fields.visual("great_category"), query.great_category))
    filters += [_term(attributes, term) for term in query.required]
    filters += [_any_filter(group, fields) for group in by_field(query.filters).values()]
    must_not = [_term(attributes, term) for term in query.excluded]
    if query.without_id is not None:
        must_not.append(_term(fields.visual("product_id"), query.without_id))
    if query.variant_field and query.without_variant_group:
        variants = TermFilter(query.variant_field, query.without_variant_group)
        must_not.append(_filter_clause(variants, fields))
    return {
        "bool": {
            "filter": filters,
            "must_not": must_not,
            "should": [
                _largest_boost(attributes, group) for group in query.preferred.values() if group
            ],
            "minimum_should_match": query.minimum_groups,
        }
    }


def search_body(query: CandidateQuery, limit: int, fields: Fields) -> Json:
    """Build a search that reads no stored field: ids and scores are the sort values."""
    doc_values = [
        fields.visual("binary_code"),
        fields.visual("colour_histogram"),
        fields.doc_values(query.variant_field),
    ]
    return {
        "query": bool_query(query, fields),
        "size": limit,
        # An index without documents of Houndstooth may not have this field.
        "sort": [
            {"_score": "desc"},
            {fields.visual("product_id"): {"order": "asc", "unmapped_type": "keyword"}},
        ],
        "_source": False,
        "stored_fields": "_none_",
        "docvalue_fields": [field for field in doc_values if field],
        "track_total_hits": False,
    }


def facet_body(query: CandidateQuery, names: Sequence[str], size: int, fields: Fields) -> Json:
    """Build a search with one terms aggregation per field; the n-th is called ``n``."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {
        "query": bool_query(query, fields),
        "size": 0,
        "aggs": {
            str(n): {"terms": {"field": fields.exact(name), "size": size, "order": order}}
            for n, name in enumerate(names)
        },
    }


def drop_damaged_hits(hits: Sequence[Json], fields: Sequence[str]) -> list[Json]:
    """Drop the hits whose binary fields are missing or differ in length from those of most hits.

    A document that another program has overwritten then costs no other document.
    """
    rows = [[hit.get("fields", {}).get(field, [""])[0] for field in fields] for hit in hits]
    lengths = [tuple(len(text.rstrip("=")) for text in row) for row in rows]
    counts = Counter(length for length in lengths if all(length))
    usual = max(counts, key=counts.__getitem__, default=None)
    return [hit for hit, length in zip(hits, lengths, strict=True) if length == usual]


def decode_rows(rows: Sequence[str]) -> Bytes:
    """Decode base64 rows to uint8 [rows, n]; padding may be missing, as in doc values.

    Raises:
        InvalidDocument: The rows differ in length; those of one model are equally long.
    """
    bare = [row.rstrip("=") for row in rows]
    check_lengths(bare)
    if not bare:
        return np.zeros((0, 0), dtype=np.uint8)
    # Fill each row up with zero bits and decode all at once; padding would end the decoding.
    fill = "A" * (-len(bare[0]) % 4)
    data = base64.b64decode(fill.join(bare) + fill)
    matrix = np.frombuffer(data, dtype=np.uint8).reshape(len(bare), -1)
    return np.ascontiguousarray(matrix[:, : len(bare[0]) * 3 // 4])


def _term(field: str, value: str) -> Json:
    return {"term": {field: value}}


def _largest_boost(attributes: str, boosts: Mapping[str, int]) -> Json:
    constants = [
        {"constant_score": {"filter": _term(attributes, term), "boost": boost}}
        for term, boost in boosts.items()
    ]
    return {"dis_max": {"queries": constants}}


def _any_filter(filters: Collection[Filter], fields: Fields) -> Json:
    clauses = [_filter_clause(one, fields) for one in filters]
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _filter_clause(one: Filter, fields: Fields) -> Json:
    fields.check(one)
    if isinstance(one, RangeFilter):
        return {"range": {one.field: {"gte": one.low, "lte": one.high}}}
    return _term(fields.exact(one.field), one.value)
