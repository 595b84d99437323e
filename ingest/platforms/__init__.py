"""Platforms whose exports are understood: one table of columns each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from houndstooth.ingest.platforms.bigcommerce import BIGCOMMERCE
from houndstooth.ingest.platforms.general import GENERAL
from houndstooth.ingest.platforms.google import GOOGLE
from houndstooth.ingest.platforms.magento import MAGENTO
from houndstooth.ingest.platforms.medusa import MEDUSA
from houndstooth.ingest.platforms.meta import META
from houndstooth.ingest.platforms.platform import Platform, normal
from houndstooth.ingest.platforms.prestashop import PRESTASHOP, PRESTASHOP_IMPORT
from houndstooth.ingest.platforms.shopify import SHOPIFY
from houndstooth.ingest.platforms.shopify_bulk import SHOPIFY_BULK
from houndstooth.ingest.platforms.shopify_json import SHOPIFY_JSON
from houndstooth.ingest.platforms.vision import VISION
from houndstooth.ingest.platforms.woocommerce import WOOCOMMERCE

__all__ = ["GENERAL", "PLATFORMS", "Platform", "normal", "recognise"]

PLATFORMS: tuple[Platform, ...] = (
    *(SHOPIFY, SHOPIFY_JSON, WOOCOMMERCE, SHOPIFY_BULK, MAGENTO, BIGCOMMERCE),
    *(PRESTASHOP, PRESTASHOP_IMPORT, MEDUSA, VISION, META, GOOGLE, GENERAL),
)
"""All platforms; the first that recognises a feed reads it, and the last recognises any.

An id that only one platform gives goes before columns.
"""


def recognise(columns: Iterable[str], first_id: str = "") -> Platform:
    """Recognise the platform of a feed by its column names and the id in its first row."""
    names = frozenset(map(normal, columns))
    by_id = (platform for platform in PLATFORMS if platform.has_id(first_id))
    by_columns = (platform for platform in PLATFORMS if platform.recognises(names))
    return next(chain(by_id, by_columns))
