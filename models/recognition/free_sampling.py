"""Samples attribute sequences without the grammar (SK Planet paper, section 3.3).

Every token is sampled from all tokens by its probability, and fed as the next input, until the end
token comes. Only a guided category is fed without sampling. Nothing keeps a sequence from naming a
group twice, or a group that the category does not have. That is the paper's method, here for the
comparison with ``decoding``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.decoding import Array, Start, Step, softmax
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.prediction import Choice, Prediction, restrict


def sample_freely(
    step: Step,
    start: Start,
    choices: Sequence[Choice],
    grammar: Grammar,
    taxonomy: Taxonomy,
    generator: np.random.Generator,
) -> list[Prediction]:
    """Sample a sequence for each image of a batch.

    Args:
        start: the decoder's state after each image.
        choices: a single category is fed first, after its great category; of several the likeliest
            is fed.

    Returns:
        Predictions that have the sampled terms alone, with the probability that each was sampled
        with. Where no leaf category was sampled, the likeliest one of the first step stands in.
    """
    n = len(start.first)
    given = [_given(choice, row, grammar) for choice, row in zip(choices, start.first, strict=True)]
    prefixes = [_prefix(leaf, grammar, taxonomy) for leaf in given]
    sampled: list[dict[int, float]] = [{} for _ in range(n)]
    ended = np.zeros(n, dtype=bool)
    scores, hidden, cell = start.first, start.hidden, start.cell
    for place in range(len(grammar.heads) + 1):
        p = softmax(scores).astype(np.float64)
        tokens = np.full(n, grammar.end)
        for row in np.flatnonzero(~ended):
            if place < len(prefixes[row]):
                tokens[row] = prefixes[row][place]
            else:
                tokens[row] = generator.choice(grammar.tokens, p=p[row] / p[row].sum())
            sampled[row].setdefault(int(tokens[row]), float(p[row, tokens[row]]))
        ended |= tokens == grammar.end
        if ended.all():
            break
        scores, hidden, cell = step(tokens, start.image_scores, hidden, cell)
    return [
        _prediction(terms, leaf, choice, row, grammar)
        for terms, leaf, choice, row in zip(sampled, given, choices, start.first, strict=True)
    ]


def _given(choice: Choice, scores: Array, grammar: Grammar) -> str | None:
    """Return the category to feed: the likeliest one of the choice; None where all may come."""
    if choice is None:
        return None
    names, leaf_scores = grammar.heads[CATEGORY], scores[grammar.leaves]
    known = [leaf for leaf in sorted(choice) if leaf in names]
    if not known:
        return min(choice)
    return max(known, key=lambda leaf: float(leaf_scores[names.index(leaf)]))


def _prefix(leaf: str | None, grammar: Grammar, taxonomy: Taxonomy) -> list[int]:
    """List the tokens of a given category, as far as the network has them."""
    if leaf is None:
        return []
    terms = {GREAT_CATEGORY: taxonomy.great_category(leaf), CATEGORY: leaf}
    return [
        grammar.slices[head].start + grammar.heads[head].index(term)
        for head, term in terms.items()
        if term in grammar.heads[head]
    ]


def _prediction(
    sampled: dict[int, float], given: str | None, choice: Choice, first: Array, grammar: Grammar
) -> Prediction:
    heads = list(grammar.heads)
    groups: dict[str, dict[str, float]] = {}
    for token, p in sampled.items():
        if token != grammar.end and grammar.known[token]:
            groups.setdefault(heads[grammar.head_of[token]], {})[grammar.terms[token]] = p
    groups.pop(GREAT_CATEGORY, None)
    categories = groups.pop(CATEGORY, {})
    if given is None and not categories:
        names = grammar.heads[CATEGORY]
        leaf_scores = np.where(grammar.known[grammar.leaves], first[grammar.leaves], -np.inf)
        categories = {names[int(leaf_scores.argmax())]: 0.0}
    category = given or next(iter(categories))
    single = choice is not None and len(choice) == 1
    return Prediction(restrict(categories or {category: 1.0}, choice), category, single, groups)
