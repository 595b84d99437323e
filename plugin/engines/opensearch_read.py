"""Search an OpenSearch index for features and ids, and read documents by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import sleep

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.rows import FeatureRows
from houndstooth.plugin.engines.opensearch_client import Cluster
from houndstooth.plugin.engines.opensearch_errors import reason
from houndstooth.plugin.engines.opensearch_index import OpenSearchIndex
from houndstooth.plugin.engines.opensearch_query import (
    features_body,
    match_body,
    sample_body,
    window_body,
)
from houndstooth.plugin.engines.opensearch_rows import ROW_PATH, SAMPLE, Json, RowDecoder, RowFields

MAX_HITS = 10_000
"""Most hits of one search, which is OpenSearch's default for ``max_result_window``."""

COPY_PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds to wait before documents are read again after the copy of a shard failed."""

_ID_PATH = "hits.hits.fields"


class OpenSearchReader:
    """Reads features, ids and documents of one index.

    Args:
        cluster: The cluster.
        index: The index.
    """

    def __init__(self, cluster: Cluster, index: OpenSearchIndex) -> None:
        self._cluster, self._index = cluster, index
        self.decoder = RowDecoder(index.name, self._sample)

    def features(
        self, product_ids: Sequence[str], model: str, variant_field: str | None
    ) -> FeatureRows:
        """Read the features that ``model`` computed of some documents."""
        with self._index.errors():
            names = RowFields.of(self._index.fields_with(variant_field), variant_field)
            hits: list[Json] = []
            for some in _chunks(list(dict.fromkeys(product_ids)), MAX_HITS):
                body = features_body(names, model, some) | {"size": len(some)}
                hits += self.search(body, ROW_PATH)
            return self.decoder.decode(hits, model, names)[0]

    def match(self, query: CandidateQuery, limit: int, among: Sequence[str] | None) -> list[str]:
        """List ids of documents that match; up to MAX_HITS take one request."""
        most = limit if among is None else min(limit, len(among))
        if most < 1:
            return []
        with self._index.errors():
            body = match_body(query, self._index.fields_for(query), among)
            product_id = self._index.fields.visual("product_id")
            if most <= MAX_HITS:
                hits = self.search(body | {"sort": ["_doc"], "size": most}, _ID_PATH)
            else:
                hits = self._search_pages(body, product_id, most)
        fields = (hit.get("fields", {}) for hit in hits)
        # A document that was written between two pages comes twice.
        return list(dict.fromkeys(f[product_id][0] for f in fields if product_id in f))

    def window(
        self, query: CandidateQuery, limit: int, appearance: Mapping[str, int]
    ) -> FeatureRows:
        """Read the features of the best matches, at most MAX_HITS."""
        with self._index.errors():
            fields = self._index.fields_for(query)
            names = RowFields.of(fields, query.variant_field)
            body = window_body(query, names, fields, appearance)
            hits = self.search(body | {"size": min(limit, MAX_HITS)}, ROW_PATH)
            return self.decoder.decode(hits, query.model, names)[0]

    def search(self, body: Json, filter_path: str) -> list[Json]:
        """Search, and return the hits."""
        answer = self._cluster.read(
            self._cluster.client.search,
            index=self._index.name,
            body=body,
            params={"allow_partial_search_results": "false", "filter_path": filter_path},
        )
        hits: list[Json] = answer.get("hits", {}).get("hits", [])
        return hits

    def get(self, product_ids: Sequence[str], **params: str) -> list[Json]:
        """Read documents in the given order. If the copy of a shard has just died, ask again.

        Args:
            product_ids: Their ids; unknown ones are left out.
            params: Parameters of the request.
        """
        if not product_ids:
            return []
        pauses = iter(COPY_PAUSES)
        while True:
            with self._index.errors():
                documents: list[Json] = self._cluster.read(
                    self._cluster.client.mget,
                    index=self._index.name,
                    body={"ids": list(product_ids)},
                    params=params,
                )["docs"]
            failed = next((document for document in documents if "error" in document), None)
            if failed is None:
                return [document for document in documents if document["found"]]
            pause = next(pauses, None)
            if pause is None or failed["error"]["type"] == "index_not_found_exception":
                raise EngineUnavailable(f"{self._cluster.address}: {reason(failed)}")
            sleep(pause)

    def _search_pages(self, body: Json, product_id: str, limit: int) -> list[Json]:
        """Read more than MAX_HITS hits, page by page."""
        # Numbers sort faster than ids, but those of several shards are equal.
        by_id = {product_id: {"order": "asc", "unmapped_type": "keyword"}}
        body = body | {"sort": [{"_seq_no": "asc"}, by_id]}
        hits: list[Json] = []
        while True:
            size = min(MAX_HITS, limit - len(hits))
            page = self.search(body | {"size": size}, f"{_ID_PATH},hits.hits.sort")
            hits += page
            if len(page) < size or len(hits) == limit:
                return hits
            body |= {"search_after": page[-1]["sort"]}

    def _sample(self, model: str) -> list[Json]:
        """Read the bytes of some documents of a model."""
        names = RowFields.of(self._index.fields, None)
        read = [names.binary_code, names.colour_histogram]
        return self.search(sample_body(names.model, model, SAMPLE, read), ROW_PATH)


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
