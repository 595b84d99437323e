"""Metrics of a ranking by hand, standard errors and distances by scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import sem

from houndstooth.models.training.retrieval.benchmark import Benchmark, Picture, Query, Task
from houndstooth.models.training.retrieval.metrics import (
    estimate,
    n_s_score,
    recall_at,
    trapezoid_average_precision,
)
from houndstooth.models.training.retrieval.ranking import Form, score_task


def ranking(text: str) -> np.ndarray:
    """``+`` is right."""
    return np.array([letter == "+" for letter in text])


@pytest.mark.parametrize(
    ("right", "k", "expected"),
    [("+---", 1, 1), ("-+--", 1, 0), ("-+-+", 2, 1), ("---+", 3, 0), ("-+", 20, 1)],
)
def test_recall(right: str, k: int, expected: float) -> None:
    assert recall_at(k)(ranking(right)) == expected


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("++--", 1),
        ("-+--", (0 / 1 + 1 / 2) / 2),
        ("-++-", ((0 / 1 + 1 / 2) / 2 + (1 / 2 + 2 / 3) / 2) / 2),
        ("+--+", (1 + (1 / 3 + 2 / 4) / 2) / 2),
    ],
)
def test_holidays_average_precision_is_the_area_by_trapezoids(right: str, expected: float) -> None:
    assert trapezoid_average_precision(ranking(right)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "expected"), [("++++", 4), ("+-+-++", 2), ("+----+++", 1), ("+++", 3)]
)
def test_n_s_score_counts_the_first_four(right: str, expected: float) -> None:
    assert n_s_score(ranking(right)) == expected


def test_the_standard_error_of_single_queries_is_that_of_a_mean() -> None:
    scores = np.random.default_rng(1).random(40)
    found = estimate(scores, [str(number) for number in range(40)])
    assert found.value == pytest.approx(scores.mean())
    assert found.error == pytest.approx(sem(scores))


def test_queries_of_one_cluster_count_as_one() -> None:
    scores = np.random.default_rng(2).random(12)
    names = [str(number) for number in range(12)]
    assert estimate(np.repeat(scores, 5), np.repeat(names, 5).tolist()).error == pytest.approx(
        sem(scores)
    )
    by_hand = np.sqrt(2 / 1 * ((1 + 0 - 1) ** 2 + (0.5 - 0.5) ** 2)) / 3
    assert estimate(np.array([1, 0, 0.5]), ["a", "a", "b"]).error == pytest.approx(by_hand)
    assert estimate(np.array([1.0, 0.0]), ["a", "a"]).error is None


def scored(
    embeddings: np.ndarray,
    query: Query,
    labels: str,
    *,
    form: Form = "float",
    broken: dict[int, str] | None = None,
    **options: bool,
) -> tuple[float, int]:
    """The rank of the first right one, of one query whose gallery are the places from 0."""
    pictures = [Picture(str(place), Path(str(place))) for place in range(len(embeddings))]
    task = Task("", [query], range(len(labels)), list(labels))
    metrics = {"rank": lambda right: float(np.flatnonzero(right)[0])}
    benchmark = Benchmark("x", pictures, [task], metrics, **options)
    thresholds = np.zeros(embeddings.shape[1], dtype=np.float32)
    found = score_task(
        benchmark, task, embeddings.astype(np.float32), broken or {}, form, thresholds
    )
    return float(found.values["rank"][0]), found.without_right


@pytest.mark.parametrize(("form", "metric"), [("float", "cosine"), ("code", "hamming")])
def test_galleries_are_ranked_as_scipy_ranks_them(form: Form, metric: str) -> None:
    rows = np.random.default_rng(3).normal(size=(30, 70))
    rows[29] = rows[4] + 0.7 * rows[29]
    seen = rows > 0 if form == "code" else rows
    distances = cdist(seen[29:], seen[:29], metric)[0]
    labels = "".join(chr(97 + place) if place < 26 else str(place - 26) for place in range(29))
    for place in (4, 11, 20):
        nearer = int((distances < distances[place]).sum())
        level = int((distances == distances[place]).sum())
        found, _ = scored(rows, Query(29, frozenset(labels[place]), "q"), labels, form=form)
        assert nearer <= found < nearer + level


LINE = np.array([[1, 0], [1, 0.1], [1, 0.2], [1, 0.3], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "right", "options", "expected"),
    [
        ("abcd", "d", {}, (3, 0)),
        ("aabd", "d", {"by_item": True}, (2, 0)),
        ("abcd", "d", {"broken": {1: "", 2: ""}}, (1, 0)),
        ("abcda", "b", {"skips_query": True}, (1, 0)),
        ("abcda", "a", {"skips_query": True}, (0, 0)),
    ],
)
def test_what_is_left_out_of_a_ranking(
    labels: str, right: str, options: dict, expected: tuple[float, int]
) -> None:
    assert scored(LINE, Query(4, frozenset(right), "q"), labels, **options) == expected


def test_a_query_without_a_right_picture_is_counted_and_left_out() -> None:
    for query, broken in ((Query(4, frozenset("z"), "q"), {}), (Query(4, frozenset("d"), "q"), 3)):
        value, without = scored(LINE, query, "abcd", broken={3: ""} if broken else {})
        assert np.isnan(value) and without == 1
    for form in ("code", "float"):
        asked, everything = Query(4, frozenset("a"), "q"), dict.fromkeys(range(4), "")
        value, without = scored(LINE, asked, "abcd", form=form, broken=everything)
        assert np.isnan(value) and without == 1
    value, without = scored(LINE, Query(4, frozenset("a"), "q"), "abcd", broken={4: ""})
    assert np.isnan(value) and without == 0


def test_pictures_at_one_distance_are_in_no_order_of_labels() -> None:
    """All codes are equal; the mean rank of the right one is then the middle."""
    rows = np.ones((101, 8))
    ranks = [
        scored(rows, Query(100, frozenset(label), "q"), labels, form="code")[0]
        for labels in ["".join(chr(1000 + place) for place in range(100))]
        for label in labels
    ]
    assert sorted(ranks) == list(range(100)) and ranks != sorted(ranks)


def test_a_word_is_replaced_by_means_of_pictures() -> None:
    """The query is (1, 0); less (1, 0) plus (0, 1) it is (0, 1)."""
    rows = np.array([[1, 0], [0, 1], [1, 0.01], [1, 0], [0, 1], [0, 9]])
    asked = Query(2, frozenset("b"), "q", less=(3,), more=(4, 5))
    assert scored(rows, asked, "ab", broken={5: ""}) == (0, 0)
    assert scored(rows, asked, "ab", broken={3: ""}) == (1, 0)
