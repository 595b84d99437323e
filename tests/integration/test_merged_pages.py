"""Near-duplicates as one hit: on every page, whatever its size, as a naive search merges them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.search import Hit
from houndstooth.mappings.writes import IndexDocument
from tests.catalogue import group_of
from tests.integration.test_pages import all_pages, is_ranked, new_engine
from tests.naive_pages import (
    VARIANT_FIELD,
    Naive,
    documents_of,
    random_features,
    random_request,
    search_of,
)

DOCUMENTS = documents_of(seed=5, count=160)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = new_engine(tmp_path_factory.mktemp("merged"), DOCUMENTS)
    yield made
    made.close()


def groups(collapse: bool) -> dict[str, frozenset[str]]:
    """The ids that belong together: equal first pictures in a category, and variants."""
    found: dict[str, frozenset[str]] = {}
    first: dict[object, str] = {}
    for one in DOCUMENTS:
        visual = one.visual
        assert visual
        if is_ranked(one):
            found[one.product_id] = frozenset([one.product_id])
            keys: list[object] = [(visual.category, visual.binary_code.tobytes())]
            style = group_of(one, VARIANT_FIELD)
            keys += [style] if collapse and style else []
            for key in keys:
                joined = found[first.setdefault(key, one.product_id)] | found[one.product_id]
                found |= dict.fromkeys(joined, joined)
    return found


def expected(naive: Naive, first: int) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    collapse = naive.request.collapse
    ranked = sorted(
        ((place, one) for one in DOCUMENTS if (place := naive.place(one, first))),
        key=lambda pair: pair[0],
    )
    group = groups(collapse)
    hits = []
    for place, one in ranked:
        others = [
            (other_place, other)
            for other_place, other in ranked
            if other.product_id in group[one.product_id] and other is not one
        ]
        if any(other_place < place for other_place, _ in others):
            continue
        same_step = [other for other_place, other in others if other_place[0] == place[0]]
        hits.append((one.product_id, *_split(one, same_step, collapse)))
    return hits


def _split(
    one: IndexDocument, others: list[IndexDocument], collapse: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    style = group_of(one, VARIANT_FIELD) if collapse else None
    variants = [each for each in others if style and group_of(each, VARIANT_FIELD) == style]
    merged = [each for each in others if each not in variants]
    return tuple(each.product_id for each in variants), tuple(each.product_id for each in merged)


def told(hit: Hit) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return hit.product_id, hit.variants, hit.merged


@pytest.mark.parametrize("seed", range(6))
def test_pages_merge_as_a_naive_search_does(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    features = random_features(chance)
    request = random_request(chance, top=2, merge="near-duplicates", collapse=seed % 2 == 0)
    hits, first = all_pages(search_of(engine), features, request)
    naive = Naive(features, request)
    assert any(hit.merged for hit in hits)
    firsts = [first] if len(hits) > request.top else range(4)
    assert [told(hit) for hit in hits] in [expected(naive, one) for one in firsts]
