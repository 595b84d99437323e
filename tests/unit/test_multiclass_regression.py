"""The refinement of categories by several networks' scores."""

from __future__ import annotations

import numpy as np

from houndstooth.models.training.multiclass_regression import fit_regression, related

ROOTS, LEAVES = 2, 4


def photos(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a sure root network and an unsure leaf network; leaf // 2 is the root."""
    rng = np.random.default_rng(seed)
    leaf = rng.integers(0, LEAVES, count)
    root = np.eye(ROOTS)[leaf // 2] * 4 + rng.normal(0, 0.5, (count, ROOTS))
    scores = np.eye(LEAVES)[leaf] * 2 + rng.normal(0, 1.5, (count, LEAVES))
    return np.concatenate([root, scores], 1).astype(np.float32), leaf


def test_a_sure_root_corrects_unsure_leaves() -> None:
    scores, truth = photos(600, 1)
    unseen, expected = photos(600, 2)
    fitted = fit_regression(scores, truth, range(ROOTS, ROOTS + LEAVES), range(ROOTS))
    refined = fitted.probabilities(unseen)
    before = (unseen[:, ROOTS:].argmax(1) == expected).mean()
    assert (refined.argmax(1) == expected).mean() > before + 0.05
    assert np.allclose(refined.sum(1), 1, atol=1e-5)


def test_a_category_is_related_to_roots_itself_and_the_largest_weights() -> None:
    weights = np.zeros((LEAVES, ROOTS + LEAVES))
    weights[0, 2:] = [0.1, -9.0, 3.0, -4.0]
    mask = related(weights, range(ROOTS, ROOTS + LEAVES), range(ROOTS))
    assert mask[0].tolist() == [True, True, True, True, False, True]
    assert (mask.sum(1) == ROOTS + 3).all()
    assert related(weights, range(ROOTS, ROOTS + LEAVES), ())[:, :ROOTS].sum() == 0


def test_weights_of_what_is_not_related_stay_zero_and_l2_makes_them_small() -> None:
    scores, truth = photos(300, 3)
    own = range(ROOTS, ROOTS + LEAVES)
    loose, strict = (fit_regression(scores, truth, own, (), l2).weights for l2 in (0.1, 100.0))
    assert (loose != 0).sum() == LEAVES * 3 and (loose[:, :ROOTS] == 0).all()
    assert np.abs(strict).sum() < np.abs(loose).sum() / 2
