"""How well the texts of a made encoder find pictures of products that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from houndstooth.commands import main
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import WeightedCode
from houndstooth.mappings.rows import FeatureRows
from houndstooth.models.embedding.binary_code import binarise
from houndstooth.models.encoder.fitting import fit_centre, fit_thresholds
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.columns.ranking import rank
from houndstooth.plugin.columns.snapshot import Snapshot
from tests.two_towers.drawn import Drawn
from tests.two_towers.train import train

FIRST = 10
Search = Callable[[str], Sequence[str]]
"""Finds ids of products by words, best first."""


def make_encoder(
    folder: Path, products: Sequence[Drawn], pictures: Sequence[Image.Image], steps: int
) -> OnnxEncoder:
    """Train an encoder, write its card by the command, and fit what can be fitted."""
    train(products, pictures, folder, steps)
    words = ["encoder", "import", str(folder / "vision_model.onnx"), "--name", "drawn"]
    words += ["--licence", "Apache-2.0", "--region", "whole", "--text-length", "16"]
    assert main([*words, "--pad-id", "0"]) == 0
    stem = folder / "drawn-1"
    encoder = OnnxEncoder(stem)
    assert encoder.text
    fit_thresholds(stem, encoder.embed(pictures))
    fit_centre(stem, encoder.text.encode([one.title for one in products]))
    return OnnxEncoder(stem)


def search_alone(
    encoder: OnnxEncoder,
    products: Sequence[Drawn],
    pictures: Sequence[Image.Image],
    code: Callable[[str], WeightedCode] | None = None,
) -> Search:
    """Search by the text tower alone, among the codes of pictures, as a service does by columns.

    Args:
        code: embeds words; None = the encoder's own way.
    """
    assert encoder.text
    embed = code or encoder.text.code
    rows = FeatureRows(
        product_ids=[one.product_id for one in products],
        versions=np.ones(len(products), dtype=np.int64),
        term_sets=[("top", "t-shirt", ())] * len(products),
        binary_codes=binarise(encoder.embed(pictures), encoder.thresholds),
        colour_histograms=np.zeros((len(products), 8), dtype=np.uint8),
        variant_groups=[None] * len(products),
    )
    snapshot = Snapshot.of(rows)

    def search(words: str) -> list[str]:
        text = embed(words)
        histogram = np.zeros(8, dtype=np.uint8)
        query = RankingQuery(text.binary_code, histogram, CandidateQuery(""), 1.0, 0.0)
        weighted = RankingQuery(**{**vars(query), "bit_weights": text.weights})
        return [row.product_id for row in rank(weighted, snapshot, FIRST + 1)]

    return search


def precision_at_10(products: Sequence[Drawn], search: Search) -> list[float]:
    """Ask the words of each title that says kind and colour; the brand is left out.

    Returns:
        For each the share of the first ten other products that are of that kind and colour.
    """
    pairs = {one.product_id: one.pair for one in products}
    found = []
    for one in products:
        if one.says_both:
            others = [hit for hit in search(one.words) if hit != one.product_id][:FIRST]
            found.append(sum(pairs[hit] == one.pair for hit in others) / FIRST)
    return found
