"""What is read of an index that cannot take ``visual``, where no node for tests has the form."""

from __future__ import annotations

from typing import Any

import pytest

from houndstooth.plugin.engines.cluster.index_check import refusal


def check(mappings: dict[str, Any], settings: dict[str, Any], **more: Any) -> str | None:
    form = {"aliases": {}, "mappings": mappings, "settings": settings, **more}
    return refusal("products", "visual", {"products": form})


def test_the_plainest_index_is_taken() -> None:
    assert check({}, {"index.blocks.write": "false", "index.routing_partition_size": "1"}) is None


@pytest.mark.parametrize(
    ("mappings", "settings", "reason"),
    [
        ({"_source": {"mode": "synthetic"}}, {}, "is synthetic"),  # Elasticsearch 8 as well
        ({}, {"index.mapping.source.mode": "DISABLED"}, "is disabled"),
        ({}, {"index.routing_partition_size": "2"}, "custom routing"),
        (
            {
                "_source": {"excludes": ["specs.cloth"]},
                "properties": {"specs": {"type": "flattened"}},
            },
            {},
            "leaves out specs",
        ),
    ],
)
def test_what_newer_or_fuller_nodes_say(
    mappings: dict[str, Any], settings: dict[str, Any], reason: str
) -> None:
    assert reason in str(check(mappings, settings))


def test_defaults_count_unless_they_are_set() -> None:
    """As with the modes of Elasticsearch that imply a synthetic source."""
    defaults = {"index.mapping.source.mode": "SYNTHETIC"}
    assert "is synthetic" in str(check({}, {}, defaults=defaults))
    assert check({}, {"index.mapping.source.mode": "stored"}, defaults=defaults) is None
