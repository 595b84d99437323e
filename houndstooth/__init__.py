"""Visual search for fashion catalogues: a plugin to a shop's OpenSearch.

The names below are the public face; each is imported when it is first used::

    from houndstooth import SearchRequest, Taxonomy, VisualSearch, load_extractor, open_engine

    taxonomy = Taxonomy.load()
    engine = open_engine("sqlite:///var/catalogue.db")
    search = VisualSearch(load_extractor(taxonomy), engine, taxonomy)
    answer = search.search(open("photo.jpg", "rb").read(), SearchRequest(category="t-shirt"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from houndstooth.mappings.errors import (
        CatalogueNotFound,
        EngineUnavailable,
        FewerProducts,
        HoundstoothError,
        ImageUnavailable,
        IndexReplaced,
        InvalidBox,
        InvalidConfig,
        InvalidDocument,
        InvalidFeed,
        InvalidFilter,
        InvalidImage,
        InvalidInput,
        InvalidProduct,
        InvalidTaxonomy,
        JobNotFound,
        ProductNotFound,
        UnknownTerm,
        WorkersUnavailable,
    )
    from houndstooth.mappings.search import SearchRequest
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import load_extractor
    from houndstooth.plugin.credentials import Credentials
    from houndstooth.plugin.engines import open_engine
    from houndstooth.plugin.service import VisualSearch
    from houndstooth.plugin.shop_query import parse_query
    from houndstooth.plugin.visual_clauses import visual_clauses

__version__ = "0.1.0"

__all__ = [
    "CatalogueNotFound",
    "Credentials",
    "EngineUnavailable",
    "FewerProducts",
    "HoundstoothError",
    "ImageUnavailable",
    "IndexReplaced",
    "InvalidBox",
    "InvalidConfig",
    "InvalidDocument",
    "InvalidFeed",
    "InvalidFilter",
    "InvalidImage",
    "InvalidInput",
    "InvalidProduct",
    "InvalidTaxonomy",
    "JobNotFound",
    "ProductNotFound",
    "SearchRequest",
    "Taxonomy",
    "UnknownTerm",
    "VisualSearch",
    "WorkersUnavailable",
    "__version__",
    "load_extractor",
    "open_engine",
    "parse_query",
    "visual_clauses",
]

_MODULES = {
    "Credentials": "plugin.credentials",
    "SearchRequest": "mappings.search",
    "Taxonomy": "mappings.taxonomy",
    "VisualSearch": "plugin.service",
    "load_extractor": "models.loading",
    "open_engine": "plugin.engines",
    "parse_query": "plugin.shop_query",
    "visual_clauses": "plugin.visual_clauses",
}


def __getattr__(name: str) -> Any:
    """Import a public name; whoever uses the errors alone loads no networks."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name, "mappings.errors")
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return __all__
