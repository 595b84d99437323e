"""Facts that do not fit the index: they cost themselves, are named, and never their product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy.exceptions import RequestError

from houndstooth.mappings.engine import Engine, RangeFilter, TermFilter
from houndstooth.mappings.product import Note
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.facts import LEFT_OUT, NOT_INDEXED
from tests.catalogue import document, visual
from tests.integration.engines.helpers import ALL, OWN_MAPPINGS, client, fill, found, only, the


def write(engine: Engine, *documents: IndexDocument) -> list[list[Note]]:
    """Write documents, none of which is lost, and return the notes on each."""
    outcomes = engine.write(documents)
    assert [(one.product_id, one.error) for one in outcomes] == [
        (one.product_id, None) for one in documents
    ]
    engine.refresh()
    return [[*outcome.notes] for outcome in outcomes]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"price": "cheap"}, "number for 'price'; got 'cheap'"),
        ({"price": True}, "price"),
        ({"price": ["1", "cheap"]}, "cheap"),
        ({"price_before": "more"}, "number for 'price_before'"),
        ({"price": float("nan")}, "finite"),
        ({"stock": 2**40}, "'stock' to fit 32 bits"),
        ({"views": 10**400}, "64 bits"),
        ({"views": float("inf")}, "finite"),
        ({"lining": {"colour": "red"}}, "string, number or truth value for 'lining'"),
        ({"lining": [["red"]]}, "string, number or truth value for 'lining'"),
        ({"visual": "mine"}, "reserved"),
        ({"_id": "mine"}, "reserved"),
        ({"": "mine"}, "reserved"),
        ({"a..b": "mine"}, "reserved"),
        ({"title": "\ud800"}, "UTF-8"),
        ({"\ud800": "mine"}, "reserved"),
    ],
)
def test_a_fact_that_does_not_fit_costs_itself(
    engine: Engine, bad: dict[str, Any], said: str
) -> None:
    good = {"brand": "Puma", "currency": "EUR"}
    notes = write(engine, document("1", good), document("2", good | bad), document("3", good))
    assert [len(some) for some in notes] == [0, 1, 0]
    assert notes[1][0].kind == LEFT_OUT
    assert said in notes[1][0].detail
    assert found(engine, only(TermFilter("brand", "Puma"))) == ["1", "2", "3"]
    assert {n: v for n, v in the(engine, "2").facts.items() if v is not None} == good


def test_a_value_that_does_not_fit_clears_the_one_before(engine: Engine) -> None:
    fill(engine, document("1", {"price": 1.0, "brand": "Puma"}))
    write(engine, IndexDocument("1", {"price": "cheap"}))
    assert the(engine, "1").facts == {"price": None, "brand": "Puma"}
    assert found(engine, only(RangeFilter("price", None, None))) == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2)])
def test_numbers_and_texts_of_one_field_are_all_found(
    engine: Engine, order: tuple[int, ...]
) -> None:
    sizes = [38, "M", 37.5, 41.0]
    documents = [document(str(n), {"size": sizes[n], "sale": sizes[n] == 38}) for n in order]
    assert write(engine, *documents, document("4", {"sale": "no"})) == [[]] * 5
    for n, text in enumerate(["38", "M", "37.5", "41"]):
        assert found(engine, only(TermFilter("size", text))) == [str(n)]
    assert found(engine, only(TermFilter("sale", "true"))) == ["0"]
    assert found(engine, only(TermFilter("sale", "no"))) == ["4"]
    assert dict(engine.facets(ALL, ["size"])["size"]) == {"38": 1, "M": 1, "37.5": 1, "41": 1}


def test_ranges_of_a_field_of_numbers_pass_over_its_texts(engine: Engine) -> None:
    fill(engine, document("1", {"size": 38}), document("2", {"size": "M"}))
    fill(engine, document("3", {"size": 40.5}))
    assert found(engine, only(RangeFilter("size", 38, 40))) == ["1"]
    assert found(engine, only(RangeFilter("size", 38, None))) == ["1", "3"]
    assert found(engine, only(TermFilter("size", "38.0"))) == ["1"]


def test_lists_of_texts_are_facts(engine: Engine) -> None:
    assert write(engine, document("1", {"tags": ["summer", "red"]})) == [[]]
    assert the(engine, "1").facts == {"tags": ["summer", "red"]}
    assert found(engine, only(TermFilter("tags", "red"))) == ["1"]


def test_long_texts_are_kept_and_named(engine: Engine) -> None:
    long = "w" * 40_000
    (notes,) = write(engine, document("1", {"title": long, "about": long, "url": long}))
    assert [note.kind for note in notes] == [NOT_INDEXED]
    assert notes[0].detail == (
        "expected at most 1024 characters in 'about' to filter on; got 40000"
    )
    assert the(engine, "1").facts == {"title": long, "about": long, "url": long}


def test_more_fields_than_the_index_may_have_are_counted_in_one_note(engine: Engine) -> None:
    facts = {f"c{n:04}": str(n) for n in range(1_100)}
    first, second = write(engine, document("1", facts), document("2", facts))
    assert first == second
    (third,) = write(engine, document("3", facts | {"brand": "Puma", "late": 1}))
    assert found(engine, only(TermFilter("c0000", "0"))) == ["1", "2", "3"]
    assert found(engine, only(TermFilter("brand", "Puma"))) == ["3"]
    stored = the(engine, "1").facts
    if len(stored) == len(facts):
        assert first == third == []
        return
    assert [*stored] == [*facts][: len(stored)]
    assert len(stored) > 900
    (note,) = first
    assert note.kind == LEFT_OUT
    assert f"got {len(facts) - len(stored)} more: c0" in note.detail
    assert f"got {len(facts) - len(stored) + 1} more: c0" in third[0].detail


# --- indexes of shops, which have mappings of their own ---------------------------------------


Own = dict[str, Any]


@pytest.fixture
def attached(index_url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an index with the mappings of the parameter."""
    server, _, index = index_url.rpartition("/")
    with client(server) as connection:
        try:
            connection.indices.create(index=index, body=request.param)
        except RequestError as error:
            if "mapper type" in str(error.info):
                pytest.skip(f"this node lacks a type of field: {error.info}")
            raise
    engine = open_engine(index_url)
    engine.prepare()
    yield engine
    engine.close()


def mappings(dynamic: Any = True, **types: Any) -> Own:
    properties = {
        name: {"type": one} if isinstance(one, str) else one for name, one in types.items()
    }
    return {"mappings": {"dynamic": dynamic, "properties": properties}}


@pytest.mark.parametrize("attached", [{"mappings": OWN_MAPPINGS}], indirect=True)
def test_an_index_that_takes_no_new_fields_takes_those_it_has(attached: Engine) -> None:
    facts = {"price": 5.0, "a": "x", "b": None, "c": 1, "maker": "Acme", "maker.country": "it"}
    (notes,) = write(attached, document("1", facts))
    assert [note.kind for note in notes] == [LEFT_OUT, LEFT_OUT]
    assert notes[0].detail == (
        "expected a field of single values; 'maker' is an object of the index"
    )
    assert notes[1].detail == "expected fields that the index has; got 2 more: a, c"
    assert the(attached, "1").facts["price"] == 5.0
    assert found(attached, only(TermFilter("maker.country", "it"))) == ["1"]


@pytest.mark.parametrize("attached", [mappings(dynamic=False, brand="keyword")], indirect=True)
def test_an_index_that_ignores_new_fields_keeps_them(attached: Engine) -> None:
    facts = {"brand": "Puma", "a": "x" * 40_000, "b": 1}
    (notes,) = write(attached, document("1", facts))
    assert NOT_INDEXED in {note.kind for note in notes}
    assert notes[-1].detail == "expected fields that the index has; got 2 more: a, b"
    assert the(attached, "1").facts == facts


REFUSED: list[tuple[Own, dict[str, Any], dict[str, Any]]] = [
    (mappings(size="double"), {"size": 38}, {"size": "M"}),
    (mappings(), {"size": 38}, {"size": "M"}),
    (mappings(), {"sale": True}, {"sale": "no"}),
    (mappings(sale="boolean"), {"sale": "true"}, {"sale": 1}),
    (mappings(), {"release": "2025-11-01"}, {"release": "SS26"}),
    (mappings(day="date"), {"day": "2025-11-01"}, {"day": "soon"}),
    (mappings(ip="ip"), {"ip": "10.0.0.1"}, {"ip": "here"}),
    (mappings(weight="float"), {"weight": 1.5}, {"weight": 1e300}),
    (mappings(code="keyword"), {"code": "x"}, {"code": "ü" * 20_000}),
    (
        mappings(about={"type": "text", "fields": {"raw": {"type": "keyword"}}}),
        {"about": "x"},
        {"about": "x " * 20_000},
    ),
    (
        mappings(offer="float", cost={"type": "alias", "path": "offer"}),
        {"offer": 5},
        {"cost": 5},
    ),
]


@pytest.mark.parametrize(("attached", "good", "bad"), REFUSED, indirect=["attached"])
def test_what_the_mapping_or_the_engine_refuses_costs_that_fact(
    attached: Engine, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    """In one bulk, and again when the mapping is known."""
    (name,) = bad
    for _ in range(2):
        notes = write(
            attached,
            document("1", good),
            document("2", {"brand": "Puma"} | bad),
            document("3", good),
        )
        assert [len(some) for some in notes] == [0, 1, 0]
        assert notes[1][0].kind == LEFT_OUT
        assert name in notes[1][0].detail
        assert the(attached, "2").facts.get("brand") == "Puma"
        assert the(attached, "2").facts.get(name) is None
        assert the(attached, "3").facts == good


@pytest.mark.parametrize("attached", [mappings(code="wildcard")], indirect=True)
def test_a_very_long_text_is_kept_whole_or_left_out_and_noted(attached: Engine) -> None:
    """OpenSearch 2 takes it: it keeps no doc values of such a field."""
    text = "x" * 40_000
    (notes,) = write(attached, document("1", {"brand": "Puma", "code": text}))
    facts = the(attached, "1").facts
    kinds = [note.kind for note in notes]
    assert (facts.get("code"), kinds) in ((text, []), (None, [LEFT_OUT]))
    assert facts["brand"] == "Puma"


@pytest.mark.parametrize(
    "attached", [mappings(**{f"day_{n}": "date" for n in range(9)})], indirect=True
)
def test_many_facts_that_only_the_engine_knows_to_be_wrong_never_cost_the_product(
    attached: Engine,
) -> None:
    wrong: dict[str, Any] = {f"day_{n}": "soon" for n in range(9)}
    first, second = write(attached, document("1", wrong), document("2", {"brand": "Puma"}))
    assert (len(first), second) == (5, [])
    assert "day_" in first[-1].detail
    assert found(attached) == ["1", "2"]


@pytest.mark.parametrize("attached", [mappings(day="date")], indirect=True)
def test_of_one_document_written_twice_the_last_facts_stay(attached: Engine) -> None:
    wrong = document("1", {"day": "soon", "brand": "Puma", "colour": "red"})
    notes = write(attached, wrong, IndexDocument("1", {"brand": "Nike"}), document("2"))
    assert [len(some) for some in notes] == [1, 0, 0]
    assert the(attached, "1").facts == {"day": None, "brand": "Nike", "colour": "red"}


@pytest.mark.parametrize(
    "attached",
    [
        {"settings": {"index.mapping.total_fields.limit": 60}},
        {"settings": {"index.mapping.total_fields.limit": 2000}},
        {
            "settings": {"index.mapping.total_fields.limit": 60},
            # Sub-fields that a template of another kind adds cannot be counted beforehand.
            "mappings": {
                "dynamic_templates": [
                    {
                        "every": {
                            "match": "*",
                            "mapping": {
                                "type": "keyword",
                                "fields": {
                                    "a": {"type": "text"},
                                    "b": {"type": "text"},
                                },
                            },
                        }
                    }
                ]
            },
        },
    ],
    indirect=True,
)
def test_the_limit_of_fields_is_that_of_the_index(attached: Engine) -> None:
    facts: dict[str, Any] = {f"c{n:03}": str(n) for n in range(200)}
    for _ in range(2):
        first, second = write(attached, document("1", facts), document("2", {"c000": "x"}))
        assert second == []
        assert sum(note.kind == LEFT_OUT for note in first) == len(first) < 3
    assert the(attached, "1").visual is not None
    if not first:
        assert the(attached, "1").facts == facts


def test_an_outcome_with_an_error_has_no_notes(engine: Engine) -> None:
    (outcome,) = engine.write([IndexDocument("1", {"price": "cheap"}, visual("1"), insert=False)])
    assert outcome.error and outcome.notes == ()
