"""Several views of a product, in every engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from houndstooth.mappings.engine import Engine, RankingEngine
from houndstooth.mappings.features import Box
from houndstooth.mappings.worn_item import WornItem
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from tests.catalogue import LENGTHS, MODEL, document, visual
from tests.integration.engines.helpers import (
    ALL,
    client,
    expected_row,
    fill,
    read_anew,
    rows_by_id,
    same,
    the,
)


def opened(url: str) -> Iterator[Engine]:
    with closing(open_engine(url)) as engine:
        engine.prepare()
        yield engine


@pytest.fixture
def opensearch(index_url: str) -> Iterator[Engine]:
    yield from opened(index_url)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    yield from opened(f"sqlite:///{tmp_path}/catalogue.db")


ONE, TWO, THREE = (document(str(n), views=n, seed=n) for n in (1, 2, 3))


def rows(engine: Engine) -> dict[str, tuple[Any, ...]]:
    found = rows_by_id(engine.features(["1", "2", "3"], MODEL, LENGTHS, None))
    assert found == read_anew(engine).rows
    return {key: row[1:] for key, row in found.items()}


def expected(*documents: IndexDocument) -> dict[str, tuple[Any, ...]]:
    return {one.product_id: expected_row(one, None) for one in documents}


def test_views_are_read_as_they_were_written(engine: Engine) -> None:
    fill(engine, ONE, TWO, THREE)
    assert rows(engine) == expected(ONE, TWO, THREE)
    assert same(the(engine, "3").visual, visual("3", views=3, seed=3))
    [shown] = engine.show(["3"])
    assert [view.place for view in shown.visual.views] == [1, 2, 4]


def test_what_a_product_is_worn_with_is_read_as_it_was_written(engine: Engine) -> None:
    worn = WornItem("jeans", ("colour:blue",), 2, Box(0.1, 0.2, 0.3, 0.4), b"code", b"colours")
    fill(engine, IndexDocument("1", {}, replace(visual("1"), worn=(worn, worn))))
    assert the(engine, "1").visual.worn == engine.show(["1"])[0].visual.worn == (worn, worn)
    fill(engine, ONE)
    assert engine.show(["1"])[0].visual.worn == ()


def test_a_window_has_all_views(opensearch: Engine) -> None:
    fill(opensearch, ONE, TWO, THREE)
    window = rows_by_id(cast(RankingEngine, opensearch).window(ALL, 10, LENGTHS))
    assert {key: row[1:] for key, row in window.items()} == expected(ONE, TWO, THREE)


def test_views_that_are_no_more_are_gone(engine: Engine) -> None:
    fill(engine, THREE)
    copy = read_anew(engine)
    fewer = document("3", seed=9)
    fill(engine, fewer)
    copy.follow()
    assert rows(engine) == {key: row[1:] for key, row in copy.rows.items()} == expected(fewer)
    assert [view.place for view in engine.show(["3"])[0].visual.views] == [1]


def test_a_change_of_facts_leaves_the_views(engine: Engine) -> None:
    fill(engine, THREE)
    fill(engine, IndexDocument("3", {"price": 5.0}))
    assert rows(engine) == expected(THREE)


def test_equal_views_are_all_kept(engine: Engine) -> None:
    """OpenSearch drops equal doc values and sorts the rest, so they are written as one."""
    made = visual("1", views=3)
    codes, colours = (made.further_codes[1],) * 2, (made.further_colours[1],) * 2
    twice = replace(made, further_codes=codes, further_colours=colours)
    fill(engine, IndexDocument("1", {}, twice))
    assert rows(engine) == expected(IndexDocument("1", {}, twice))


@pytest.mark.parametrize("codes", ["AAAA", None])
def test_damaged_views_cost_the_views_alone(
    opensearch: Engine, index_url: str, codes: str | None
) -> None:
    fill(opensearch, TWO, THREE)
    server, _, index = index_url.rpartition("/")
    with client(server) as direct:
        doc = {"visual": {"view_codes": codes}}
        direct.update(index=index, id="3", body={"doc": doc}, refresh=True)
    assert rows(opensearch) == expected(TWO, document("3", seed=3))
    assert the(opensearch, "3").visual is not None


def test_an_index_that_does_not_know_views_yet(index_url: str) -> None:
    """It is searched as it is; ``prepare`` adds the fields."""
    server, _, index = index_url.rpartition("/")
    with closing(open_engine(index_url)) as engine, client(server) as direct:
        engine.prepare()
        mapping = direct.indices.get_mapping(index=index)[index]["mappings"]
        fields = mapping["properties"]["visual"]["properties"]
        for name in ("views", "view_boxes", "view_codes", "view_colours"):
            del fields[name]
        direct.indices.delete(index=index)
        direct.indices.create(index=index, body={"mappings": mapping})
        stored = visual("1", seed=1).to_json()
        old = {name: value for name, value in stored.items() if name in fields}
        direct.index(index=index, id="1", body={"visual": old}, refresh=True)
    with closing(open_engine(index_url)) as engine:
        assert rows(engine) == expected(ONE)
        assert "views" in str(engine.write([TWO])[0].error)
        engine.prepare()
        fill(engine, TWO)
        assert rows(engine) == expected(ONE, TWO)


def test_damaged_views_in_a_file_cost_the_views_alone(sqlite: Engine) -> None:
    fill(sqlite, TWO, THREE)
    with closing(sqlite3.connect(sqlite.location)) as db:
        db.execute("UPDATE candidate SET view_colours = x'00' WHERE id = '3'")
        db.commit()
    assert rows(sqlite) == expected(TWO, document("3", seed=3))
