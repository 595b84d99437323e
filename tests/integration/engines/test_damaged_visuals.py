"""Documents whose ``visual`` something else wrote over: they cost no other, and are mended."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from opensearchpy.exceptions import RequestError

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import ProductNotFound
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.answer import answer_json, product_json
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.config import Settings
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale.server import NoExtractor
from tests.catalogue import LENGTHS, MODEL, document, visual
from tests.damaged_visuals import damaged
from tests.integration.engines.helpers import (
    client,
    fill,
    read_anew,
    rows_by_id,
    source_hashes,
    the,
)

TAXONOMY = Taxonomy.load()
OTHERS = [str(n) for n in range(6) if n != 2]
SOME = settings(max_examples=15, suppress_health_check=list(HealthCheck))


def overwrite(url: str, key: str, stored: Any) -> bool:
    """Write over ``visual`` behind the engine's back; return whether that is possible."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            file.execute("UPDATE product SET visual = ? WHERE id = ?", (json.dumps(stored), key))
            code = stored.get("binary_code") if isinstance(stored, dict) else None
            if isinstance(code, str):
                size = len(code.encode())
                sql = "UPDATE candidate SET binary_code = zeroblob(?) WHERE id = ?"
                file.execute(sql, (size, key))
        file.close()
        return True
    server, _, rest = url.rpartition("/")
    index, _, option = rest.partition("?")
    with client(server) as connection:
        source = connection.get(index=index, id=key)["_source"]
        name = option.partition("=")[2] or "visual"
        try:
            connection.index(index=index, id=key, body=source | {name: stored}, refresh=True)
        except RequestError:
            return False
    return True


def opened_search(engine: Engine) -> VisualSearch:
    return VisualSearch(NoExtractor(MODEL, LENGTHS), engine, TAXONOMY, Settings(columns=None))  # type: ignore[arg-type]


def check_searches(engine: Engine) -> None:
    """Searches find all sound products, and whatever is asked is answered."""
    service = opened_search(engine)
    request = SearchRequest(top=24)
    for answer in (
        service.search_features(stored_features(visual("", seed=1)), request),
        service.similar("1", request),
    ):
        found = {hit.product_id for hit in answer.hits}
        assert found | {"1"} >= set(OTHERS)
        json.dumps(answer_json(answer))
    with suppress(ProductNotFound):
        json.dumps(answer_json(service.similar("2", request)))
    service.close()


@given(stored=damaged())
@SOME
def test_it_costs_no_other_and_is_written_anew(
    engine: Engine, engine_url: str, stored: Any
) -> None:
    fill(engine, *(document(str(n), seed=n) for n in range(6)))
    assume(overwrite(engine_url, "2", stored))
    keys = [str(n) for n in range(6)]
    assert [one.product_id for one in engine.fetch(keys)] == keys
    for one in engine.fetch(keys):
        json.dumps(product_json(one))
    shown = [one.product_id for one in engine.show(keys)]
    assert [key for key in shown if key != "2"] == OTHERS
    terms = {key: one.terms for key, one in engine.facts(keys, [], ["t-shirt"]).items()}
    assert all(terms[key] == {"t-shirt"} for key in OTHERS) and terms.keys() == set(keys)
    assert set(OTHERS) <= rows_by_id(engine.features(keys, MODEL, LENGTHS, None)).keys()
    assert set(OTHERS) <= read_anew(engine).rows.keys()
    check_searches(engine)
    known = source_hashes(engine, keys, MODEL)
    assert set(OTHERS) <= known.keys()
    sound = the(engine, "2").visual
    if sound is None or sound.lengths != LENGTHS:
        assert "2" not in known
        fill(engine, document("2", seed=2))
        mended = the(engine, "2").visual
        assert mended is not None and mended.to_json() == visual("2", seed=2).to_json()
        assert "2" in rows_by_id(engine.features(keys, MODEL, LENGTHS, None))
        assert "2" in source_hashes(engine, keys, MODEL)


@pytest.mark.parametrize("damaged_ones", [5, 1])
def test_a_majority_of_another_length_costs_nobody(
    engine: Engine, engine_url: str, damaged_ones: int
) -> None:
    fill(engine, *(document(str(n), seed=n) for n in range(6)))
    longer = visual("x", seed=9).to_json() | {"binary_code": "A" * 40}
    for key in [str(n) for n in (2, 0, 3, 4, 5)][:damaged_ones]:
        assert overwrite(engine_url, key, longer | {"product_id": key})
    sound = [str(n) for n in range(6) if n not in (2, 0, 3, 4, 5)[:damaged_ones]]
    rows = engine.features([str(n) for n in range(6)], MODEL, LENGTHS, None)
    assert sorted(rows.product_ids) == sound
    service = opened_search(engine)
    answer = service.search_features(stored_features(visual("", seed=1)), SearchRequest(top=24))
    assert sorted(hit.product_id for hit in answer.hits) == sound
    with pytest.raises(ProductNotFound, match="no indexed image"):
        service.similar("2", SearchRequest())
    service.close()
