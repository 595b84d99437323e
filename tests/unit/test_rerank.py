from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from houndstooth.mappings.engine import Candidates
from houndstooth.plugin.colour_distance import colour_distances
from houndstooth.plugin.hamming import hamming_distances
from houndstooth.plugin.rerank import rerank

BEST = 1500


def naive(code, colour, candidates, best_score, weight, share, top):
    appearance = hamming_distances(code, candidates.binary_codes)
    colours = colour_distances(colour, candidates.colour_histograms)
    ranked = []
    for row, product_id in enumerate(candidates.product_ids):
        distance = weight * float(appearance[row]) + (1 - weight) * float(colours[row])
        agreement = int(candidates.scores[row]) / best_score if best_score else 1.0
        score = (1 - share) * (1 - distance) + share * agreement
        ranked.append((-score, product_id, row))
    return sorted(ranked)[:top]


@st.composite
def cases(draw):
    # Few distinct rows, so that ties are common.
    n = draw(st.integers(0, 30))
    row = st.integers(0, n)
    few = arrays(np.uint8, (n + 1, 4), elements=st.sampled_from([0, 1, 128, 255]))
    codes, colours = draw(few), draw(few)
    candidates = Candidates(
        product_ids=draw(st.lists(st.text(max_size=3), min_size=n, max_size=n, unique=True)),
        scores=draw(arrays(np.int64, n, elements=st.sampled_from([0, 500, 1500]))),
        binary_codes=codes[1:],
        colour_histograms=colours[1:],
    )
    query = draw(row)
    return codes[query], colours[query], candidates


share = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)


@given(cases(), st.sampled_from([0, BEST]), share, share, st.integers(1, 40))
def test_agrees_with_a_naive_loop(case, best_score, weight, attribute_weight, top):
    code, colour, candidates = case
    expected = naive(code, colour, candidates, best_score, weight, attribute_weight, top)
    found = rerank(
        code,
        colour,
        candidates,
        best_score=best_score,
        appearance_weight=weight,
        attribute_weight=attribute_weight,
        top=top,
    )
    assert found.rows.tolist() == [row for _, _, row in expected]
    assert found.scores.tolist() == [-score for score, _, _ in expected]


@given(cases(), st.data(), st.integers(1, 10))
def test_variants_are_one_hit_by_the_nearest(case, data, top):
    code, colour, candidates = case
    n = len(candidates)
    groups = data.draw(st.lists(st.sampled_from([None, "", "a", "b", "c"]), min_size=n, max_size=n))
    grouped = replace(candidates, variant_groups=groups)
    hits = {}
    for _, product_id, row in naive(code, colour, candidates, BEST, 0.5, 0.5, n):
        hits.setdefault(groups[row] or ("alone", product_id), []).append(row)
    assert grouped.hit_count == len(hits)
    found = rerank(
        code, colour, grouped, best_score=BEST, appearance_weight=0.5, attribute_weight=0.5, top=top
    )
    expected = list(hits.values())[:top]
    assert found.rows.tolist() == [rows[0] for rows in expected]
    assert found.variants == [rows[1:] for rows in expected]


@given(cases(), share, share, st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_matter(case, weight, attribute_weight, random):
    code, colour, candidates = case
    order = list(range(len(candidates)))
    random.shuffle(order)
    shuffled = Candidates(
        product_ids=[candidates.product_ids[row] for row in order],
        scores=candidates.scores[order],
        binary_codes=candidates.binary_codes[order],
        colour_histograms=candidates.colour_histograms[order],
    )

    def ids(pool):
        found = rerank(
            code,
            colour,
            pool,
            best_score=BEST,
            appearance_weight=weight,
            attribute_weight=attribute_weight,
            top=5,
        )
        return [pool.product_ids[row] for row in found.rows]

    assert ids(shuffled) == ids(candidates)


@given(cases(), share, share)
def test_figures_stay_between_zero_and_one(case, weight, attribute_weight):
    code, colour, candidates = case
    found = rerank(
        code,
        colour,
        candidates,
        best_score=BEST,
        appearance_weight=weight,
        attribute_weight=attribute_weight,
        top=40,
    )
    for figures in (found.scores, found.appearance_distances, found.colour_distances):
        assert ((figures >= 0) & (figures <= 1)).all()


@pytest.mark.parametrize(("weight", "first"), [(1.0, "shape"), (0.0, "colour")])
def test_weight_moves_between_shape_and_colour(weight, first):
    code = np.array([0], dtype=np.uint8)
    colour = np.array([255, 0], dtype=np.uint8)
    candidates = Candidates(
        product_ids=["colour", "shape"],
        scores=np.array([10, 10]),
        binary_codes=np.array([[255], [0]], dtype=np.uint8),
        colour_histograms=np.array([[255, 0], [0, 255]], dtype=np.uint8),
    )
    found = rerank(code, colour, candidates, best_score=10, appearance_weight=weight, top=1)
    assert candidates.product_ids[found.rows[0]] == first
    assert found.scores[0] == 1
