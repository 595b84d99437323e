"""Write searches in the engines' query DSL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from houndstooth.mappings.engine import (
    CandidateQuery,
    Filter,
    RangeFilter,
    ShopQuery,
    TermFilter,
)
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.features import UNKNOWN_CATEGORY
from houndstooth.mappings.product import OUT_OF_STOCK
from houndstooth.mappings.rows import AVAILABILITY
from houndstooth.mappings.words_query import IdsQuery, WordsQuery
from houndstooth.plugin.engines.cluster.client import Json
from houndstooth.plugin.engines.cluster.rows import RowFields
from houndstooth.plugin.engines.fields import (
    MAX_TERM_BYTES,
    VISUAL_FACETS,
    Fields,
    by_field,
    facet_value,
)
from houndstooth.plugin.engines.number_types import finite_number
from houndstooth.plugin.engines.text_fields import text_fields
from houndstooth.plugin.fact_paths import names_path
from houndstooth.plugin.shop_query import query_json

TIE_BREAKER = 0.3
"""Share of the score of a word's other fields that is added to that of its best field."""

MIN_BOOST = 0.03
"""Smallest boost of an attribute term in a window, as a share of the highest possible score."""


def bool_query(query: CandidateQuery, fields: Fields) -> Json:
    """Build the bool query that matches as CandidateQuery defines; it does not score."""
    attributes = fields.visual("attributes")
    filters = [_term(fields.visual("model"), query.model)]
    if query.category is not None:
        filters.append(_term_or_unknown(fields.visual("category"), query.category))
    if query.great_category is not None:
        filters.append(_term_or_unknown(fields.visual("great_category"), query.great_category))
    if query.categories:
        known = [*query.categories, UNKNOWN_CATEGORY]
        filters.append({"terms": {fields.visual("category"): known}})
    filters += [_term(attributes, term) for term in query.required]
    for together in (query.filters, query.post_filters):
        filters += _filter_clauses(together, fields)
    filters += [_query_clause(one, fields) for one in query.queries]
    must_not = [_term(attributes, term) for term in query.excluded]
    if query.hide_sold_out:
        must_not += _sold_out(fields)
    if query.without_id is not None:
        must_not.append(_term(fields.visual("product_id"), query.without_id))
    if query.variant_field and query.without_variant_group:
        variants = TermFilter(query.variant_field, query.without_variant_group)
        must_not += _filter_clauses([variants], fields)
    return {
        "bool": {
            "filter": filters,
            "must_not": must_not,
            "should": [
                {"terms": {attributes: list(group)}} for group in query.preferred.values() if group
            ],
            "minimum_should_match": query.minimum_groups,
        }
    }


def boost_clauses(
    query: CandidateQuery, fields: Fields, appearance: Mapping[str, int]
) -> list[Json]:
    """Build the clauses that score: terms of attributes and of appearance, each by its boost."""
    attributes, near = fields.visual("attributes"), fields.visual("appearance")
    clauses = [
        _constant(attributes, term, boost)
        for boosts in query.preferred.values()
        for term, boost in boosts.items()
        if boost > MIN_BOOST * query.best_score
    ]
    return clauses + [_constant(near, term, boost) for term, boost in appearance.items()]


def match_body(query: CandidateQuery, fields: Fields, among: Sequence[str] | None) -> Json:
    """Build a search for ids alone, without scores."""
    product_id = fields.visual("product_id")
    filters = [bool_query(query, fields)]
    if among is not None:
        filters.append({"terms": {product_id: list(among)}})
    return _doc_value_search({"bool": {"filter": filters}}, [product_id])


def by_words_body(query: CandidateQuery, words: WordsQuery, fields: Fields) -> Json:
    """Build a search for ids, ranked by words."""
    product_id = fields.visual("product_id")
    ranked = {"filter": [bool_query(query, fields)], "must": [words_clause(words, fields)]}
    order = [{"_score": "desc"}, {product_id: "asc"}]
    return _doc_value_search({"bool": ranked}, [product_id]) | {
        "sort": order,
        "track_scores": True,
    }


def _query_clause(query: ShopQuery | WordsQuery | IdsQuery, fields: Fields) -> Json:
    if isinstance(query, WordsQuery):
        return words_clause(query, fields)
    if isinstance(query, IdsQuery):
        return {"terms": {fields.visual("product_id"): list(query.product_ids)}}
    return query_json(query, partial(_own_name, fields))


def words_clause(words: WordsQuery, fields: Fields) -> Json:
    """Build the clause that matches and scores words in all fields of texts, as if they were one.

    Sub-fields of one fact, such as ``brand.words``, count as the fact.
    """
    names = [
        path
        for fact, path in text_fields(fields).items()
        if words.fields is None or names_path(words.fields, fact)
    ]
    if not names:
        return {"match_none": {}}
    match = {"query": words.text, "fields": names, "type": "cross_fields", "operator": "or"}
    return {"multi_match": {**match, "tie_breaker": TIE_BREAKER}}


def window_body(
    query: CandidateQuery,
    names: RowFields,
    fields: Fields,
    appearance: Mapping[str, int],
    minimum: int = 1,
) -> Json:
    """Build a search for features, best first.

    All boosts stand side by side, and a document has at least one of them. Only so can Lucene pass
    over documents that cannot compete; with groups within groups it scores every document. Of
    several terms in one group all count, unlike in the ranking that follows, and boosts that are
    too small to matter are left out.

    Args:
        query: What to match, and the boosts of attributes.
        names: Paths of the features.
        fields: The fields of the index.
        appearance: Boosts of appearance terms.
        minimum: Number of boosted terms that a document must have, 1 or 0.
    """
    should = boost_clauses(query, fields, appearance)
    body: Json = {"filter": [bool_query(query, fields)], "should": should}
    if should:
        body["minimum_should_match"] = minimum
    return _doc_value_search({"bool": body}, names.read) | {"seq_no_primary_term": True}


def features_body(names: RowFields, model: str, product_ids: Sequence[str]) -> Json:
    """Build a search for the features of some documents."""
    filters = [_term(names.model, model), {"terms": {names.product_id: list(product_ids)}}]
    body = _doc_value_search({"bool": {"filter": filters}}, names.read)
    return body | {"seq_no_primary_term": True, "sort": ["_doc"]}


def changes_body(names: RowFields, model: str | None, after: int, up_to: int | None) -> Json:
    """Build a search of one shard for features, by sequence number.

    Args:
        names: Paths of the fields.
        model: Find documents of this model only. None = of every model, which each hit names.
        after, up_to: The range of sequence numbers; None leaves it open.
    """
    numbers = {"gt": after} | ({} if up_to is None else {"lte": up_to})
    filters = [{"range": {"_seq_no": numbers}}, {"exists": {"field": names.product_id}}]
    if model is not None:
        filters.append(_term(names.model, model))
    read = [*names.read, *([names.model] if model is None else [])]
    body = _doc_value_search({"bool": {"filter": filters}}, read)
    return body | {"seq_no_primary_term": True, "sort": [{"_seq_no": "asc"}]}


def facet_body(query: CandidateQuery, names: Sequence[str], size: int, fields: Fields) -> Json:
    """Build a search with one aggregation per field; the n-th is called ``n``."""
    return {
        "query": bool_query(query, fields),
        "size": 0,
        "aggs": {str(n): _facet(name, size, fields) for n, name in enumerate(names)},
    }


def facet_counts(aggregation: Json) -> list[tuple[str, int]]:
    """Read the values and counts of one aggregation of ``facet_body``."""
    buckets = aggregation.get("values", aggregation)["buckets"]
    return [
        (
            facet_value(bucket.get("key_as_string", bucket["key"])),
            bucket.get("products", bucket)["doc_count"],
        )
        for bucket in buckets
    ]


def _facet(name: str, size: int, fields: Fields) -> Json:
    """Count the products that have each value of a field, whichever nested entry has it."""
    terms = {"field": fields.countable(name), "size": size}
    path = fields.nested(name)
    if path is None:
        return {"terms": {**terms, "order": [{"_count": "desc"}, {"_key": "asc"}]}}
    values = {
        "terms": {**terms, "order": [{"products": "desc"}, {"_key": "asc"}]},
        "aggs": {"products": {"reverse_nested": {}}},
    }
    return {"nested": {"path": path}, "aggs": {"values": values}}


def _doc_value_search(query: Json, read: Sequence[str]) -> Json:
    """Build a search that reads no stored field and counts no hits."""
    return {
        "query": query,
        "_source": False,
        "stored_fields": "_none_",
        "docvalue_fields": list(read),
        "track_total_hits": False,
    }


def _term(field: str, value: str) -> Json:
    return {"term": {field: value}}


def _term_or_unknown(field: str, category: str) -> Json:
    return {"terms": {field: [category, UNKNOWN_CATEGORY]}}


def _constant(field: str, term: str, boost: int) -> Json:
    return {"constant_score": {"filter": _term(field, term), "boost": boost}}


def _sold_out(fields: Fields) -> list[Json]:
    """Return the clause of sold-out products; none if a shop's own field is of another kind."""
    try:
        return _filter_clauses([TermFilter(AVAILABILITY, OUT_OF_STOCK)], fields)
    except InvalidFilter:
        return []


def _own_name(fields: Fields, name: str) -> str:
    """Return the name in the index of a field of a shop's query."""
    return fields.exact(name) if name in VISUAL_FACETS else name


def _filter_clauses(filters: Sequence[Filter], fields: Fields) -> list[Json]:
    """Build the clauses of filters: each field must pass one of its own.

    One entry of a nested object must pass those of all its fields.
    """
    clauses: dict[str | None, list[Json]] = {}
    for name, group in by_field(filters).items():
        clauses.setdefault(fields.nested(name), []).append(_any_filter(group, fields))
    plain = clauses.pop(None, [])
    return plain + [
        {"nested": {"path": path, "query": {"bool": {"filter": group}}}}
        for path, group in clauses.items()
    ]


def _any_filter(filters: Collection[Filter], fields: Fields) -> Json:
    clauses = [_filter_clause(one, fields) for one in filters]
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _filter_clause(one: Filter, fields: Fields) -> Json:
    fields.check(one)
    exact, number = fields.exact(one.field), fields.number(one.field)
    if isinstance(one, RangeFilter):
        return {"range": {number or exact: {"gte": one.low, "lte": one.high}}}
    if len(one.value.encode()) > MAX_TERM_BYTES:
        return {"match_none": {}}  # Elasticsearch refuses what it cannot have indexed
    if number in (None, exact) or finite_number(one.value) is None:
        return _term(exact, one.value)
    return {"bool": {"should": [_term(exact, one.value), _term(number, one.value)]}}
