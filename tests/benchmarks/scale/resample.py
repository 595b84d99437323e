"""Make new products of one category from the real ones.

**Looks.** A new product has a real product as its origin. Its parents are PARENTS products drawn
from the origin and its nearest real neighbours of the same category, by the combined distance of
the search. Each bit of its code comes from one of the parents, and its histogram is a mixture of
two of them. Bits that all neighbours share therefore stay, others vary, and the distances keep the
distribution of the real ones, which independent noise on every bit would not. How many neighbours
take part is the noise level: ``python -m tests.benchmarks.scale.catalogue --check`` finds it.

**Attributes.** The terms are the origin's as a whole, so that they keep their joint frequencies,
with errors as the recogniser makes them: Gaussian noise is added to the log odds of all terms, and
the rule of ingest decides again which term of a group is stored, so that unsure terms change often
and sure ones seldom. The amount of noise gives as many resampled products as many distinct term
sets as the real ones have. What a title states does not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from tests.benchmarks.scale.distances import MAX_SQUARED
from tests.benchmarks.scale.features import RealProducts

PARENTS = 4
"""Parents of a product; a power of two."""

NEIGHBOURS = 96
"""Nearest real products from which parents are drawn: the noise level."""

FLOOR = -12.0
"""Log odds of terms that the recogniser does not list."""

STATED_GROUPS = {"colour", "gender"}
"""Groups of which every product has a term, as nearly every seller's text states one."""

STATED = 40.0
"""Log odds of terms that the title states."""


@dataclass(frozen=True)
class Pool:
    """The real products of one category.

    Attributes:
        rows: Their row numbers among all real products, int64 [r].
        codes: uint8 [r, bytes].
        histograms: uint8 [r, bins].
        nearest: Row numbers within the pool of each product's neighbours, itself first, int64
            [r, k].
        log_odds: Of each term, float32 [r, terms].
    """

    rows: NDArray[np.int64]
    codes: Bytes
    histograms: Bytes
    nearest: NDArray[np.int64]
    log_odds: NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """Resampled products.

    Attributes:
        origins: Row number of each origin among all real products, int64 [n].
        codes: uint8 [n, bytes].
        histograms: uint8 [n, bins].
        values: For each group of the taxonomy the place of the term among its values, counted
            from 1; 0 = no term. uint8 [n, groups].
    """

    origins: NDArray[np.int64]
    codes: Bytes
    histograms: Bytes
    values: Bytes


class Resampler:
    """Makes products of any category.

    Args:
        neighbours: The noise level of looks; see NEIGHBOURS.
    """

    def __init__(
        self, real: RealProducts, taxonomy: Taxonomy, neighbours: int = NEIGHBOURS
    ) -> None:
        self.real = real
        self.starts, self.always = _group_starts(taxonomy)
        categories = np.array(real.indexed.categories)
        log_odds = _log_odds(real, taxonomy)
        self.pools = {
            str(name): _pool(real, np.flatnonzero(categories == name), log_odds, neighbours)
            for name in np.unique(categories)
        }
        self.term_noise = _term_noise(categories, log_odds, self.starts, self.always)

    def sample(self, category: str, count: int, rng: np.random.Generator) -> Sample:
        """Make products of a category."""
        pool = self.pools[category]
        origins = rng.integers(len(pool.rows), size=count)
        places = rng.integers(pool.nearest.shape[1], size=(count, PARENTS))
        parents = pool.nearest[origins[:, np.newaxis], places]
        noise = rng.standard_normal((count, pool.log_odds.shape[1]), dtype=np.float32)
        return Sample(
            pool.rows[origins],
            recombine([pool.codes[parents[:, i]] for i in range(PARENTS)], rng),
            mix_histograms(pool.histograms[parents[:, 0]], pool.histograms[parents[:, 1]], rng),
            decide_terms(
                pool.log_odds[origins] + self.term_noise * noise, self.starts, self.always
            ),
        )


def recombine(parents: list[Bytes], rng: np.random.Generator) -> Bytes:
    """Take each bit from one of the parents, all equally likely.

    Args:
        parents: A power of two of arrays uint8 [n, bytes].
    """
    while len(parents) > 1:
        pairs = zip(parents[::2], parents[1::2], strict=True)
        masks = [rng.integers(256, size=parents[0].shape, dtype=np.uint8) for _ in parents[::2]]
        parents = [a & mask | b & ~mask for (a, b), mask in zip(pairs, masks, strict=True)]
    return parents[0]


def mix_histograms(first: Bytes, second: Bytes, rng: np.random.Generator) -> Bytes:
    """Mix the pixels of two images in random parts; histograms are stored as square roots."""
    part = rng.random((len(first), 1), dtype=np.float32)
    pixels = part * first.astype(np.float32) ** 2 + (1 - part) * second.astype(np.float32) ** 2
    return np.sqrt(pixels).round().astype(np.uint8)


def decide_terms(
    log_odds: NDArray[np.float32], starts: NDArray[np.int64], always: NDArray[np.bool_]
) -> Bytes:
    """Decide the stored term of each group by the rule of ingest.

    Args:
        log_odds: float32 [n, terms], groups one after another.
        starts: First term of each group, int64 [groups].
        always: Whether the group's best term is stored even with a low confidence.

    Returns:
        Place of the term within the group, counted from 1; 0 = no term. uint8 [n, groups].
    """
    values = np.zeros((len(log_odds), len(starts)), dtype=np.uint8)
    stops = [*starts[1:], log_odds.shape[1]]
    threshold = 0.0  # log odds of one half
    for group, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        part = log_odds[:, start:stop]
        best = part.argmax(axis=1)
        odds = np.take_along_axis(part, best[:, np.newaxis], axis=1)[:, 0]
        # Terms of a group that the category does not have stay near the floor.
        known = odds > FLOOR / 2 if always[group] else odds >= threshold
        values[:, group] = np.where(known, best + 1, 0)
    return values


def combined_distances(
    codes: Bytes, histograms: Bytes, appearance_weight: float = SearchRequest.appearance_weight
) -> NDArray[np.float32]:
    """Compute the search's distance between all pairs of a few thousand products, [n, n]."""
    bits = np.unpackbits(codes, axis=1).astype(np.float32)
    ones = bits.sum(axis=1)
    appearance = (ones[:, np.newaxis] + ones - 2 * bits @ bits.T) / bits.shape[1]
    wide = histograms.astype(np.float32)
    squares = (wide**2).sum(axis=1)
    colour = (squares[:, np.newaxis] + squares - 2 * wide @ wide.T) / MAX_SQUARED
    distance = appearance_weight * appearance + (1 - appearance_weight) * np.minimum(colour, 1)
    return distance.astype(np.float32)


def _pool(
    real: RealProducts, rows: NDArray[np.int64], log_odds: NDArray[np.float32], neighbours: int
) -> Pool:
    codes, histograms = real.indexed.binary_codes[rows], real.indexed.colour_histograms[rows]
    distances = combined_distances(codes, histograms)
    np.fill_diagonal(distances, -1)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, : neighbours + 1]
    return Pool(rows, codes, histograms, nearest, log_odds[rows])


def _group_starts(taxonomy: Taxonomy) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    sizes = [len(group.values) for group in taxonomy.groups.values()]
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
    return starts, np.array([name in STATED_GROUPS for name in taxonomy.groups])


def _log_odds(real: RealProducts, taxonomy: Taxonomy) -> NDArray[np.float32]:
    """Return the log odds of all terms for all real products, float32 [n, terms]."""
    columns = {term: column for column, term in enumerate(taxonomy.attribute_terms())}
    table = np.full((len(real), len(columns)), FLOOR, dtype=np.float32)
    limit = 1e-4
    for row, terms in enumerate(real.indexed.predicted):
        for term, confidence in terms:
            share = min(max(confidence, limit), 1 - limit)
            table[row, columns[term]] = np.log(share / (1 - share))
    for row, terms in enumerate(real.stated):
        for term in terms:
            if term in columns:
                table[row, columns[term]] = STATED
    return table


def _term_noise(
    categories: NDArray[np.str_],
    log_odds: NDArray[np.float32],
    starts: NDArray[np.int64],
    always: NDArray[np.bool_],
) -> float:
    """Find the noise with which as many products have as many distinct term sets as the real ones.

    Without noise there are fewer, since some products are drawn twice.
    """
    rng = np.random.default_rng(1)
    numbers = np.unique(categories, return_inverse=True)[1]
    drawn = np.concatenate(
        [rng.choice(np.flatnonzero(numbers == n), (numbers == n).sum()) for n in set(numbers)]
    )
    noise = rng.standard_normal(log_odds.shape, dtype=np.float32)
    wanted = count_term_sets(numbers, decide_terms(log_odds, starts, always))
    low, high = 0.0, 8.0
    for _ in range(12):
        middle = (low + high) / 2
        values = decide_terms(log_odds[drawn] + middle * noise, starts, always)
        fewer = count_term_sets(numbers[drawn], values) < wanted
        low, high = (middle, high) if fewer else (low, middle)
    return (low + high) / 2


def count_term_sets(categories: NDArray[Any], values: Bytes) -> int:
    """Count the different combinations of category and terms.

    Args:
        categories: Number of each product's category, [n].
        values: See Sample, [n, groups].
    """
    rows = np.column_stack([categories.astype(np.uint8), values])
    return len(np.unique(rows.view(f"V{rows.shape[1]}")))
