"""OpenSearch as the engine: the shop's own index, or one made for it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from opensearchpy import OpenSearch, helpers
from opensearchpy.exceptions import RequestError

from houndstooth.mappings.document import VISUAL, VisualDocument, is_visual
from houndstooth.mappings.engine import (
    CandidateQuery,
    Candidates,
    IndexDocument,
    StoredProduct,
    WriteOutcome,
)
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig, InvalidDocument
from houndstooth.plugin.engines.documents import refusal
from houndstooth.plugin.engines.fields import (
    Fields,
    facet_value,
    product_index,
    variant_group,
    visual_fields,
)
from houndstooth.plugin.engines.opensearch_errors import client_errors, reason
from houndstooth.plugin.engines.opensearch_query import (
    bool_query,
    decode_rows,
    facet_body,
    search_body,
    whole,
)

_LOG = logging.getLogger(__name__)

RETRYABLE = (409, 429, 503)
TIMEOUT_SECONDS = 60
FIELDS_SECONDS = 60


class OpenSearchEngine:
    """An Engine on one index of an OpenSearch cluster, 2.x or 3.x; safe to share among threads.

    Args:
        index: an index or an alias of one; ``prepare`` creates it where there is none.
        tls: speak TLS and verify the certificate.
        user, password: for a cluster with the security plugin.
        visual: what the object ``visual`` is called: another version of it, as ``visual_2``, can be
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
        self._errors = partial(client_errors, self.address, index)
        self._visual = visual
        self._fields, self._fields_read = Fields({}, visual), -inf

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to the shop's.

        Raises:
            InvalidConfig: the index has another field ``visual``, or the cluster refuses the name.
        """
        with self._errors():
            try:
                if not self._client.indices.exists(index=self.index):
                    self._create()
                mapping = {"properties": {self._visual: visual_fields()}}
                self._client.indices.put_mapping(index=self.index, body=mapping)
                self._check_unrouted()
            except RequestError as error:
                raise InvalidConfig(
                    f"expected an index that can take the object {self._visual}; {self.index!r} at "
                    f"{self.address} cannot: {reason(error.info)}"
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
        results = self._bulk(self._update(document) for document in taken)
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
        wanted = [self._fields.visual("source_hash"), self._fields.visual("model")]
        documents = self._get(product_ids, wanted)
        visuals = {d["_id"]: d["_source"].get(self._visual, {}) for d in documents}
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
            fields = self._known_fields(query)
            answer = self._client.search(
                index=self.index,
                body=search_body(query, limit, fields),
                params={
                    "allow_partial_search_results": "false",
                    "filter_path": "hits.hits.sort,hits.hits.fields",
                },
            )
        code, colour = fields.visual("binary_code"), fields.visual("colour_histogram")
        found = answer.get("hits", {}).get("hits", [])
        hits = whole(found, (code, colour))
        if len(hits) < len(found):
            left = len(found) - len(hits)
            _LOG.warning("%s: %s products left out, their %s is damaged", self.index, left, code)
        group = fields.doc_values(query.variant_field)
        return Candidates(
            product_ids=[hit["sort"][1] for hit in hits],
            scores=np.array([hit["sort"][0] for hit in hits], dtype=np.int64),
            binary_codes=decode_rows([hit["fields"][code][0] for hit in hits]),
            colour_histograms=decode_rows([hit["fields"][colour][0] for hit in hits]),
            variant_groups=[
                variant_group(hit["fields"].get(group, [None])[0]) for hit in hits if group
            ],
        )

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Documents in the order asked; facts are all fields but ``visual`` in any version."""
        products = []
        for document in self._get(product_ids, []):
            source = document["_source"]
            facts = {name: value for name, value in source.items() if not is_visual(name)}
            visual = self._decoded(document["_id"], source.get(self._visual))
            products.append(StoredProduct(document["_id"], facts, visual))
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

    def _decoded(self, product_id: str, visual: Any) -> VisualDocument | None:
        """None where there is none, or something else has written over it."""
        if visual is None:
            return None
        try:
            return VisualDocument.from_json(visual)
        except InvalidDocument as error:
            _LOG.warning("%s: product %r: %s", self.index, product_id, error)
            return None

    def _check_prepared(self) -> None:
        with self._errors():
            code = self._fields.visual("binary_code")
            found = self._client.indices.get_field_mapping(index=self.index, fields=code)
        kinds = [
            one["mappings"].get(code, {}).get("mapping", {}).get("binary_code", {}).get("type")
            for one in found.values()
        ]
        if kinds != ["binary"]:
            raise EngineUnavailable(
                f"expected the index {self.index!r} as it was prepared, with {code}; it has been "
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
        """Those whose ``visual`` is indexed whole, and not only kept."""
        if not product_ids:
            return set()
        ids = {"ids": {"values": list(product_ids)}}
        there = [
            {"exists": {"field": self._fields.visual(name)}}
            for name in ("model", "binary_code", "colour_histogram")
        ]
        query = {"bool": {"filter": [ids, *there]}}
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
        """The index's fields, asked for anew when one is named that was not there before.

        For the group's, which every search names, at most each ``FIELDS_SECONDS``.
        """
        named = [*(one.field for one in query.filters), *more]
        if query.variant_field and monotonic() - self._fields_read > FIELDS_SECONDS:
            named.append(query.variant_field)
        if any(name not in self._fields for name in named):
            mappings = self._client.indices.get_mapping(index=self.index).values()
            properties: dict[str, Any] = {}
            for mapping in mappings:
                properties |= mapping["mappings"].get("properties", {})
            self._fields, self._fields_read = Fields(properties, self._visual), monotonic()
        return self._fields

    def _update(self, document: IndexDocument) -> dict[str, Any]:
        """A partial update: arrays and scalars of ``doc`` replace, other fields stay."""
        action: dict[str, Any] = {
            "_op_type": "update",
            "_id": document.product_id,
            "retry_on_conflict": 3,
            "doc": dict(document.facts),
        }
        if document.visual is not None:
            action["doc"][self._visual] = document.visual.to_json()
            action["doc_as_upsert"] = document.insert
            action["detect_noop"] = False  # one that is kept may not be indexed
        return action

    def _get(self, product_ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
        if not product_ids:
            return []
        params = {"_source_includes": ",".join(fields)} if fields else {}
        with self._errors():
            body = {"ids": list(product_ids)}
            documents = self._client.mget(index=self.index, body=body, params=params)["docs"]
        for document in documents:
            if "error" in document:
                raise EngineUnavailable(f"{self.address}: {reason(document)}")
        return [document for document in documents if document["found"]]

    def _bulk(self, actions: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        with self._errors():
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
