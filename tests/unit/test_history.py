"""The judge of the benchmarks: what it calls right, wrong and stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale.history import Answered, Asked, History, Judge, State
from tests.benchmarks.scale.server import NoExtractor
from tests.benchmarks.scale.traffic import ask
from tests.catalogue import LENGTHS, MODEL, document, visual

ASKED = Asked(SearchRequest(), stored_features(visual("", seed=1)))
CHANGED = 100.0
"""When product 1 was changed and refreshed."""


@pytest.fixture
def answers(tmp_path: Path) -> dict[str, Answered]:
    """The answers before and after a change of product 1, of three products."""
    engine = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    engine.prepare()
    taxonomy = Taxonomy.load()
    search = VisualSearch(NoExtractor(MODEL, LENGTHS), engine, taxonomy, Settings(columns=None))  # type: ignore[arg-type]
    engine.write([document(str(n), {"revision": 0}, seed=n) for n in range(3)])
    before = ask(search, ASKED)
    engine.write([document("1", {"revision": 1}, seed=9)])
    after = ask(search, ASKED)
    engine.close()
    return {"before": before, "after": after}


@pytest.fixture
def judge() -> Judge:
    history = History(Taxonomy.load(), MODEL)
    for n in range(3):
        one = document(str(n), {"revision": 0}, seed=n)
        history.add(State(one.product_id, one.facts, one.visual, 0.0, 0.0, 0.0))
    one = document("1", {"revision": 1}, seed=9)
    history.add(State("1", one.facts, one.visual, CHANGED - 0.2, CHANGED - 0.1, CHANGED))
    return Judge(history)


@pytest.mark.parametrize(
    ("which", "began", "verdict"),
    [
        ("before", CHANGED - 50, "right"),
        ("before", CHANGED - 0.1, "right"),
        ("before", CHANGED + 0.1, "stale"),
        ("before", CHANGED + 50, "stale"),
        ("after", CHANGED - 50, "wrong"),
        ("after", CHANGED - 0.1, "right"),
        ("after", CHANGED + 0.1, "right"),
        ("after", CHANGED + 50, "right"),
    ],
)
def test_a_state_is_right_while_it_is_visible(
    judge: Judge, answers: dict[str, Answered], which: str, began: float, verdict: str
) -> None:
    answered = Answered(ASKED, began, began + 0.01, answers[which].answer)
    assert judge.verdict(answered)[0] == verdict


@pytest.mark.parametrize(("began", "verdict"), [(1.5, "right"), (50, "wrong")])
def test_a_missing_hit_is_wrong_unless_it_has_just_changed(
    judge: Judge, answers: dict[str, Answered], began: float, verdict: str
) -> None:
    answer = answers["after"].answer
    assert answer is not None
    hits = tuple(hit for hit in answer.hits if hit.product_id != "1")
    object.__setattr__(answer, "hits", hits)
    answered = Answered(ASKED, CHANGED + began, CHANGED + began, answer)
    assert judge.verdict(answered)[0] == verdict


def test_hits_in_another_order_and_errors(judge: Judge, answers: dict[str, Answered]) -> None:
    answer = answers["after"].answer
    assert answer is not None
    object.__setattr__(answer, "hits", answer.hits[::-1])
    assert judge.verdict(Answered(ASKED, 200, 200, answer))[0] == "wrong"
    failed = Answered(ASKED, 200, 200, error=EngineUnavailable("away"))
    assert judge.verdict(failed)[0] == "failed"
