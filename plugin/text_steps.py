"""Turn what words say into the options and the steps of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from houndstooth.mappings.engine import CandidateQuery, Filter, RangeFilter, TermFilter
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_query import TextQuery
from houndstooth.mappings.text_reader import read_text_query
from houndstooth.plugin.attribute_query import FULL_BOOST, Step, with_post_filters
from houndstooth.plugin.known_prices import PRICE
from houndstooth.plugin.service import VisualSearch


def read_words(search: VisualSearch, text: str, *, beside_picture: bool = False) -> TextQuery:
    """Read a text; where no product has a price to compare, words of prices are looked up."""
    words = read_text_query(search.taxonomy, text, beside_picture=beside_picture)
    if words.price is None or search.prices.exist():
        return words
    return read_text_query(search.taxonomy, text, beside_picture=beside_picture, prices=False)


def beside_picture(request: SearchRequest, words: TextQuery) -> SearchRequest:
    """Return a request in which words have become options, for the search with a picture.

    Hits must have a term that the words name; of several in a group any is preferred already. The
    picture's colours do not count where the words name one.
    """
    alone = [terms[0] for terms in words.required.values() if len(terms) == 1]
    one_kind = words.categories[0] if len(words.categories) == 1 else None
    return replace(
        priced(request, words),
        category=request.category or one_kind,
        required=tuple(dict.fromkeys((*request.required, *alone))),
        excluded=(*request.excluded, *(term for term in words.excluded if ":" in term)),
        appearance_weight=1.0 if "colour" in words.required else request.appearance_weight,
    )


def priced(request: SearchRequest, words: TextQuery) -> SearchRequest:
    """Return a request with the price that words name; beside another filter on it both hold."""
    if words.price is None:
        return request
    price = RangeFilter(PRICE, words.price.low, words.price.high)
    others = [one for one in request.filters if one.field != PRICE]
    own = [_both(one, price) for one in request.filters if one.field == PRICE]
    return replace(request, filters=(*others, *(own or [price])))


def _both(one: Filter, price: RangeFilter) -> Filter:
    """Return the filter that is passed where a filter on the price and a range of prices are.

    Where none passes both, its lower end is above its upper end. A value that is no number stays.
    """
    if isinstance(one, TermFilter):
        try:
            number = read_number(one.value)
        except ValueError:
            return one
        one = RangeFilter(PRICE, number, number)
    lows = [low for low in (one.low, price.low) if low is not None]
    highs = [high for high in (one.high, price.high) if high is not None]
    return RangeFilter(PRICE, max(lows, default=None), min(highs, default=None))


def text_steps(request: SearchRequest, words: TextQuery, search: VisualSearch) -> list[Step]:
    """Build the steps of a search by words alone: with all that they name, then of the same kind.

    They never leave the kind, and products without a picture match as well.
    """
    groups = search.taxonomy.groups
    request = priced(request, words)
    leaves = (request.category,) if request.category else words.categories
    kind = CandidateQuery(
        model=search.extractor.model,
        category=leaves[0] if len(leaves) == 1 else None,
        categories=leaves if len(leaves) > 1 else (),
        preferred={
            group: {term: max(1, round(FULL_BOOST * groups[group].importance)) for term in terms}
            for group, terms in words.required.items()
        },
        required=request.required,
        excluded=(*request.excluded, *(term for term in words.excluded if ":" in term)),
        filters=request.filters,
        queries=(request.query,) if request.query else (),
        variant_field=search.settings.variant_field if request.collapse else None,
        hide_sold_out=request.sold_out == "hide",
    )
    kind = with_post_filters(kind, request)
    strict: Step = ("none", replace(kind, minimum_groups=len(kind.preferred)))
    return [strict, ("fewer-attributes", kind)] if leaves and kind.preferred else [strict]


def without_guesses(steps: list[Step]) -> list[Step]:
    """Return steps that demand nothing of what a picture shows but its kind."""
    plain = [(name, replace(step, minimum_groups=0)) for name, step in steps]
    return [one for i, one in enumerate(plain) if i == 0 or one[1] != plain[i - 1][1]]


def of_kinds(steps: list[Step], kinds: Sequence[str], taxonomy: Taxonomy) -> list[Step]:
    """Return steps that find products of several kinds in the place of one.

    Where these are of several great categories no step keeps to one of them.
    """
    great = {taxonomy.great_category(kind) for kind in kinds}
    return [
        (name, replace(step, category=None, categories=tuple(kinds)) if step.category else step)
        for name, step in steps
        if step.great_category is None or len(great) == 1
    ]
