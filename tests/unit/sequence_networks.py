"""Small sequence recognisers of random weights, and the grammar they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.attribute_decoder import (
    AttributeDecoder,
    StepGraph,
)
from houndstooth.models.recognition import decoding
from houndstooth.models.recognition.decoding import Start
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY, Grammar
from houndstooth.models.recognition.guided_decoding import decode_attributes, decode_categories
from houndstooth.models.recognition.prediction import Choice, Prediction

TAXONOMY = Taxonomy.load()
LEAVES = ("t-shirt", "shirt", "jeans", "skirt", "dress", "heels", "watch")
SIDE, SIZE = 64, 24


def heads() -> dict[str, tuple[str, ...]]:
    groups = {name: group.terms() for name, group in TAXONOMY.groups.items()}
    return {GREAT_CATEGORY: TAXONOMY.great_categories, CATEGORY: LEAVES, **groups}


HEADS = heads()
GRAMMAR = Grammar(HEADS, TAXONOMY)
TEMPERATURES = dict.fromkeys(HEADS, 1.0)


def random_decoder(seed: int = 0) -> AttributeDecoder:
    torch.manual_seed(seed)
    decoder = AttributeDecoder(10, GRAMMAR.tokens, SIZE).eval()
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return decoder


def asked(decoder: AttributeDecoder, n: int) -> tuple[decoding.Step, Start]:
    """The decoder as decoding asks it, and the start of n random images."""
    graph = StepGraph(decoder)

    def step(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.no_grad():
            return tuple(part.numpy() for part in graph(*map(torch.from_numpy, inputs)))

    with torch.no_grad():
        scores, (hidden, cell) = decoder.start(torch.randn(n, 10))
        first = decoder.score(scores, hidden)
    return step, Start(first.numpy(), scores.numpy(), hidden.numpy(), cell.numpy())


def decode(
    step: decoding.Step,
    start: Start,
    choices: Sequence[Choice],
    grammar: Grammar,
    taxonomy: Taxonomy = TAXONOMY,
    **options: object,
) -> list[Prediction]:
    """Categories, then attributes."""
    categories = decode_categories(step, start, choices, grammar, TEMPERATURES)
    return decode_attributes(step, categories, grammar, taxonomy, TEMPERATURES, **options)


def run(seed: int, choices: list[set[str] | None], **options: object) -> list[Prediction]:
    step, start = asked(random_decoder(seed), len(choices))
    return decode(step, start, choices, GRAMMAR, **options)
