"""Resample a catalogue of any size from the real products, as arrays in files.

``python -m tests.benchmarks.scale.catalogue --size 200000`` writes one;
``python -m tests.benchmarks.scale.catalogue --check`` prints how alike real and resampled are.

Four categories have exact sizes at every N that can hold them, so that a filter on a category lets
1,000, 20,000, 160,000 or 1,000,000 products pass. The others share the rest as in the real set.
Their products are the same at every N of one seed. Products are spread at random over the
catalogue.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.taxonomy import Taxonomy
from tests.benchmarks.scale.facts import brand_names, draw_brands, draw_prices, draw_stocks
from tests.benchmarks.scale.features import CACHE, PRODUCTS, RealProducts, load_products
from tests.benchmarks.scale.resample import NEIGHBOURS, Resampler, count_term_sets

FIXED_SIZES = {"handbag": 1_000, "casual-shoes": 20_000, "shirt": 160_000, "t-shirt": 1_000_000}
"""Products of the categories with exact sizes; a size that N cannot hold is not fixed."""

VERSION = 3
"""Increased with every change that makes other products of a seed, so that no old file is used."""

CHUNK = 50_000
"""Products that are made at once."""

FIRST_ID = 10_000_000
"""Product ids are this number plus the row."""


@dataclass(frozen=True)
class Catalogue:
    """A resampled catalogue of n products in a folder; its arrays are mapped from files.

    Attributes:
        categories: Names of categories; ``category`` holds places among them.
        terms: Terms of each attribute group, in taxonomy order.
        titles: Titles of the real products.
        stated: Terms that these titles state.
        codes: uint8 [n, bytes].
        histograms: uint8 [n, 104].
        category: uint8 [n].
        values: Terms by group; see Sample. uint8 [n, groups].
        origin: Row of the real product that a product was made from, int32 [n].
        brand: Place among ``facts.brand_names()``, uint8 [n].
        price: float32 [n].
        stock: uint16 [n].
    """

    folder: Path
    seed: int
    model: str
    categories: Sequence[str]
    terms: Sequence[Sequence[str]]
    titles: Sequence[str]
    stated: Sequence[Sequence[str]]
    codes: Bytes
    histograms: Bytes
    category: Bytes
    values: Bytes
    origin: NDArray[np.int32]
    brand: Bytes
    price: NDArray[np.float32]
    stock: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.category)

    @classmethod
    def open(cls, folder: Path) -> Catalogue:
        """Map the arrays of a catalogue that was written before."""
        facts = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _columns(1, 1, 1)
        }
        return cls(folder=folder, **facts, **arrays)

    def rows_of(self, category: str) -> NDArray[np.int64]:
        """Return the rows of a category, ascending."""
        return np.flatnonzero(self.category == self.categories.index(category))

    def product_id(self, row: int) -> str:
        """Return the id of a row."""
        return str(FIRST_ID + row)

    def row_of(self, product_id: str) -> int:
        """Return the row of an id."""
        return int(product_id) - FIRST_ID

    def attributes(self, row: int) -> tuple[str, ...]:
        """Return the attribute terms of a row, sorted."""
        values = self.values[row].tolist()
        return tuple(sorted(terms[v - 1] for terms, v in zip(self.terms, values, strict=True) if v))

    @cached_property
    def brands(self) -> list[str]:
        """The brands' names."""
        return brand_names()

    def distinct_term_sets(self) -> int:
        """Count the different combinations of category and attribute terms."""
        return count_term_sets(self.category, self.values)


def category_sizes(real: RealProducts, size: int) -> dict[str, int]:
    """Share out a catalogue among the categories; see FIXED_SIZES."""
    names, counts = np.unique(real.indexed.categories, return_counts=True)
    fixed: dict[str, int] = {}
    for name, count in sorted(FIXED_SIZES.items(), key=lambda item: item[1]):
        if sum(fixed.values()) + count <= size:
            fixed[name] = count
    rest = size - sum(fixed.values())
    weights = np.where(np.isin(names, list(fixed)), 0, counts).astype(np.float64)
    exact = rest * weights / weights.sum()
    shares = np.floor(exact).astype(np.int64)
    # The largest remainders get what rounding left over.
    shares[np.argsort(shares - exact, kind="stable")[: rest - shares.sum()]] += 1
    sizes = dict(zip(names.tolist(), shares.tolist(), strict=True))
    return {name: fixed.get(name, share) for name, share in sizes.items()}


def create_catalogue(
    real: RealProducts,
    taxonomy: Taxonomy,
    size: int,
    folder: Path,
    *,
    seed: int = 1,
    neighbours: int = NEIGHBOURS,
    sizes: Mapping[str, int] | None = None,
) -> Catalogue:
    """Make a catalogue and write its arrays into a new folder."""
    sizes = sizes or category_sizes(real, size)
    resampler = Resampler(real, taxonomy, neighbours)
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    codes, histograms = real.indexed.binary_codes, real.indexed.colour_histograms
    columns = _columns(codes.shape[1], histograms.shape[1], len(taxonomy.groups))
    arrays = {
        name: np.lib.format.open_memmap(
            unfinished / f"{name}.npy", mode="w+", dtype=dtype, shape=(size, *shape)
        )
        for name, (dtype, shape) in columns.items()
    }
    places = np.random.default_rng([seed, size]).permutation(size)
    done = 0
    with tqdm(total=size, desc="resampling", unit=" products", mininterval=5) as progress:
        for number, name in enumerate(sorted(sizes)):
            for chunk, start in enumerate(range(0, sizes[name], CHUNK)):
                count = min(CHUNK, sizes[name] - start)
                rows = places[done : done + count]
                rng = np.random.default_rng([seed, number, chunk])
                made = resampler.sample(name, count, rng)
                arrays["codes"][rows] = made.codes
                arrays["histograms"][rows] = made.histograms
                arrays["values"][rows] = made.values
                arrays["origin"][rows] = made.origins
                arrays["category"][rows] = number
                arrays["brand"][rows] = draw_brands(count, rng)
                arrays["price"][rows] = draw_prices(count, rng)
                arrays["stock"][rows] = draw_stocks(count, rng)
                done += count
                progress.update(count)
    for array in arrays.values():
        array.flush()
    facts = {
        "seed": seed,
        "model": real.model,
        "categories": sorted(sizes),
        "terms": [group.terms() for group in taxonomy.groups.values()],
        "titles": list(real.titles),
        "stated": list(real.stated),
    }
    (unfinished / "catalogue.json").write_text(json.dumps(facts), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return Catalogue.open(folder)


def load_catalogue(
    size: int, *, products: Path = PRODUCTS, cache: Path = CACHE, seed: int = 1
) -> Catalogue:
    """Open the catalogue of a size, or make it if the cache has none."""
    folder = cache / f"catalogue-{size}-{seed}-{VERSION}"
    if (folder / "catalogue.json").exists():
        return Catalogue.open(folder)
    return create_catalogue(
        load_products(products, cache), Taxonomy.load(), size, folder, seed=seed
    )


def _columns(code: int, bins: int, groups: int) -> dict[str, tuple[type, tuple[int, ...]]]:
    return {
        "codes": (np.uint8, (code,)),
        "histograms": (np.uint8, (bins,)),
        "category": (np.uint8, ()),
        "values": (np.uint8, (groups,)),
        "origin": (np.int32, ()),
        "brand": (np.uint8, ()),
        "price": (np.float32, ()),
        "stock": (np.uint16, ()),
    }


def main() -> None:
    """Write a catalogue, or check the noise."""
    from tests.benchmarks.scale.noise import print_check

    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scale.catalogue",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", type=int, default=10_000, help="products (%(default)s)")
    parser.add_argument("--check", action="store_true", help="compare real and resampled instead")
    parser.add_argument("--products", type=Path, default=PRODUCTS, help="default: %(default)s")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.check:
        print_check(load_products(options.products, options.cache), Taxonomy.load())
        return
    catalogue = load_catalogue(
        options.size, products=options.products, cache=options.cache, seed=options.seed
    )
    print(f"{len(catalogue)} products in {catalogue.folder}")
    print(f"{catalogue.distinct_term_sets()} distinct sets of category and attributes")
    sizes = np.bincount(catalogue.category, minlength=len(catalogue.categories))
    for name, count in zip(catalogue.categories, sizes.tolist(), strict=True):
        if name in FIXED_SIZES:
            print(f"{name}: {count}")


if __name__ == "__main__":
    main()
