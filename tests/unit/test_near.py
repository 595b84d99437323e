"""Near-duplicates among columns, compared with a naive loop over all pairs."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.plugin.columns import near
from houndstooth.plugin.columns.distances import MAX_SQUARED
from houndstooth.plugin.columns.near import LIMITS, grown_groups, near_rows, near_to
from houndstooth.plugin.columns.snapshot import Snapshot, merge
from tests.feature_rows import Product, rows_of

BITS, BINS = 160, 12
CATEGORIES = (("top", "shirt"), ("top", "t-shirt"), ("bottom", "jeans"))


def products(seed: int, count: int) -> list[Product]:
    """Products that look in one of a few ways, each a little different from the others."""
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    codes = noise.integers(0, 2, (6, BITS))
    colours = noise.integers(0, 256, (6, BINS))
    made = []
    for n in range(count):
        look = chance.randrange(6)
        flips = noise.random(BITS) < chance.choice([0, 0.03, 0.1])
        great, category = chance.choice(CATEGORIES)
        terms = (NO_PICTURE,) if chance.random() < 0.1 else ()
        colour = colours[look] + noise.integers(0, chance.choice([1, 10, 40]), BINS)
        made.append(
            Product(
                f"p{n}",
                term_set=(great, category, terms),
                code=np.packbits(codes[look] ^ flips).tobytes(),
                colour=np.minimum(colour, 255).astype(np.uint8).tobytes(),
                group=chance.choice([None, None, f"g{n % 9}"]),
                further=((bytes(BITS // 8), bytes(BINS)),) * (n % 3),
            )
        )
    return made


def are_near(one: Product, other: Product) -> bool:
    bits = (int.from_bytes(one.code) ^ int.from_bytes(other.code)).bit_count()
    squares = sum((a - b) ** 2 for a, b in zip(one.colour, other.colour, strict=True))
    same = one.term_set[:2] == other.term_set[:2]
    return same and bits <= LIMITS.appearance * BITS and squares <= LIMITS.colour * MAX_SQUARED


@pytest.mark.parametrize("seed", range(4))
def test_pairs_agree_with_a_naive_loop(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "SOME", 7)
    monkeypatch.setattr(near, "OTHERS", 11)
    every = products(seed, 120)
    dead = {"p3", "p50"}
    living = [one for one in every if one.product_id not in dead]
    snapshot = Snapshot.of(rows_of(every[:100])).changed(rows_of(every[100:])).without(sorted(dead))
    assert len(snapshot.parts) == 2

    asked = [one for one in living if NO_PICTURE not in one.term_set[2]]
    expected = {
        (one.product_id, other.product_id)
        for one, other in itertools.permutations(asked, 2)
        if are_near(one, other)
    }
    assert len(expected) > 100
    ids = [one.product_id for one in asked]
    assert sorted(near_to(snapshot, [*ids, "no such"])) == sorted(expected)

    segment = merge(snapshot.parts).segment
    found = {
        tuple(segment.ids(np.array(pair)))
        for a, b in near_rows(segment)
        for pair in zip(a.tolist(), b.tolist(), strict=True)
    }
    both = {pair for one in found for pair in (one, one[::-1]) if pair[0] != pair[1]}
    assert both <= expected
    assert components(both, ids) == components(expected, ids)
    monkeypatch.setattr(near, "MAX_GROWN", 1000)
    assert set(grown_groups(snapshot, ids, None).values()) == components(expected, ids)
    variants = {
        (one.product_id, other.product_id)
        for one, other in itertools.permutations(living, 2)
        if one.group and one.group == other.group
    }
    every_id = [one.product_id for one in living]
    joined = components(expected | variants, every_id)
    assert set(grown_groups(snapshot, every_id, "style").values()) == joined


def components(pairs: set[tuple[str, ...]], ids: list[str]) -> set[frozenset[str]]:
    groups = {one: frozenset([one]) for one in ids}
    for one, other in pairs:
        joined = groups[one] | groups[other]
        groups |= dict.fromkeys(joined, joined)
    return set(groups.values())
