"""Define the mappings of UBI's indices, as OpenSearch's UBI plugin makes them.

From https://github.com/opensearch-project/user-behavior-insights (Apache-2.0), for OpenSearch 3.8;
Elasticsearch calls ``flat_object`` ``flattened``.
"""

from __future__ import annotations

from typing import Any

from houndstooth.plugin.events.ubi import EVENTS, QUERIES

Json = dict[str, Any]

FLAT = {"OpenSearch": "flat_object", "Elasticsearch": "flattened"}


def mappings(index: str, product: str) -> Json:
    """Return the mappings of ``ubi_queries`` or ``ubi_events`` on OpenSearch or Elasticsearch."""
    return {QUERIES: _queries(product), EVENTS: _events()}[index]


def _queries(product: str) -> Json:
    return {
        "dynamic": False,
        "properties": {
            "timestamp": {"type": "date", "format": "strict_date_time"},
            "query_id": _keyword(100),
            "query": {"type": "text"},
            "query_response_id": _keyword(100),
            "query_response_hit_ids": {"type": "keyword"},
            "user_query": {"type": "keyword"},
            "query_attributes": {"type": FLAT[product]},
            "client_id": _keyword(100),
            "application": _keyword(100),
        },
    }


def _events() -> Json:
    text = {"type": "text", "fields": {"keyword": _keyword(256)}}
    position = {
        **{name: {"type": "integer"} for name in ("ordinal", "x", "y")},
        **{name: {"type": "integer"} for name in ("page_depth", "scroll_depth")},
        "trail": text,
    }
    thing = {
        "internal_id": {"type": "keyword"},
        "object_id": _keyword(256),
        "object_id_field": _keyword(100),
        "name": _keyword(256),
        "description": text,
        "object_detail": {"type": "object"},
    }
    return {
        "properties": {
            "application": _keyword(256),
            "action_name": _keyword(100),
            "client_id": _keyword(100),
            "query_id": _keyword(100),
            "message": _keyword(1024),
            "message_type": _keyword(100),
            "user_query": {"type": "keyword"},
            "timestamp": {
                "type": "date",
                "format": "strict_date_time",
                "ignore_malformed": True,
                "doc_values": True,
            },
            "event_attributes": {
                "dynamic": True,
                "properties": {
                    "position": {"properties": position},
                    "object": {"properties": thing},
                },
            },
        }
    }


def _keyword(length: int) -> Json:
    return {"type": "keyword", "ignore_above": length}
