"""Check that resampled products have the neighbours that real ones have.

Of a real product: how often are its nearest neighbours of another style (column ``group`` of the
data set)? Of a resampled one: how often do they have another origin? The noise level is right where
the shares among the first 24 are as high, over the four categories with exact sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from tests.benchmarks.scale.catalogue import CHUNK, FIXED_SIZES
from tests.benchmarks.scale.distances import Distances, colour, hamming
from tests.benchmarks.scale.features import RealProducts
from tests.benchmarks.scale.resample import NEIGHBOURS, Resampler

TOP = 24
LEVELS = (32, 64, 96, 128)
ASKED = 100
"""Products whose neighbours are sought among a large sample."""


@dataclass(frozen=True)
class Neighbours:
    """How near neighbours are and how many are of another style, as means over products.

    Attributes:
        first, page: Share of another style at rank 1 and among the first 24.
        nearest, last: Median distance of the neighbours at rank 1 and 24.
    """

    first: float
    page: float
    nearest: float
    last: float

    def cells(self) -> str:
        """Format the figures as cells of a table."""
        return f"{self.first:.3f} | {self.page:.3f} | {self.nearest:.3f} | {self.last:.3f}"


def neighbours(
    codes: Bytes, histograms: Bytes, styles: NDArray[np.int64], asked: Sequence[int]
) -> tuple[Neighbours, Neighbours]:
    """Find the neighbours of some products among all, by Hamming and by combined distance."""
    weight = SearchRequest.appearance_weight
    found: tuple[list[Distances], ...] = ([], [])
    other: tuple[list[NDArray[np.bool_]], ...] = ([], [])
    for row in asked:
        appearance = hamming(codes[row], codes)
        both = weight * appearance + (1 - weight) * colour(histograms[row], histograms)
        for way, distance in enumerate((appearance, both)):
            distance[row] = np.inf
            near = np.argpartition(distance, TOP)[:TOP]
            near = near[np.argsort(distance[near], kind="stable")]
            found[way].append(distance[near])
            other[way].append(styles[near] != styles[row])
    by_hamming, by_both = (
        Neighbours(
            float(np.mean([shares[0] for shares in other[way]])),
            float(np.mean(other[way])),
            float(np.median([distances[0] for distances in found[way]])),
            float(np.median([distances[-1] for distances in found[way]])),
        )
        for way in (0, 1)
    )
    return by_hamming, by_both


def check(
    real: RealProducts, taxonomy: Taxonomy, levels: Sequence[int] = LEVELS
) -> Iterator[tuple[str, str, int, Neighbours, Neighbours]]:
    """Yield category, what was compared, its size, and its neighbours by both distances."""
    categories = np.array(real.indexed.categories)
    for category in sorted(FIXED_SIZES, key=FIXED_SIZES.__getitem__):
        rows = np.flatnonzero(categories == category)
        photos = real.indexed
        yield (
            category,
            "real",
            len(rows),
            *neighbours(
                photos.binary_codes[rows],
                photos.colour_histograms[rows],
                real.styles[rows],
                range(len(rows)),
            ),
        )
    for level in levels:
        resampler = Resampler(real, taxonomy, level)
        for category, size in sorted(FIXED_SIZES.items(), key=lambda item: item[1]):
            real_size = int((categories == category).sum())
            for count in (real_size, size):
                chunks = [
                    resampler.sample(
                        category, min(CHUNK, count - start), np.random.default_rng([1, start])
                    )
                    for start in range(0, count, CHUNK)
                ]
                codes, histograms, origins = (
                    np.concatenate([getattr(chunk, name) for chunk in chunks])
                    for name in ("codes", "histograms", "origins")
                )
                found = neighbours(codes, histograms, origins, range(min(ASKED, count)))
                yield category, f"resampled, {level} neighbours", count, *found


def print_check(real: RealProducts, taxonomy: Taxonomy) -> None:
    """Print the real and the resampled figures as a Markdown table."""
    resampler = Resampler(real, taxonomy)
    print(f"Chosen level: {NEIGHBOURS} neighbours. Noise of terms: {resampler.term_noise:.2f}.")
    ranks = f"other style, rank 1 | other style, first {TOP} | distance, rank 1 | rank {TOP}"
    print(f"| category | products | number | Hamming: {ranks} | with colour: {ranks} |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for category, what, size, by_hamming, by_both in check(real, taxonomy):
        cells = f"{by_hamming.cells()} | {by_both.cells()}"
        print(f"| {category} | {what} | {size:,} | {cells} |", flush=True)
