"""Describe appearance and colours by coarse terms, so that an inverted index can rank by them.

A search engine without columns finds its candidates by attribute terms alone; where thousands have
the same, these terms tell which of them look alike. They need no training, so they fit every
image encoder:

- ``h7:41``: bits that are sampled from the binary code at the positions of table 7. Codes that
  differ in few bits share many of them (locality-sensitive hashing by bit sampling; Indyk and
  Motwani 1998).
- ``c17:2``: bin 17 of the colour histogram is large (2) or of middle size (1).

Each term is there twice, once with the product's category before it (``shirt/h7:41``): a search
within a category then reads no list of products of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

TABLES = 24
"""Number of bit samples of a code."""

SAMPLED_BITS = 7
"""Bits in a sample."""

SLOPE = 0.5
"""Rise of the expected similarity with the share of equal samples."""

LEVELS = ((0.15, 0.25), (0.4, 0.55))
"""Smallest and usual value of a bin at level 1 and at level 2, as square roots of shares."""

_LEAST = np.array([least for least, _ in LEVELS])

MIN_QUERY_VALUE = 0.15
"""Bins of a query below this value, the square root of a share, are not searched."""


def appearance_terms(category: str, binary_code: Bytes, colour_histogram: Bytes) -> tuple[str, ...]:
    """List the terms of a product.

    Args:
        category: The product's category.
        binary_code: uint8 [bits / 8].
        colour_histogram: Square roots of shares, 255 = all pixels, uint8 [bins].
    """
    levels = np.searchsorted(_LEAST, colour_histogram / 255, side="right")
    places = np.flatnonzero(levels)
    colours = zip(places.tolist(), levels[places].tolist(), strict=True)
    terms = [*_samples(binary_code), *(f"c{place}:{level}" for place, level in colours)]
    return (*terms, *(f"{category}/{term}" for term in terms))


def expected_similarity(
    category: str | None, binary_code: Bytes, colour_histogram: Bytes, appearance_weight: float
) -> dict[str, float]:
    """Tell what each term of a product adds to its similarity to a query.

    The sum over a product's terms estimates, but for a constant, one minus the distance that
    ranking computes.

    Args:
        category: The category that is searched; None = all of them.
        binary_code: The query's code, uint8 [bits / 8].
        colour_histogram: The query's histogram, uint8 [bins].
        appearance_weight: Weight of the code against the histogram, in [0, 1].
    """
    gains = dict.fromkeys(_samples(binary_code), appearance_weight * SLOPE / TABLES)
    for place, value in enumerate((colour_histogram / 255).tolist()):
        if value >= MIN_QUERY_VALUE:
            for level, (_, usual) in enumerate(LEVELS, start=1):
                gains[f"c{place}:{level}"] = (1 - appearance_weight) * value * usual
    prefix = f"{category}/" if category else ""
    return {prefix + term: gain for term, gain in gains.items() if gain > 0}


def _samples(binary_code: Bytes) -> Iterator[str]:
    bits = np.unpackbits(binary_code)[_positions(8 * binary_code.size)]
    values = bits @ (1 << np.arange(SAMPLED_BITS))
    return (f"h{table}:{value}" for table, value in enumerate(values.tolist()))


@cache
def _positions(bits: int) -> NDArray[np.int64]:
    """Choose the sampled positions, the same ones for ever, int64 [TABLES, SAMPLED_BITS]."""
    digests = [
        [
            blake2b(b"%d:%d" % (table, place), digest_size=8).digest()
            for place in range(SAMPLED_BITS)
        ]
        for table in range(TABLES)
    ]
    numbers = [[int.from_bytes(digest, "big") % bits for digest in row] for row in digests]
    return np.array(numbers, dtype=np.int64)
