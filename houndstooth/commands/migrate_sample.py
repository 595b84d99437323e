"""Look closely at some products before a new version serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from houndstooth.ingest.migration.recoding import Recoder
from houndstooth.mappings.document import NO_PICTURE, VisualDocument
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.search import SearchRequest
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.service import VisualSearch

LOOKS = 4
"""Times that a product is looked at, as somebody may have written it since it was filled."""


def check_sample(
    recoder: Recoder,
    search: VisualSearch,
    product_ids: Sequence[str],
    catch_up: Callable[[], object],
) -> dict[str, str]:
    """Return what is wrong with some products of a new version, by id.

    Their codes are computed once more and must be equal, and a search for what looks like them must
    find them first, or others that are the same to the last bit.

    Args:
        recoder: Makes the codes.
        search: Searches the new version.
        product_ids: Ids of the products.
        catch_up: Brings what was written meanwhile to the new version; those that are wrong are
            looked at again after it.
    """
    wrong = dict.fromkeys(product_ids, "")
    for _ in range(LOOKS):
        catch_up()
        search.engine.refresh()
        wrong = _wrong(recoder, search, list(wrong))
        if not wrong:
            break
    return wrong


def _wrong(recoder: Recoder, search: VisualSearch, product_ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for product in search.engine.fetch(product_ids):
        key = product.product_id
        if product.visual is None:
            found[key] = "expected features in the new version; it has none"
            continue
        [again] = recoder.recode([(product.facts, product.visual)])
        if isinstance(again, InvalidInput):
            found[key] = str(again)
        elif again.visual.to_json() != product.visual.to_json():
            found[key] = "expected equal codes when computed again; got others"
        elif NO_PICTURE not in product.visual.attributes and not _is_first(
            search, key, product.visual
        ):
            found[key] = "expected it first in a search for itself; it is not"
    return found


def _is_first(search: VisualSearch, product_id: str, visual: VisualDocument) -> bool:
    request = SearchRequest(sold_out="show", collapse=False, rules=False)
    hits = search.search_features(stored_features(visual), request).hits
    if not hits:
        return False
    first = hits[0]
    return first.product_id == product_id or (
        first.appearance_distance == 0 and first.colour_distance == 0
    )
