"""An engine that is limited to some shop fields neither shows nor filters others."""

from __future__ import annotations

from typing import cast

import pytest

from houndstooth.mappings.engine import Engine, RankingEngine, TermFilter
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from tests.catalogue import LENGTHS, MODEL, document
from tests.integration.engines.helpers import ALL, fill, only, read_anew, rows_by_id


def limited(engine: Engine) -> Engine:
    return FieldAllowlist(engine, {"brand"})


def test_only_allowed_fields_are_shown(shop: Engine) -> None:
    for read in (limited(shop).show, limited(shop).fetch):
        assert [dict(one.facts) for one in read(["2", "1"])] == [
            {"brand": "Nike"},
            {"brand": "Puma"},
        ]


def test_one_field_of_an_object_is_allowed(own: Engine) -> None:
    fill(own, document("1", {"price": 5.0}))
    for fields, facts in (
        ({"maker.country"}, {"maker": {"country": "it"}}),
        ({"maker"}, {"maker": {"country": "it"}}),
        ({"maker.name", "price"}, {"price": 5.0}),
    ):
        engine = FieldAllowlist(own, fields)
        (shown,) = engine.show(["1"])
        assert shown.facts == facts
        query = only(TermFilter("maker.country", "it"))
        if "price" in fields:
            with pytest.raises(InvalidFilter, match=r"got 'maker\.country'"):
                engine.match(query, 9)
        else:
            assert engine.match(query, 9) == ["1"]


def test_only_allowed_fields_are_filtered(shop: Engine) -> None:
    engine = limited(shop)
    assert engine.match(only(TermFilter("brand", "Puma")), 9) == ["1"]
    assert engine.match(only(TermFilter("brand", "Puma")), 9, ["2"]) == []
    with pytest.raises(InvalidFilter, match="brand; got 'price'"):
        engine.match(only(TermFilter("price", "10")), 9)


def test_features_are_the_engines_own(shop: Engine) -> None:
    engine = limited(shop)
    assert engine.index_id() == shop.index_id()
    assert (engine.location, engine.embedded) == (shop.location, shop.embedded)
    ids = ["1", "2"]
    expected = rows_by_id(shop.features(ids, MODEL, LENGTHS, "brand"))
    assert rows_by_id(engine.features(ids, MODEL, LENGTHS, "brand")) == expected
    assert read_anew(engine).rows == read_anew(shop).rows


def test_a_window_is_limited_too(ranking: RankingEngine) -> None:
    engine = cast(RankingEngine, limited(ranking))
    assert len(engine.window(ALL, 9, LENGTHS)) == 0
    with pytest.raises(InvalidFilter, match="brand; got 'price'"):
        engine.window(only(TermFilter("price", "10")), 9, LENGTHS)
