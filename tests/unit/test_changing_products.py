"""Products that change while a query runs, in an engine that changes them at a chosen moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count, repeat
from pathlib import Path
from types import SimpleNamespace

import pytest

from houndstooth.mappings.engine import Engine, RangeFilter
from houndstooth.mappings.read_products import ShownProduct
from houndstooth.mappings.rows import FeatureRows, Lengths
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.columns.store import Columns
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines.sqlite import SQLiteEngine
from houndstooth.plugin.merchandising.reading import read_rules
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale.server import NoExtractor
from tests.catalogue import LENGTHS, MODEL, document, visual

TAXONOMY = Taxonomy.load()


class ChangingEngine(SQLiteEngine):
    """Calls functions one after the other, before hits or features are read by id."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.meanwhile: Iterator[Callable[[], object]] = iter(())

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        next(self.meanwhile, lambda: None)()
        return super().show(product_ids)

    def features(
        self, product_ids: Sequence[str], model: str, lengths: Lengths, variant_field: str | None
    ) -> FeatureRows:
        next(self.meanwhile, lambda: None)()
        return super().features(product_ids, model, lengths, variant_field)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ChangingEngine]:
    opened = ChangingEngine(tmp_path / "catalogue.db")
    opened.prepare()
    yield opened
    opened.close()


def open_search(engine: Engine) -> VisualSearch:
    return VisualSearch(NoExtractor(MODEL, LENGTHS), engine, TAXONOMY, Settings(columns=None))  # type: ignore[arg-type]


def search(service: VisualSearch, request: SearchRequest) -> SearchAnswer:
    return service.search_features(stored_features(visual("", seed=1)), request)


def ids(answer: SearchAnswer) -> list[str]:
    return [hit.product_id for hit in answer.hits]


def test_a_changed_hit_passes_the_filters_as_it_is_now(engine: ChangingEngine) -> None:
    engine.write([document(str(n), {"price": 5.0}, seed=1) for n in range(4)])
    engine.write([document(f"dear-{n}", {"price": 50.0}, seed=1) for n in range(4)])
    cheap = SearchRequest(filters=(RangeFilter("price", None, 9.0),), top=3)
    engine.meanwhile = iter([lambda: engine.write([IndexDocument("1", {"price": 70.0})])])
    assert ids(search(open_search(engine), cheap)) == ["0", "2", "3"]
    one = SearchRequest(filters=(RangeFilter("price", None, 9.0),), top=1)
    engine.meanwhile = iter([lambda: engine.write([IndexDocument("0", {"price": 70.0})])])
    assert ids(search(open_search(engine), one)) == ["2"]


@pytest.mark.parametrize("filters", [(), (RangeFilter("price", None, 9.0),)])
def test_hundreds_of_deleted_products_leave_a_full_page(
    engine: ChangingEngine, filters: tuple[RangeFilter, ...]
) -> None:
    engine.write([document(f"a{n:03}", {"price": 5.0}, seed=1) for n in range(600)])
    engine.write([document(f"b{n:03}", {"price": 5.0}, seed=2) for n in range(50)])
    engine.meanwhile = iter([lambda: engine.delete([f"a{n:03}" for n in range(600)])])
    answer = search(open_search(engine), SearchRequest(filters=filters, top=24))
    assert ids(answer) == [f"b{n:03}" for n in range(24)]


def test_hundreds_of_products_with_new_features_leave_a_full_page(engine: ChangingEngine) -> None:
    engine.write([document(f"a{n:03}", seed=1) for n in range(600)])
    engine.write([document(f"b{n:03}", seed=2) for n in range(50)])
    engine.meanwhile = iter(
        [lambda: engine.write([document(f"a{n:03}", category="boots") for n in range(600)])]
    )
    answer = search(open_search(engine), SearchRequest(top=24))
    assert ids(answer) == [f"b{n:03}" for n in range(24)]


def test_what_a_page_has_read_does_not_undo_later_changes(engine: ChangingEngine) -> None:
    engine.write([document("1", seed=1)])
    columns = Columns(engine, MODEL, LENGTHS, "group", None)
    before = columns.snapshot()
    assert before is not None
    read = engine.features(["1"], MODEL, LENGTHS, "group")
    engine.write([document("1", seed=2), document("2", seed=3)])
    known = columns.snapshot()
    columns.apply(before, before.changed(read, ["2"]))
    assert columns.snapshot() is known
    assert known is not None
    columns.apply(known, before)
    assert columns.snapshot() is before


def test_products_that_change_all_the_time_are_left_out(engine: ChangingEngine) -> None:
    engine.write([document("1", seed=1), document("2", seed=1)])
    prices = count(1.0)
    engine.meanwhile = repeat(lambda: engine.write([IndexDocument("1", {"price": next(prices)})]))
    assert ids(search(open_search(engine), SearchRequest(top=1))) == ["2"]


def test_a_search_without_collapse_keeps_the_variants_of_the_next(engine: ChangingEngine) -> None:
    engine.write([document(str(n), {"group": "g"}, seed=1) for n in range(3)])
    service = open_search(engine)
    engine.meanwhile = iter([lambda: engine.write([document("1", {"group": "g"}, seed=1)])])
    assert ids(search(service, SearchRequest(collapse=False))) == ["0", "1", "2"]
    (hit,) = search(service, SearchRequest()).hits
    assert (hit.product_id, hit.variants) == ("0", ("1", "2"))


def test_a_pin_that_changes_meanwhile_stays_pinned(engine: ChangingEngine) -> None:
    """Only the page is read whole, and a change of what is on it is noticed."""
    engine.write([document(f"{n:03}", {"price": 5.0}, seed=1 + n % 2) for n in range(90)])
    rules = read_rules(
        {
            "rules": [
                {"name": "pin", "action": "pin", "match": {"ids": ["081", "080", "082"]}},
                {"name": "bury", "action": "bury", "match": {"filter": "price=9"}},
            ]
        },
        TAXONOMY,
    )
    service = open_search(engine)
    service.rules = SimpleNamespace(applying=lambda *_: rules)  # type: ignore[assignment]

    def change() -> None:
        engine.write([document(one, {"price": 9.0}, seed=1) for one in ("000", "081")])
        engine.delete(["082"])

    engine.meanwhile = iter([lambda: None, change])  # as the pins are ranked, and shown
    answer = search(service, SearchRequest(top=5))
    assert ids(answer) == ["081", "080", "002", "004", "006"]
    assert [len(hit.why) for hit in answer.hits] == [2, 1, 0, 0, 0]
    assert answer.hits[0].product["price"] == 9.0
