"""One picture under many unlike products: found in every engine, and left out of searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from houndstooth.ingest.placeholders import set_placeholders_aside, set_some_aside
from houndstooth.mappings.document import NO_PICTURE, PICTURES
from houndstooth.mappings.engine import CandidateQuery, Engine, TermFilter
from tests.catalogue import LENGTHS, MODEL, document

TITLES = ("Red Shirt", "Blue Jeans", "Leather Boots", "Silk Scarf", "Straw Hat", "Gold Ring")
NONE, REAL, CHART = "a" * 16, "b" * 16, "c" * 16


def fill(engine: Engine, prefix: str, pictures: tuple[str, ...], count: int = len(TITLES)) -> None:
    """Write unlike products that have the same pictures; ``-`` stands for one of its own."""
    documents = []
    for n, title in enumerate(TITLES[:count]):
        product_id = f"{prefix}{n}"
        made = document(product_id, {"title": title}, seed=n, views=len(pictures))
        assert made.visual is not None
        own = tuple(product_id if one == "-" else one for one in pictures)
        documents.append(replace(made, visual=replace(made.visual, pictures=own)))
    assert all(outcome.error is None for outcome in engine.write(documents))


def searched(engine: Engine) -> set[str]:
    engine.refresh()
    return set(engine.match(CandidateQuery(MODEL, excluded=(NO_PICTURE,)), 1000))


def test_a_placeholder_is_found_and_left_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, "none", (NONE,))
    fill(engine, "few", (REAL,), count=4)
    fill(engine, "two", ("-", CHART))
    fill(engine, "late", (CHART, "-"), count=3)
    found = set_placeholders_aside(engine, MODEL, 5, "group")
    assert {(one.picture, one.products) for one in found} == {(NONE, 6), (CHART, 9)}
    assert found[1].examples == ("none0", "none1", "none2")
    none = {f"none{n}" for n in range(6)}
    assert none.isdisjoint(searched(engine))
    assert len(searched(engine)) == 4 + 6 + 3
    marked = CandidateQuery(MODEL, required=(NO_PICTURE,))
    assert set(engine.match(marked, 100)) == none
    assert engine.count(CandidateQuery(MODEL)) == 19

    stored = {one.product_id: one.visual for one in engine.fetch(["none0", "two0", "late0"])}
    alone, two, late = (stored[key] for key in ("none0", "two0", "late0"))
    assert alone and two and late
    assert (alone.category, alone.attributes) == ("t-shirt", (NO_PICTURE,))
    assert [view.place for view in two.views] == [1]
    assert two.attributes == ("colour:red",)
    assert [view.place for view in late.views] == [2]
    assert late.attributes == ()
    assert late.pictures == ("late0", f"+{CHART}", "+")
    rows = engine.features(["two0", "late0"], MODEL, LENGTHS, None)
    assert rows.view_counts is None or list(rows.view_counts) == [1, 1]

    reads: list[Sequence[str]] = []
    fetch = engine.fetch
    monkeypatch.setattr(engine, "fetch", lambda ids: reads.append(ids) or fetch(ids))
    assert set_placeholders_aside(engine, MODEL, 5, "group") == found
    assert reads == [], "nothing is left to do"
    fill(engine, "new", (NONE,), count=1)
    set_placeholders_aside(engine, MODEL, 5, "group")
    assert "new0" not in searched(engine)


def test_a_picture_of_its_own_is_searched_again(engine: Engine) -> None:
    fill(engine, "p", (NONE,))
    set_placeholders_aside(engine, MODEL, 5, "group")
    fill(engine, "p", ("-",), count=1)
    assert searched(engine) == {"p0"}
    of_picture = CandidateQuery(MODEL, filters=(TermFilter(PICTURES, f"+{NONE}"),))
    assert engine.count(of_picture) == 5
    engine.delete(["p1"])
    engine.refresh()
    assert engine.count(of_picture) == 4
    [left] = set_placeholders_aside(engine, MODEL, 5, "group")
    assert (left.picture, left.products) == (NONE, 4)
    fill(engine, "late", (NONE,), count=1)
    set_placeholders_aside(engine, MODEL, 5, "group")
    assert searched(engine) == {"p0"}


def is_recognised_again(engine: Engine, *ids: str) -> list[bool]:
    """Tell of which products the next feed makes the features anew."""
    states = engine.stored(ids)
    return [(found := states[key].features) is not None and not found.source_hash for key in ids]


@pytest.mark.parametrize("at_least", [0, 13, 5])
def test_what_is_no_placeholder_any_more_is_given_back(engine: Engine, at_least: int) -> None:
    fill(engine, "p", (NONE,))
    fill(engine, "two", ("-", CHART))
    set_placeholders_aside(engine, MODEL, 5, "group")
    if at_least == 5:  # the shop has given four of them pictures
        fill(engine, "p", ("-",), count=4)
    kept = is_recognised_again(engine, "p4", "two0")
    found = set_placeholders_aside(engine, MODEL, at_least, "group")
    assert kept == [False, False]
    assert is_recognised_again(engine, "p4", "two0") == [True, at_least != 5]
    assert [one.picture for one in found] == ([CHART] if at_least == 5 else [])
    fill(engine, "p", (NONE,), count=4)
    set_placeholders_aside(engine, MODEL, at_least, "group")
    assert is_recognised_again(engine, "p2", "p5") == [False, True]


def test_the_sizes_of_a_product_do_not_hide_a_placeholder(engine: Engine) -> None:
    documents = []
    for n in range(20 * 13):
        facts = {"title": f"{chr(97 + n // 13) * 3} {n % 13}", "group": f"g{n // 13:02}"}
        made = document(f"s{n:03}", facts, seed=n)
        assert made.visual is not None
        documents.append(replace(made, visual=replace(made.visual, pictures=(NONE,))))
    engine.write(documents)
    [found] = set_placeholders_aside(engine, MODEL, 5, "group")
    assert (found.products, searched(engine)) == (260, set())


def test_what_is_left_is_done_in_parts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("houndstooth.ingest.placeholders.PART", 4)
    fill(engine, "p", (NONE,))
    parts = [set_some_aside(engine, MODEL, 5, "group") for _ in range(3)]
    assert [one and len(one) for one in parts] == [None, 1, 1]
    assert searched(engine) == set()
