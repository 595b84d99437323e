"""Snapshots that follow changes hold what a dict would hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houndstooth.plugin.columns import segment
from houndstooth.plugin.columns.builder import SegmentBuilder
from houndstooth.plugin.columns.segment import variant_hash
from houndstooth.plugin.columns.snapshot import Part, Snapshot, merge
from tests.feature_rows import (
    Product,
    contents,
    expected_contents,
    ids,
    products_of,
    rows_of,
    unique_products,
)

FEW = settings(max_examples=40)

batches = st.lists(
    st.tuples(
        st.lists(products_of(ids), max_size=8),
        st.lists(ids, max_size=4),
    ),
    max_size=8,
)


def apply(known: dict[str, Product], rows: list[Product], gone: list[str]) -> dict[str, Product]:
    """What is known after a batch: the last of the highest versions of each product."""
    after = {key: one for key, one in known.items() if key not in gone}
    newest: dict[str, Product] = {}
    for one in rows:
        before = newest.get(one.product_id)
        if before is None or one.version >= before.version:
            newest[one.product_id] = one
    for key, one in newest.items():
        before = known.get(key)
        after[key] = before if before and before.version >= one.version else one
    return after


@pytest.mark.parametrize("hashes", [1, 2**32])
@FEW
@given(unique_products(), batches)
def test_any_changes(
    hashes: int, first: list[Product], changes: list[tuple[list[Product], list[str]]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        real = segment.id_hash
        for module in ("segment", "builder"):  # all ids collide, or almost none
            name = f"houndstooth.plugin.columns.{module}.id_hash"
            patch.setattr(name, lambda one: real(one) % hashes)
        snapshot, known = Snapshot.of(rows_of(first)), {one.product_id: one for one in first}
        for rows, gone in changes:
            before = contents(snapshot)
            changed = snapshot.changed(rows_of(rows), gone)
            assert contents(snapshot) == before  # threads may still read it
            snapshot, known = changed, apply(known, rows, gone)
            assert contents(snapshot) == expected_contents(known.values())
        check_find(snapshot, [*known, "unknown", ""])
        check_variants(snapshot, known)
        if snapshot.parts:
            merged = Snapshot((merge(snapshot.parts),))
            assert contents(merged) == contents(snapshot)
            assert all(part.alive is None for part in merged.parts)


def check_find(snapshot: Snapshot, asked: list[str]) -> None:
    """Every product is found in one part, and unknown ones in none."""
    found = snapshot.find(asked)
    assert len(found) == len(snapshot.parts)
    for place, one in enumerate(asked):
        at = [(n, int(rows[place])) for n, rows in enumerate(found) if rows[place] >= 0]
        assert [snapshot.parts[n].segment.ids(np.array([row])) for n, row in at] == (
            [[one]] if one in contents(snapshot) else []
        )


def check_variants(snapshot: Snapshot, known: dict[str, Product]) -> None:
    for group in ("g", "é", "unknown"):
        hashes = np.array([variant_hash(group)], dtype=np.uint64)
        members = []
        for part in snapshot.parts:
            rows = part.segment.rows_of_variants(hashes)
            alive = np.isin(rows, part.rows())
            members += part.segment.ids(rows[alive])
        expected = [key for key, one in known.items() if one.group == group]
        assert sorted(members) == sorted(expected)


def test_few_segments_however_many_changes() -> None:
    snapshot = Snapshot.of(rows_of(Product(f"p{n}") for n in range(1000)))
    big = snapshot.parts[0].segment
    for n in range(200):
        snapshot = snapshot.changed(rows_of([Product(f"p{n}", version=2 + n)]), [f"p{n + 500}"])
        assert len(snapshot.parts) <= 6
    assert snapshot.parts[0].segment is big
    for n in range(1000):
        snapshot = snapshot.changed(rows_of([]), [f"p{n}"])
        assert sum(len(part.segment) for part in snapshot.parts) <= 2 * len(snapshot) + 1000
    assert len(snapshot) == 0
    assert sum(len(part.segment) for part in snapshot.parts) == 0


def test_what_is_known_makes_no_new_segment() -> None:
    products = [Product("a", version=3), Product("b", version=4)]
    snapshot = Snapshot.of(rows_of(products))
    again = snapshot.changed(rows_of(products), ["nobody"])
    assert again.parts[0].segment is snapshot.parts[0].segment
    assert (len(again.parts), again.parts[0].alive) == (1, None)


def test_an_older_version_never_replaces_a_newer_one() -> None:
    new = Product("a", version=7, code=b"new!")
    snapshot = Snapshot.of(rows_of([new, Product("b")]))
    after = snapshot.changed(rows_of([replace(new, version=6, code=b"old!")]))
    assert contents(after) == contents(snapshot)


def test_an_empty_start() -> None:
    product = Product("a")
    for start in (Snapshot(), Snapshot.of(rows_of([]))):
        assert contents(start) == {}
        assert contents(start.changed(rows_of([]), ["a"])) == {}
        assert contents(start.changed(rows_of([product]), ["a"])) == expected_contents([product])


@pytest.mark.parametrize("odd", [{"code": b"12345678_"}, {"colour": b"1"}, {"code": b"123"}])
def test_a_builder_takes_rows_of_one_length(odd: dict[str, bytes]) -> None:
    builder = SegmentBuilder()
    builder.add(rows_of([Product("a"), Product("b")]))
    with pytest.raises(ValueError, match="expected rows of"):
        builder.add(rows_of([Product("c", **odd)]))  # type: ignore[arg-type]


@FEW
@given(st.lists(st.lists(products_of(ids), max_size=8), max_size=6))
def test_a_builder_keeps_the_newest(batches: list[list[Product]]) -> None:
    builder, known = SegmentBuilder(), dict[str, Product]()
    for rows in batches:
        builder.add(rows_of(rows))
        for one in rows:
            before = known.get(one.product_id)
            known[one.product_id] = before if before and before.version > one.version else one
    built = Snapshot((Part(builder.segment()),))
    assert contents(built) == expected_contents(known.values())


def test_term_sets_without_a_product_are_left_behind() -> None:
    worn = [Product(f"{n}", term_set=("top", "t-shirt", (f"colour:{n}",))) for n in range(4)]
    part = Snapshot.of(rows_of(worn)).without(["0", "1", "2"]).parts[0]
    assert merge([part]).segment.term_sets.unpack() == [worn[3].term_set]
    builder = SegmentBuilder()
    builder.add(rows_of([worn[0], replace(worn[0], version=2, term_set=worn[1].term_set)]))
    assert builder.segment().term_sets.unpack() == [worn[1].term_set]
