"""Store and search documents in OpenSearch: the shop's own index or a new one."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from opensearchpy import OpenSearch, helpers

from houndstooth.mappings.document import VISUAL, VisualDocument, is_visual
from houndstooth.mappings.engine import (
    CandidateQuery,
    Candidates,
    IndexDocument,
    StoredProduct,
    WriteOutcome,
)
from houndstooth.mappings.errors import EngineUnavailable, InvalidDocument
from houndstooth.plugin.engines.documents import refusal
from houndstooth.plugin.engines.fields import facet_value, variant_group
from houndstooth.plugin.engines.opensearch_errors import reason
from houndstooth.plugin.engines.opensearch_index import OpenSearchIndex
from houndstooth.plugin.engines.opensearch_query import (
    bool_query,
    decode_rows,
    drop_damaged_hits,
    facet_body,
    search_body,
)

_LOG = logging.getLogger(__name__)

RETRYABLE = (409, 429, 503)
"""HTTP statuses of a bulk item after which a retry may succeed."""

TIMEOUT_SECONDS = 60


class OpenSearchEngine:
    """An engine on one index of an OpenSearch cluster, 2.x or 3.x. Threads may share it.

    Args:
        host, port: Address of the cluster.
        index: Name of the index or of an alias; ``prepare`` creates a missing index.
        tls: Use TLS and verify the certificate.
        user, password: For a cluster with the security plugin.
        visual: Name of the object ``visual``. Another version, such as ``visual_2``, can be
            filled beside the one that is searched.
    """

    def __init__(
        self,
        host: str,
        port: int,
        index: str,
        *,
        tls: bool = False,
        user: str = "",
        password: str = "",
        visual: str = VISUAL,
    ) -> None:
        self.index = index
        self.address = f"{'https' if tls else 'http'}://{host}:{port}"
        self._client = OpenSearch(
            hosts=[{"host": host, "port": port}],
            use_ssl=tls,
            verify_certs=tls,
            http_auth=(user, password) if user else None,
            timeout=TIMEOUT_SECONDS,
        )
        self._visual = visual
        self._index = OpenSearchIndex(self._client, self.address, index, visual)

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to the shop's own index.

        Raises:
            InvalidConfig: The index has another field ``visual`` or uses custom routing, or the
                cluster refuses the name.
        """
        self._index.prepare()

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write a bulk of partial updates; a shop's other fields stay.

        Raises:
            EngineUnavailable: The cluster cannot be reached, or the index is not the one that
                was prepared.
        """
        self._index.check_prepared()
        reasons = [refusal(document) for document in documents]
        accepted = (d for d, reason in zip(documents, reasons, strict=True) if reason is None)
        results = self._bulk(self._update_action(document) for document in accepted)
        return [
            WriteOutcome(document.product_id, reason) if reason else _outcome(next(results))
            for document, reason in zip(documents, reasons, strict=True)
        ]

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and return how many existed."""
        actions = ({"_op_type": "delete", "_id": key} for key in sorted(set(product_ids)))
        statuses = [result["status"] for result in self._bulk(actions)]
        failed = [status for status in statuses if status not in (200, 404)]
        if failed:
            raise EngineUnavailable(f"{self.address} refused {len(failed)} deletes: {failed[0]}")
        return statuses.count(200)

    def refresh(self) -> None:
        """Make everything that was written visible to search."""
        with self._index.errors():
            self._client.indices.refresh(index=self.index)

    def source_hashes(self, product_ids: Sequence[str], model: str) -> dict[str, str]:
        """Read ``source_hash`` by id, of the newest versions: no refresh is needed."""
        fields = self._index.fields
        documents = self._get(product_ids, [fields.visual("source_hash"), fields.visual("model")])
        visuals = {d["_id"]: d["_source"].get(self._visual, {}) for d in documents}
        hashes = {
            key: visual["source_hash"]
            for key, visual in visuals.items()
            if visual.get("model") == model
        }
        searchable = self._searchable(hashes)
        # Some were written just now, or copied into the index before it was prepared.
        if len(searchable) < len(hashes):
            self.refresh()
            searchable = self._searchable(hashes)
        return {key: hashes[key] for key in hashes if key in searchable}

    def candidates(self, query: CandidateQuery, limit: int) -> Candidates:
        """Find the ``limit`` best candidates, at most 10,000 unless the index allows more."""
        with self._index.errors():
            fields = self._index.fields_for(query)
            answer = self._client.search(
                index=self.index,
                body=search_body(query, limit, fields),
                params={
                    "allow_partial_search_results": "false",
                    "filter_path": "hits.hits.sort,hits.hits.fields",
                },
            )
        code, colour = fields.visual("binary_code"), fields.visual("colour_histogram")
        all_hits = answer.get("hits", {}).get("hits", [])
        hits = drop_damaged_hits(all_hits, (code, colour))
        if damaged := len(all_hits) - len(hits):
            _LOG.warning("%s: %s products left out, their %s is damaged", self.index, damaged, code)
        variant_field = fields.doc_values(query.variant_field)
        return Candidates(
            product_ids=[hit["sort"][1] for hit in hits],
            scores=np.array([hit["sort"][0] for hit in hits], dtype=np.int64),
            binary_codes=decode_rows([hit["fields"][code][0] for hit in hits]),
            colour_histograms=decode_rows([hit["fields"][colour][0] for hit in hits]),
            variant_groups=[
                variant_group(hit["fields"].get(variant_field, [None])[0])
                for hit in hits
                if variant_field
            ],
        )

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Read documents in the given order; facts are all fields but ``visual`` in any version."""
        products = []
        for document in self._get(product_ids, []):
            source = document["_source"]
            facts = {name: value for name, value in source.items() if not is_visual(name)}
            visual = self._decode_visual(document["_id"], source.get(self._visual))
            products.append(StoredProduct(document["_id"], facts, visual))
        return products

    def count(self, query: CandidateQuery | None = None) -> int:
        """Count the matching documents, or all of them if there is no query."""
        with self._index.errors():
            body = {"query": bool_query(query, self._index.fields_for(query))} if query else None
            return int(self._client.count(index=self.index, body=body)["count"])

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """Count the values of each field with terms aggregations, highest count first."""
        with self._index.errors():
            body = facet_body(query, fields, size, self._index.fields_for(query, fields))
            counts = self._client.search(index=self.index, body=body)["aggregations"]
        return {
            name: [(_bucket_value(b), b["doc_count"]) for b in counts[str(n)]["buckets"]]
            for n, name in enumerate(fields)
        }

    def ping(self) -> None:
        """Return if the index can be searched, else raise."""
        self.count()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _decode_visual(self, product_id: str, visual: Any) -> VisualDocument | None:
        """Decode ``visual``; None if it is missing or if another program has overwritten it."""
        if visual is None:
            return None
        try:
            return VisualDocument.from_json(visual)
        except InvalidDocument as error:
            _LOG.warning("%s: product %r: %s", self.index, product_id, error)
            return None

    def _searchable(self, product_ids: Collection[str]) -> set[str]:
        """Return the ids whose ``visual`` is indexed, not only stored."""
        if not product_ids:
            return set()
        ids = {"ids": {"values": list(product_ids)}}
        exists = [
            {"exists": {"field": self._index.fields.visual(name)}}
            for name in ("model", "binary_code", "colour_histogram")
        ]
        query = {"bool": {"filter": [ids, *exists]}}
        body = {"query": query, "size": len(product_ids), "_source": False}
        with self._index.errors():
            answer = self._client.search(index=self.index, body=body)
        return {hit["_id"] for hit in answer["hits"]["hits"]}

    def _update_action(self, document: IndexDocument) -> dict[str, Any]:
        """Build a partial update: the fields in ``doc`` are replaced, all others stay."""
        action: dict[str, Any] = {
            "_op_type": "update",
            "_id": document.product_id,
            "retry_on_conflict": 3,
            "doc": dict(document.facts),
        }
        if document.visual is not None:
            action["doc"][self._visual] = document.visual.to_json()
            action["doc_as_upsert"] = document.insert
            action["detect_noop"] = False  # an equal stored object may not be indexed
        return action

    def _get(self, product_ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
        if not product_ids:
            return []
        params = {"_source_includes": ",".join(fields)} if fields else {}
        with self._index.errors():
            body = {"ids": list(product_ids)}
            documents = self._client.mget(index=self.index, body=body, params=params)["docs"]
        for document in documents:
            if "error" in document:
                raise EngineUnavailable(f"{self.address}: {reason(document)}")
        return [document for document in documents if document["found"]]

    def _bulk(self, actions: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        with self._index.errors():
            results = helpers.streaming_bulk(
                self._client, actions, index=self.index, raise_on_error=False
            )
            for _, result in results:
                yield next(iter(result.values()))


def _outcome(result: dict[str, Any]) -> WriteOutcome:
    if "error" not in result:
        return WriteOutcome(result["_id"])
    if result["status"] == 404:
        error = f"expected a product that is there; {result['_id']!r} is not"
        return WriteOutcome(result["_id"], error)
    return WriteOutcome(result["_id"], reason(result), result["status"] in RETRYABLE)


def _bucket_value(bucket: dict[str, Any]) -> str:
    return facet_value(bucket.get("key_as_string", bucket["key"]))
