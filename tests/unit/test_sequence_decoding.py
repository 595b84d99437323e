"""The sequence recogniser's grammar, guidance, greedy and beam decoding; random weights."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import ScoredTerm
from houndstooth.mappings.taxonomy import SHIPPED, Taxonomy
from houndstooth.models.networks.attribute_decoder import (
    AttributeDecoder,
)
from houndstooth.models.recognition import decoding
from houndstooth.models.recognition.decoding import Start
from houndstooth.models.recognition.grammar import CATEGORY, Grammar
from houndstooth.models.recognition.prediction import Choice, set_confidence
from tests.unit.sequence_networks import (
    GRAMMAR,
    HEADS,
    LEAVES,
    TAXONOMY,
    TEMPERATURES,
    asked,
    decode,
    random_decoder,
    run,
)


@pytest.mark.parametrize("options", [{}, {"width": 4}, {"generator": np.random.default_rng(1)}])
def test_only_what_the_taxonomy_allows_comes_out(options: dict[str, object]) -> None:
    for seen in run(3, [None] * 40, **options):
        groups = list(seen.groups)
        allowed = TAXONOMY.groups_of(seen.category)
        assert groups == [group for group in allowed if group in groups]
        assert all(abs(sum(likely.values()) - 1) < 1e-4 for likely in seen.groups.values())
        assert abs(sum(seen.categories.values()) - 1) < 1e-4


def test_a_group_of_other_values_than_the_network_knows_is_passed_over() -> None:
    """Though it is one that every product has: a shop's taxonomy has renamed its values."""
    gender = TAXONOMY.groups["gender"]
    renamed = replace(gender, values={f"adult-{name}": one for name, one in gender.values.items()})
    taxonomy = replace(TAXONOMY, groups={**TAXONOMY.groups, "gender": renamed})
    grammar = Grammar(HEADS, taxonomy, always_predicted=("colour", "gender"))
    step, start = asked(random_decoder(3), 20)
    for seen in decode(step, start, [None] * 20, grammar, taxonomy):
        assert "gender" not in seen.groups
        assert "colour" in seen.groups
    assert grammar.allowed_attributes(np.array([1]), grammar.groups_of[:1]).any()


def test_what_the_detector_says_is_as_likely_as_it_is_sure() -> None:
    found = [ScoredTerm(n, p) for n, p in (("skirt", 1.0), ("dress", 0.6), ("shorts", 0.2))]
    first, *others = set_confidence(found, 0.84)
    assert (first.term, first.confidence) == ("skirt", 0.84)
    assert [other.confidence for other in others] == [0.12, 0.04]
    assert set_confidence(found[:1], 0.9) == (ScoredTerm("skirt", 0.9),)


def test_a_given_category_is_fed_in_and_certain() -> None:
    for category in LEAVES:
        for seen in run(4, [{category}] * 8):
            assert seen.category == category and seen.given
            assert seen.ranked_categories()[0].confidence == 1.0
            assert set(seen.groups) <= set(TAXONOMY.groups_of(category))


def test_guidance_conditions_all_that_follows() -> None:
    """The same image, guided to two categories, has other probabilities for the same question."""
    a, b = (
        [r.groups["colour"] for r in run(5, [{c}] * 10) if "colour" in r.groups] for c in LEAVES[:2]
    )
    assert a and b and a[0] != b[0]


def test_a_category_that_the_network_does_not_know_still_gets_attributes() -> None:
    seen = run(6, [{"sweatshirt"}] * 20)
    assert all(one.category == "sweatshirt" for one in seen)
    assert {group for one in seen for group in one.groups} <= set(TAXONOMY.groups_of("sweatshirt"))
    assert any(one.groups for one in seen)


def test_among_a_choice_the_image_decides() -> None:
    choice = {"jeans", "skirt"}
    free, restrict = run(7, [None] * 20), run(7, [choice] * 20)
    for before, after in zip(free, restrict, strict=True):
        assert set(after.categories) == choice and not after.given
        total = sum(before.categories[c] for c in choice)
        assert after.categories["jeans"] == pytest.approx(
            before.categories["jeans"] / total, abs=1e-5
        )
        assert after.category == max(choice, key=before.categories.__getitem__)


def renamed(great: str, name: str) -> Taxonomy:
    """The shipped taxonomy with a great category of another name."""
    text = SHIPPED.read_text(encoding="utf-8").replace(f'"{great}"', f'"{name}"')
    return Taxonomy.from_json(json.loads(text))


def test_leaves_in_a_great_category_of_the_shops_own_can_be_given() -> None:
    taxonomy = renamed("shoes", "things-for-feet")
    grammar = Grammar(HEADS, taxonomy)
    assert grammar.great_of[LEAVES.index("heels")] == -1
    step, start = asked(random_decoder(5), 3)
    choices: list[Choice] = [None, {"heels"}, {"heels", "watch"}]
    free, given, among = decode(step, start, choices, grammar, taxonomy)
    assert "heels" not in free.categories
    assert given.category == "heels"
    assert among.category == "watch"


def test_a_taxonomy_without_any_great_category_of_the_network_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="shoes"):
        Grammar({**HEADS, CATEGORY: ("heels",)}, renamed("shoes", "things-for-feet"))


def test_a_group_that_is_always_told_is_not_passed_over() -> None:
    always = ("colour", "season")
    step, start = asked(random_decoder(3), 12)
    grammar = Grammar(HEADS, TAXONOMY, always)
    found = decode(step, start, [None] * 12, grammar, TAXONOMY)
    passing = decode(step, start, [None] * 12, GRAMMAR, TAXONOMY)
    assert all(set(always) <= set(seen.groups) for seen in found)
    assert not all(set(always) <= set(seen.groups) for seen in passing)
    names, leaf = list(HEADS), LEAVES.index("shirt")
    allowed = grammar.allowed_attributes(
        np.array([names.index("colour")]), grammar.groups_of[[leaf]]
    )[0]
    heads = {names[grammar.head_of[token]] for token in np.flatnonzero(allowed)}
    assert heads == {"gender", "season"}


def naive_greedy(decoder: AttributeDecoder, pooled: torch.Tensor, leaf: int) -> list[int]:
    """Greedy decoding of one image by scoring the whole sequence anew for each token."""
    tokens = [int(GRAMMAR.great_of[leaf]), leaf + GRAMMAR.leaves.start]
    while True:
        with torch.no_grad():
            scores = decoder(pooled, torch.tensor([tokens]))[0, -1]
        last = int(GRAMMAR.head_of[tokens[-1]])
        allowed = GRAMMAR.allowed_attributes(np.array([last]), GRAMMAR.groups_of[[leaf]])[0]
        token = int(torch.where(torch.from_numpy(allowed), scores, -1e9).argmax())
        if token == GRAMMAR.end:
            return tokens[2:]
        tokens.append(token)


def test_greedy_decoding_agrees_with_the_naive_loop() -> None:
    decoder = random_decoder(8)
    step, start = asked(decoder, 12)
    torch.manual_seed(9)
    pooled = torch.randn(12, 10)
    with torch.no_grad():
        scores, (hidden, cell) = decoder.start(pooled)
        first = decoder.score(scores, hidden)
    start = Start(*(part.numpy() for part in (first, scores, hidden, cell)))
    choices = [{LEAVES[row % len(LEAVES)]} for row in range(12)]
    found = decode(step, start, choices, GRAMMAR, TAXONOMY)
    for row, seen in enumerate(found):
        expected = naive_greedy(decoder, pooled[row : row + 1], LEAVES.index(seen.category))
        best = [max(likely, key=likely.__getitem__) for likely in seen.groups.values()]
        assert best == [GRAMMAR.terms[token] for token in expected]


def test_a_beam_finds_sequences_at_least_as_likely_as_greedy() -> None:
    step, start = asked(random_decoder(10), 30)
    greats = decoding.step_great_categories(step, start, GRAMMAR)
    scores = []
    for width in (1, 6):
        given = [[decoding.Hypothesis(0, 0.0)] + [decoding.Hypothesis(0, -1e9)] * (width - 1)] * 30
        numbers = [[int(GRAMMAR.great_of[0])] * width] * 30
        found = decoding.decode_attributes(
            step, start, greats, GRAMMAR, given, numbers, TEMPERATURES
        )
        scores.append(np.array([hypothesis.total for hypothesis in found]))
    assert (scores[1] >= scores[0] - 1e-4).mean() > 0.9 and scores[1].sum() > scores[0].sum()
