"""Look closely at some products before a new version serves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from houndstooth.ingest.migration.recoding import Recoder
from houndstooth.mappings.document import NO_PICTURE, VisualDocument
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.search import SearchRequest
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.service import VisualSearch


def check_sample(
    recoder: Recoder, search: VisualSearch, product_ids: Sequence[str]
) -> Iterator[str]:
    """Yield what is wrong with some products of a new version.

    Their codes are computed once more and must be equal, and a search for what looks like them must
    find them first, or others that are the same to the last bit.

    Args:
        recoder: Makes the codes.
        search: Searches the new version.
        product_ids: Ids of the products.
    """
    for product in search.engine.fetch(product_ids):
        if product.visual is None:
            yield f"{product.product_id}: expected features in the new version; it has none"
            continue
        [again] = recoder.recode([(product.facts, product.visual)])
        if isinstance(again, InvalidInput):
            yield f"{product.product_id}: {again}"
        elif again.visual.to_json() != product.visual.to_json():
            yield f"{product.product_id}: expected equal codes when computed again; got others"
        elif NO_PICTURE not in product.visual.attributes and not _is_first(
            search, product.product_id, product.visual
        ):
            yield f"{product.product_id}: expected it first in a search for itself; it is not"


def _is_first(search: VisualSearch, product_id: str, visual: VisualDocument) -> bool:
    request = SearchRequest(sold_out="show", collapse=False, rules=False)
    hits = search.search_features(stored_features(visual), request).hits
    if not hits:
        return False
    first = hits[0]
    return first.product_id == product_id or (
        first.appearance_distance == 0 and first.colour_distance == 0
    )
