"""OpenSearch as the engine: the shop's own index, or one made for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from opensearchpy import OpenSearch, helpers
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import NotFoundError, RequestError, SerializationError, TransportError

from mappings.document import VisualDocument
from mappings.errors import EngineUnavailable, InvalidConfig, InvalidFilter
from mappings.search import (
    CandidateQuery,
    Candidates,
    IndexDocument,
    StoredProduct,
    WriteOutcome,
)
from plugin.engines.documents import refusal
from plugin.engines.fields import Fields, facet_value, product_index, visual_fields
from plugin.engines.opensearch_query import bool_query, decode_rows, facet_body, search_body

RETRYABLE = (409, 429, 503)
CODE = "visual.code"
QUERY_ERRORS = ("search_phase_execution_exception", "parsing_exception", "query_shard_exception")
TIMEOUT_SECONDS = 60


class OpenSearchEngine:
    """An Engine on one index of an OpenSearch cluster, 2.x or 3.x; safe to share among threads.

    Args:
        index: an index or an alias of one; ``prepare`` creates it where there is none.
        tls: speak TLS and verify the certificate.
        user, password: for a cluster with the security plugin.
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
        self._fields = Fields({})

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to the shop's.

        Raises:
            InvalidConfig: the index has another field ``visual``, or the cluster refuses the name.
        """
        with self._errors():
            try:
                if not self._client.indices.exists(index=self.index):
                    self._create()
                mapping = {"properties": {"visual": visual_fields()}}
                self._client.indices.put_mapping(index=self.index, body=mapping)
                self._check_unrouted()
            except RequestError as error:
                raise InvalidConfig(
                    f"expected an index that can take the object visual; {self.index!r} at "
                    f"{self.address} cannot: {_reason(error.info)}"
                ) from error

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Bulk of updates, so that a shop's own fields stay as they are.

        Raises:
            EngineUnavailable: the index is not the one that was prepared: removed, or its alias
                led elsewhere. Written to, it would take ``visual`` for fields of other kinds.
        """
        self._check_prepared()
        reasons = [refusal(document) for document in documents]
        taken = (d for d, reason in zip(documents, reasons, strict=True) if reason is None)
        results = self._bulk(_update(document) for document in taken)
        return [
            WriteOutcome(document.product_id, reason) if reason else _outcome(next(results))
            for document, reason in zip(documents, reasons, strict=True)
        ]

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents; returns how many were there."""
        actions = ({"_op_type": "delete", "_id": key} for key in sorted(set(product_ids)))
        statuses = [result["status"] for result in self._bulk(actions)]
        failed = [status for status in statuses if status not in (200, 404)]
        if failed:
            raise EngineUnavailable(f"{self.address} refused {len(failed)} deletes: {failed[0]}")
        return statuses.count(200)

    def refresh(self) -> None:
        """Make everything written so far visible to search."""
        with self._errors():
            self._client.indices.refresh(index=self.index)

    def source_hashes(self, product_ids: Sequence[str], model: str) -> dict[str, str]:
        """``source_hash`` by id, of the newest versions: no refresh is needed."""
        documents = self._get(product_ids, ["visual.source_hash", "visual.model"])
        visuals = {d["_id"]: d["_source"].get("visual", {}) for d in documents}
        hashes = {
            key: visual["source_hash"]
            for key, visual in visuals.items()
            if visual.get("model") == model
        }
        searchable = self._searchable(hashes)
        if len(searchable) < len(hashes):  # written just now, or copied into an index not prepared
            self.refresh()
            searchable = self._searchable(hashes)
        return {key: hashes[key] for key in hashes if key in searchable}

    def candidates(self, query: CandidateQuery, limit: int) -> Candidates:
        """The ``limit`` best matches, at most 10,000 unless the index allows more."""
        with self._errors():
            answer = self._client.search(
                index=self.index,
                body=search_body(query, limit, self._known_fields(query)),
                params={
                    "allow_partial_search_results": "false",
                    "filter_path": "hits.hits.sort,hits.hits.fields",
                },
            )
        hits = answer.get("hits", {}).get("hits", [])
        return Candidates(
            product_ids=[hit["sort"][1] for hit in hits],
            scores=np.array([hit["sort"][0] for hit in hits], dtype=np.int64),
            codes=decode_rows([hit["fields"]["visual.code"][0] for hit in hits]),
            colours=decode_rows([hit["fields"]["visual.colour"][0] for hit in hits]),
        )

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Documents in the order asked; facts are all fields but ``visual``."""
        products = []
        for document in self._get(product_ids, []):
            facts = dict(document["_source"])
            visual = facts.pop("visual", None)
            decoded = None if visual is None else VisualDocument.from_json(visual)
            products.append(StoredProduct(document["_id"], facts, decoded))
        return products

    def count(self, query: CandidateQuery | None = None) -> int:
        """How many documents match, or are there."""
        with self._errors():
            body = {"query": bool_query(query, self._known_fields(query))} if query else None
            return int(self._client.count(index=self.index, body=body)["count"])

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """The most frequent values of each field among the matches, ties by value."""
        with self._errors():
            known = self._known_fields(query, fields)
            body = facet_body(query, fields, size, known)
            counts = self._client.search(index=self.index, body=body)["aggregations"]
        return {
            name: [(_bucket_value(b), b["doc_count"]) for b in counts[str(n)]["buckets"]]
            for n, name in enumerate(fields)
        }

    def ping(self) -> None:
        """Return when the index can be searched."""
        self.count()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _check_prepared(self) -> None:
        with self._errors():
            fields = self._client.indices.get_field_mapping(index=self.index, fields=CODE)
        kinds = [
            one["mappings"].get(CODE, {}).get("mapping", {}).get("code", {}).get("type")
            for one in fields.values()
        ]
        if kinds != ["binary"]:
            raise EngineUnavailable(
                f"expected the index {self.index!r} as it was prepared, with {CODE}; it has been "
                "replaced by another: give the feed again"
            )

    def _check_unrouted(self) -> None:
        """Documents are found by their id alone.

        Raises:
            InvalidConfig: some are where another routing has put them.
        """
        body = {"query": {"exists": {"field": "_routing"}}, "size": 0, "terminate_after": 1}
        if self._client.search(index=self.index, body=body)["hits"]["total"]["value"]:
            raise InvalidConfig(
                f"expected an index without custom routing; documents of {self.index!r} have one"
            )

    def _searchable(self, product_ids: Collection[str]) -> set[str]:
        """Those whose ``visual`` is indexed, and not only kept."""
        if not product_ids:
            return set()
        ids = {"ids": {"values": list(product_ids)}}
        query = {"bool": {"filter": [ids, {"exists": {"field": "visual.model"}}]}}
        body = {"query": query, "size": len(product_ids), "_source": False}
        with self._errors():
            answer = self._client.search(index=self.index, body=body)
        return {hit["_id"] for hit in answer["hits"]["hits"]}

    def _create(self) -> None:
        try:
            self._client.indices.create(index=self.index, body=product_index())
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def _known_fields(self, query: CandidateQuery, more: Sequence[str] = ()) -> Fields:
        """The index's fields, asked for anew when one is named that was not there before."""
        named = [*(one.field for one in query.filters), *more]
        if any(name not in self._fields for name in named):
            mappings = self._client.indices.get_mapping(index=self.index).values()
            properties: dict[str, Any] = {}
            for mapping in mappings:
                properties |= mapping["mappings"].get("properties", {})
            self._fields = Fields(properties)
        return self._fields

    def _get(self, product_ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
        if not product_ids:
            return []
        params = {"_source_includes": ",".join(fields)} if fields else {}
        with self._errors():
            body = {"ids": list(product_ids)}
            documents = self._client.mget(index=self.index, body=body, params=params)["docs"]
        for document in documents:
            if "error" in document:
                raise EngineUnavailable(f"{self.address}: {_reason(document)}")
        return [document for document in documents if document["found"]]

    def _bulk(self, actions: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        with self._errors():
            results = helpers.streaming_bulk(
                self._client, actions, index=self.index, raise_on_error=False
            )
            for _, result in results:
                yield next(iter(result.values()))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except NoConnection as error:
            raise EngineUnavailable(f"{self.address} cannot be reached: {error.error}") from error
        except NotFoundError as error:
            raise EngineUnavailable(
                f"{self.address} has no index {self.index!r} yet: {_reason(error.info)}"
            ) from error
        except TransportError as error:
            if error.error in QUERY_ERRORS:
                raise InvalidFilter(f"the engine refused: {_reason(error.info)}") from error
            raise EngineUnavailable(
                f"{self.address} refused, status {error.status_code}: {_reason(error.info)}"
            ) from error
        except SerializationError as error:
            raise EngineUnavailable(f"{self.address} does not answer in JSON") from error


def _update(document: IndexDocument) -> dict[str, Any]:
    """A partial update: arrays and scalars of ``doc`` replace, other fields stay."""
    action: dict[str, Any] = {
        "_op_type": "update",
        "_id": document.product_id,
        "retry_on_conflict": 3,
        "doc": dict(document.facts),
    }
    if document.visual is not None:
        action["doc"]["visual"] = document.visual.to_json()
        action["doc_as_upsert"] = document.insert
        action["detect_noop"] = False  # one that is kept may not be indexed
    return action


def _outcome(result: dict[str, Any]) -> WriteOutcome:
    if "error" not in result:
        return WriteOutcome(result["_id"])
    if result["status"] == 404:
        error = f"expected a product that is there; {result['_id']!r} is not"
        return WriteOutcome(result["_id"], error)
    return WriteOutcome(result["_id"], _reason(result), result["status"] in RETRYABLE)


def _reason(info: Any) -> str:
    """The innermost cause in an error of OpenSearch's."""
    cause = info.get("error", info) if isinstance(info, dict) else info
    if not isinstance(cause, dict):
        return str(cause)
    if cause.get("failed_shards"):
        cause = cause["failed_shards"][0]["reason"]
    reasons = [str(cause.get("reason"))]
    while isinstance(cause.get("caused_by"), dict):
        cause = cause["caused_by"]
        reasons.append(str(cause.get("reason")))
    return ": ".join(dict.fromkeys(reasons))


def _bucket_value(bucket: dict[str, Any]) -> str:
    return facet_value(bucket.get("key_as_string", bucket["key"]))
