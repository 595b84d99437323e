"""Writing to an engine and reading from it in one line, for its tests."""

from __future__ import annotations

from opensearchpy import OpenSearch

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import (
    CandidateQuery,
    Engine,
    Filter,
    IndexDocument,
    StoredProduct,
)
from tests.catalogue import (
    MODEL,
)

ALL = CandidateQuery(MODEL)


def client(url: str) -> OpenSearch:
    return OpenSearch(url.replace("opensearch://", "http://"))


def fill(engine: Engine, *documents: IndexDocument) -> None:
    outcomes = engine.write(documents)
    assert [outcome.product_id for outcome in outcomes] == [one.product_id for one in documents]
    assert [outcome.error for outcome in outcomes] == [None] * len(documents)
    engine.refresh()


def found(engine: Engine, query: CandidateQuery = ALL, limit: int = 1000) -> list[str]:
    return list(engine.candidates(query, limit).product_ids)


def the(engine: Engine, product_id: str) -> StoredProduct:
    (product,) = engine.fetch([product_id])
    return product


OWN_MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "description": {"type": "text"},
        "price": {"type": "float"},
        "maker": {"properties": {"country": {"type": "keyword"}}},
    },
}


def only(*filters: Filter) -> CandidateQuery:
    return CandidateQuery(MODEL, filters=filters)


def same(one: VisualDocument | None, other: VisualDocument) -> bool:
    return one is not None and one.to_json() == other.to_json()
