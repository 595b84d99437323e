"""Vision Product Search's import CSV. It has no header; the reader names its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import InTurn
from houndstooth.ingest.platforms.platform import Platform


def _labels(cells: Mapping[str, Any]) -> dict[str, str]:
    pairs = (label.partition("=") for label in str(cells.get("labels") or "").split(","))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


VISION = Platform(
    "Vision Product Search import table",
    recognised_by=[("image-uri", "product-id", "product-category")],
    roles={
        "id": ("product-id",),
        "title": ("product-display-name",),
        "image": ("image-uri",),
        "options": ("labels",),
    },
    layout=InTurn(key="id"),
    options=_labels,
)
