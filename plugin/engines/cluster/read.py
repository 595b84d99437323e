"""Search an index of a cluster for features and ids, and read documents by id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from houndstooth.mappings.document import VisualDocument, facts_of, visual_of
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.read_products import ProductFacts
from houndstooth.mappings.rows import FeatureRows, Lengths
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.mappings.writes import StoredState
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.cluster.query import (
    by_words_body,
    features_body,
    match_body,
    window_body,
)
from houndstooth.plugin.engines.cluster.rows import ROW_PATH, RowDecoder, RowFields
from houndstooth.plugin.engines.documents import decode_visual, feature_key
from houndstooth.plugin.engines.fields import leading_to
from houndstooth.plugin.fact_paths import fact_values

COPY_PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds to wait before documents are read again after the copy of a shard failed."""

TERM_FIELDS = ("category", "great_category", "attributes")
"""Fields of ``visual`` that hold terms."""

_ID_PATH = "hits.hits.fields"


@dataclass(frozen=True)
class ClusterState(StoredState):
    """State of a stored document, and the number of its last write.

    Attributes:
        facts: All its fields but ``visual`` in any version.
        seq_no, primary_term: Number of its last write; every write gives it another one.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    seq_no: int = 0
    primary_term: int = 0


class ClusterReader:
    """Reads features, ids and documents of one index.

    Args:
        cluster: The cluster.
        index: The index.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex) -> None:
        self._cluster, self._index = cluster, index
        self.decoder = RowDecoder(index.name)

    def features(
        self, product_ids: Sequence[str], model: str, lengths: Lengths, variant_field: str | None
    ) -> FeatureRows:
        """Read the features that ``model`` computed of some documents."""
        with self._index.errors():
            names = RowFields.of(self._index.fields_with(variant_field), variant_field)
            hits: list[Json] = []
            for some in _chunks(list(dict.fromkeys(product_ids)), self._index.most_hits()):
                body = features_body(names, model, some) | {"size": len(some)}
                hits += self.search(body, ROW_PATH, preference=self._cluster.one_copy)
            return self.decoder.decode(hits, model, lengths, names)[0]

    def match(self, query: CandidateQuery, limit: int, among: Sequence[str] | None) -> list[str]:
        """List ids of documents that match; as many as one search may return take one request."""
        most = limit if among is None else min(limit, len(among))
        if most < 1:
            return []
        with self._index.errors():
            body = match_body(query, self._index.fields_for(query), among)
            product_id = self._index.fields.visual("product_id")
            hits = self._search_all(body | {"sort": ["_doc"]}, most)
        fields = (hit.get("fields", {}) for hit in hits)
        # A document that was written between two searches comes twice.
        ids = dict.fromkeys(f[product_id][0] for f in fields if product_id in f)
        return list(ids)[:limit]

    def by_words(
        self, query: CandidateQuery, words: WordsQuery, limit: int
    ) -> list[tuple[str, float]]:
        """Rank the documents that match by words; best first, equal ones by id."""
        with self._index.errors():
            body = by_words_body(query, words, self._index.fields_for(query))
            product_id = self._index.fields.visual("product_id")
            path = "hits.hits._score,hits.hits.fields"
            hits = self.search(body | {"size": limit}, path, preference=self._cluster.one_copy)
        return [(hit["fields"][product_id][0], float(hit["_score"])) for hit in hits]

    def window(
        self, query: CandidateQuery, limit: int, lengths: Lengths, appearance: Mapping[str, int]
    ) -> FeatureRows:
        """Read the features of the best matches, at most as many as one search may return."""
        with self._index.errors():
            fields = self._index.fields_for(query)
            names = RowFields.of(fields, query.variant_field)
            size = {"size": min(limit, self._index.most_hits())}
            hits: list[Json] = []
            for minimum in (1, 0):  # matches that have none of the terms are wanted last
                if len(hits) < size["size"]:
                    body = window_body(query, names, fields, appearance, minimum)
                    hits = self.search(body | size, ROW_PATH)
            return self.decoder.decode(hits, query.model, lengths, names)[0]

    def states(self, product_ids: Sequence[str]) -> dict[str, ClusterState]:
        """Read the states of documents, of the newest versions: no refresh is needed.

        Their ``features`` may be stored without being indexed; see ``searchable``.
        """
        return {document["_id"]: self._state(document) for document in self.get(product_ids)}

    def _state(self, document: Json) -> ClusterState:
        """Read the state of a document; a damaged ``visual`` has no features."""
        key, source = document["_id"], document["_source"]
        found = visual_of(source, self._index.visual)
        times = found if isinstance(found, dict) else {}
        facts_as_of, as_of = times.get("facts_as_of"), times.get("as_of")
        return ClusterState(
            features=feature_key(decode_visual(VisualDocument, self._index.name, key, found)),
            facts_as_of=facts_as_of if isinstance(facts_as_of, int) else None,
            as_of=as_of if isinstance(as_of, int) else None,
            facts=facts_of(source),
            seq_no=document["_seq_no"],
            primary_term=document["_primary_term"],
        )

    def searchable(self, product_ids: Sequence[str]) -> set[str]:
        """Return the ids of documents whose ``visual`` is indexed, not only stored."""
        visual = self._index.fields.visual
        exists = [
            {"exists": {"field": visual(name)}}
            for name in ("model", "binary_code", "colour_histogram")
        ]
        found: set[str] = set()
        with self._index.errors():
            for some in _chunks(product_ids, self._index.most_hits()):
                query = {"bool": {"filter": [{"ids": {"values": list(some)}}, *exists]}}
                body = {"query": query, "size": len(some), "_source": False}
                found.update(hit["_id"] for hit in self.search(body, "hits.hits._id"))
        return found

    def facts(
        self, product_ids: Sequence[str], names: Collection[str], terms: Collection[str]
    ) -> dict[str, ProductFacts]:
        """Read some facts of documents; see Engine."""
        paths, wanted = leading_to(names), frozenset(terms)
        found = {}
        for document in self.searched(product_ids):
            source = document["_source"]
            every = facts_of(source)
            facts = {path: every[path] for path in paths if every.get(path) is not None}
            visual = visual_of(source, self._index.visual) or {}
            values = (one for name in TERM_FIELDS for one in fact_values(visual, name))
            own = (one for one in values if isinstance(one, str))
            found[document["_id"]] = ProductFacts(facts, wanted.intersection(own))
        return found

    def searched(self, product_ids: Sequence[str]) -> list[Json]:
        """Read whole documents in the given order, as search sees them."""
        return self.get(product_ids, realtime="false", preference=self._cluster.one_copy)

    def search(self, body: Json, filter_path: str, **params: str) -> list[Json]:
        """Search the index, and return the hits; see Cluster."""
        return self._cluster.search(self._index.name, body, filter_path, **params)

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

    def _search_all(self, body: Json, limit: int) -> list[Json]:
        """Read any ``limit`` hits; more than one search may return by windows of numbers.

        A search that sorts by nothing is several times faster than pages that are sorted. The
        windows go up, and a document that is written moves up, so none is passed over.
        """
        hits: list[Json] = []
        most = self._index.most_hits()
        if limit <= 2 * most:  # whoever asks for little more expects less
            size = {"size": min(limit, most)}
            hits = self.search(body | size, _ID_PATH, preference=self._cluster.one_copy)
            if len(hits) < most or limit <= most:
                return hits
            hits = []
        newest = self._newest()
        start, width = -1, max(newest * most // limit, 1)
        while start < newest and len(hits) < limit:
            end = start + width
            numbers = {"gt": start} | ({"lte": end} if end < newest else {})
            filters = [body["query"], {"range": {"_seq_no": numbers}}]
            query = {"bool": {"filter": filters}}
            page = body | {"query": query, "size": most}
            found = self.search(page, _ID_PATH, preference=self._cluster.one_copy)
            if len(found) == most and width > 1:
                width //= 2
                continue
            hits, start = hits + found, end
            if len(found) < most // 4:
                width *= 2
        return hits

    def _newest(self) -> int:
        """Read the highest sequence number of all shards; -1 if there is no document."""
        body = {
            "size": 0,
            "track_total_hits": False,
            "aggs": {"newest": {"max": {"field": "_seq_no"}}},
        }
        answer = self._cluster.ask(self._index.name, body)
        newest = answer["aggregations"]["newest"]["value"]
        return -1 if newest is None else int(newest)


def _chunks(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
