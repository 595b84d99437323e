"""The multi-label objective: masks, weights of images and groups, embeddings of labels."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.heads_recogniser import head_probabilities
from houndstooth.models.training.calibrate import fit_temperatures
from houndstooth.models.training.cross_fit import probabilities
from houndstooth.models.training.label_embeddings import factorise, log_cooccurrence
from houndstooth.models.training.multi_label_objective import (
    MultiLabelObjective,
    label_weights,
    proportions,
)
from houndstooth.models.training.objective import Batch
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import ABSENT, UNKNOWN, Vocabulary

TAXONOMY = Taxonomy.load()
VOCABULARY = Vocabulary({
    "great_category": ("g", "h"),
    "category": ("a", "b", "c"),
    "colour": ("colour:x", "colour:y"),
    "pattern": ("pattern:x", "pattern:y", "pattern:z"),
})  # fmt: skip
SLICES = VOCABULARY.slices()
LABELS = np.array([[0, 1, 0, 2], [1, 2, UNKNOWN, ABSENT], [0, 0, 1, UNKNOWN]])
HOT = np.array([
    [1, 0, 0, 1, 0, 1, 1, 0, 0, 1],
    [0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
    [1, 0, 1, 0, 0, 0, 1, 0, 0, 0],
], dtype=np.uint8)  # fmt: skip
HOTS = st.integers(0, 1000).map(
    lambda seed: np.random.default_rng(seed).random((40, 6)) < [0.9, 0.5, 0.2, 0.1, 0.04, 0.3]
)


def objective(**options: Any) -> MultiLabelObjective:
    return MultiLabelObjective(VOCABULARY, TAXONOMY, Recipe("t", 1), **options)


def gradient(of: MultiLabelObjective, guided: list[bool] | None = None) -> torch.Tensor:
    """The gradient of the loss, where every probability is a half."""
    logits = torch.zeros(3, 10, requires_grad=True)
    nothing, hot = torch.zeros(3, 1), torch.from_numpy(HOT).float()
    given_ = torch.tensor(guided or [False] * 3)
    batch = Batch(nothing, nothing, torch.from_numpy(LABELS), hot, hot * 0, given_)
    of.loss(lambda *_: logits, batch).backward()  # type: ignore[arg-type]
    assert logits.grad is not None
    return logits.grad


def test_an_unknown_head_adds_no_loss_and_an_absent_one_has_no_true_label() -> None:
    found = gradient(objective()) * 3
    assert (found[1, SLICES["colour"]] == 0).all() and (found[2, SLICES["pattern"]] == 0).all()
    assert found[1, SLICES["pattern"]].tolist() == [0.5] * 3
    assert found[0].tolist() == [-0.5 if hot else 0.5 for hot in HOT[0]]


def test_a_category_that_is_given_adds_no_loss() -> None:
    found = gradient(objective(), [True, False, False])
    assert (found[0, :5] == 0).all() and (found[0, 5:] != 0).all() and (found[1, :5] != 0).all()


def test_a_head_of_another_garment_in_the_photo_is_known() -> None:
    of = objective()
    hot = torch.from_numpy(HOT).float()
    hot[2, SLICES["pattern"].start] = 1.0
    nothing = torch.zeros(3, 1)
    batch = Batch(
        nothing, nothing, torch.from_numpy(LABELS), hot, hot * 0, torch.zeros(3, dtype=torch.bool)
    )
    assert of.known(batch).tolist() == [[True] * 4, [True, True, False, True], [True] * 4]


@given(HOTS, st.floats(0.1, 1.0))
def test_both_equations_of_alpha_hold(hot: NDArray[np.bool_], alpha: float) -> None:
    frequency = hot.sum(0)
    weights = label_weights(frequency, alpha)
    assert weights @ frequency == pytest.approx(frequency.sum())
    seen = np.flatnonzero(frequency)
    weighted = weights[seen] * frequency[seen]
    first = seen[0]
    np.testing.assert_allclose(
        weighted / weighted[0], (frequency[seen] / frequency[first]) ** alpha
    )


def test_an_image_weighs_as_its_labels_do_in_the_mean() -> None:
    of = objective(image_weight_alpha=0.75)
    of.prepare(None, LABELS, HOT)
    hot = torch.from_numpy(HOT).float()
    weights = of.image_weights(hot)
    expected = label_weights(HOT.sum(0), 0.75)
    assert weights[1] == pytest.approx(expected[HOT[1] > 0].mean(), abs=1e-6)
    counts = hot.sum(1)
    assert float((weights * counts).sum() / counts.sum()) == pytest.approx(1.0)
    assert weights[1] > weights[0], "its labels are rarer"
    plain, weighted = gradient(objective()), gradient(of)
    torch.testing.assert_close(weighted, plain * weights[:, None])
    assert of.image_weights(hot * 0).tolist() == [1.0] * 3
    every = objective()
    every.prepare(None, LABELS, HOT)
    assert every.image_weights(hot).tolist() == pytest.approx([1.0] * 3)


def test_groups_weigh_as_the_share_of_labelled_images() -> None:
    of = objective(proportional_tasks=True)
    of.prepare(None, LABELS, HOT)
    assert of.task_weights.tolist() == pytest.approx([1.0, 1.0, 2 / 3, 1 / 3])
    shares = gradient(of) / gradient(objective())
    assert shares[0, SLICES["pattern"]].tolist() == pytest.approx([1 / 3] * 3)


def test_small_proportions_are_raised_to_a_third_of_the_mean() -> None:
    images = np.array([1000, 965, 200, 6, 0])
    plain, smooth = proportions(images, 0.0), proportions(images, 3.0)
    assert plain.tolist() == pytest.approx([1.0, 0.965, 0.2, 0.006, 0.0])
    floor = plain.mean() / 3
    assert smooth.tolist() == pytest.approx([1.0, 0.965, 0.2, floor, floor])


@given(HOTS)
def test_more_columns_make_the_error_of_the_factors_fall(hot: NDArray[np.bool_]) -> None:
    matrix = log_cooccurrence(hot.astype(np.uint8))
    assert np.array_equal(matrix, matrix.T)
    errors = []
    for size in range(1, 9):
        found = factorise(matrix, size)
        assert found.shape == (6, size) and found.dtype == np.float32
        errors.append(float(np.square(matrix - found @ found.T).sum()))
    assert all(a >= b - 1e-3 for a, b in itertools.pairwise(errors))
    values = np.linalg.eigvalsh(matrix)
    assert errors[-1] == pytest.approx(float(np.square(values[values < 0]).sum()), abs=1e-3)


def test_no_other_factors_of_that_size_have_a_smaller_error() -> None:
    hot = (np.random.default_rng(0).random((60, 8)) < 0.3).astype(np.uint8)
    matrix = log_cooccurrence(hot)
    found = factorise(matrix, 3)
    target = torch.from_numpy(matrix).float()
    moved = torch.from_numpy(found).clone().requires_grad_()
    (target - moved @ moved.T).square().sum().backward()
    assert moved.grad is not None and moved.grad.abs().max() < 1e-3


def test_labels_that_occur_together_are_near_each_other() -> None:
    rng = np.random.default_rng(1)
    outfits = np.repeat(np.eye(3, dtype=np.uint8), 2, axis=1)[rng.integers(0, 3, 300)]
    found = factorise(log_cooccurrence(outfits), 4)
    near = np.linalg.norm(found[0] - found[1])
    assert near < 0.2 * min(np.linalg.norm(found[0] - other) for other in found[2:])


def test_sigmoids_of_categories_are_normalised_and_those_of_a_group_are_not() -> None:
    scores = np.array([[2.0, 0.0, -100.0]], np.float32)
    known = np.array([True, True, True])
    colours = head_probabilities("colour", scores, "sigmoid", known)
    assert colours[0].tolist() == pytest.approx([0.8808, 0.5, 0.0], abs=1e-4)
    leaves = head_probabilities("category", scores, "sigmoid", known)
    assert leaves.sum() == pytest.approx(1.0) and leaves[0, 0] == pytest.approx(0.6379, abs=1e-4)
    hidden = head_probabilities("category", scores, "sigmoid", np.array([False, True, True]))
    assert hidden[0].tolist() == pytest.approx([0.0, 1.0, 0.0])


def test_soft_labels_of_sigmoids_are_what_serving_says() -> None:
    data = SimpleNamespace(labels=LABELS, multi_hot=HOT)
    scores = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    found = probabilities(scores, data, VOCABULARY, "sigmoid")  # type: ignore[arg-type]
    np.testing.assert_allclose(found[:, :2].sum(1), 1, atol=1e-3)
    np.testing.assert_allclose(found[:, 5:], 1 / (1 + np.exp(-scores[:, 5:])), atol=1e-3)
    plain = probabilities(scores, data, VOCABULARY, "softmax")  # type: ignore[arg-type]
    for where in SLICES.values():
        np.testing.assert_allclose(plain[:, where].sum(1), 1, atol=2e-3)


def test_temperature_makes_overconfident_sigmoids_humble() -> None:
    rng = np.random.default_rng(0)
    hot = np.zeros((400, 10), np.uint8)
    hot[:, SLICES["colour"]] = rng.random((400, 2)) < 0.5
    labels = np.full((400, 4), UNKNOWN)
    labels[:, 2] = np.where(hot[:, SLICES["colour"]].any(1), 0, ABSENT)
    guess = np.where(rng.random((400, 2)) < 0.7, hot[:, SLICES["colour"]], 0.5)
    logits = np.zeros((400, 10), np.float32)
    logits[:, SLICES["colour"]] = (guess - 0.5) * 18 + rng.normal(0, 4, (400, 2))
    data = SimpleNamespace(labels=labels, multi_hot=hot)
    found = fit_temperatures(logits, data, VOCABULARY, "sigmoid")
    assert found["colour"] > 1.5 and found["pattern"] == 1.0
