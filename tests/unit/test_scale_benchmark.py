"""The scale benchmark: its resampled catalogues, their documents, and the exact answers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.rows import FeatureRows
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import attribute_query
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.columns.ranking import rank
from houndstooth.plugin.columns.snapshot import Snapshot
from houndstooth.plugin.config import ATTRIBUTE_WEIGHT
from tests.benchmarks.scale import catalogue as module
from tests.benchmarks.scale.catalogue import Catalogue, category_sizes, create_catalogue
from tests.benchmarks.scale.documents import Documents
from tests.benchmarks.scale.features import Photos, RealProducts
from tests.benchmarks.scale.queries import BRAND, PRICE, Variant, queries
from tests.benchmarks.scale.reference import Reference
from tests.benchmarks.scale.resample import Resampler, count_term_sets, recombine

CATEGORIES = ("handbag", "casual-shoes", "shirt", "t-shirt", "watch", "heels")


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return Taxonomy.load()


@pytest.fixture(scope="module")
def real(taxonomy: Taxonomy) -> RealProducts:
    """Made-up photos: 20 of each category, their colours with confidences."""
    rng = np.random.default_rng(3)
    count = 20 * len(CATEGORIES)
    categories = [CATEGORIES[row % len(CATEGORIES)] for row in range(count)]
    colours = taxonomy.groups["colour"].terms()
    predicted = [
        [(colours[row % 5], 0.6), (colours[5 + row % 3], 0.3), ("gender:women", 0.9)]
        for row in range(count)
    ]
    photos = Photos(
        rng.integers(256, size=(count, 175), dtype=np.uint8),
        rng.integers(60, size=(count, 104), dtype=np.uint8),
        categories,
        [0.9] * count,
        predicted,
    )
    stored = [tuple(sorted((terms[0][0], "gender:women"))) for terms in predicted]
    return RealProducts(
        "m-1",
        [str(row) for row in range(count)],
        [f"Product {row}" for row in range(count)],
        np.arange(count),
        stored,
        [("gender:women",)] * count,
        photos,
        photos,
    )


def made(real: RealProducts, taxonomy: Taxonomy, folder: Path, size: int = 3_000) -> Catalogue:
    return create_catalogue(real, taxonomy, size, folder, seed=7)


def test_sizes_are_exact_and_fill_the_catalogue(real: RealProducts) -> None:
    for size in (5_000, 30_000, 181_001, 3_000_000):
        sizes = category_sizes(real, size)
        assert sum(sizes.values()) == size
        assert sizes["handbag"] == 1_000
    assert category_sizes(real, 3_000_000)["t-shirt"] == 1_000_000
    assert category_sizes(real, 200_000)["shirt"] == 160_000
    assert category_sizes(real, 30_000)["casual-shoes"] == 20_000


def test_a_seed_gives_one_catalogue(real: RealProducts, taxonomy: Taxonomy, tmp_path: Path) -> None:
    first, second = (made(real, taxonomy, tmp_path / name) for name in "ab")
    for name in ("codes", "histograms", "category", "values", "origin", "price", "brand", "stock"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name


def test_fixed_categories_are_the_same_at_every_size(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    small, large = (made(real, taxonomy, tmp_path / str(n), n) for n in (1_500, 4_000))
    codes = [
        np.sort(np.ascontiguousarray(c.codes[c.rows_of("handbag")]).view("V175"), axis=0)
        for c in (small, large)
    ]
    assert codes[0].shape == (1_000, 1)
    assert np.array_equal(*codes)


def test_products_are_spread_over_the_catalogue(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    catalogue = made(real, taxonomy, tmp_path / "c")
    rows = catalogue.rows_of("handbag")
    assert len(rows) == 1_000
    assert 400 < (rows < 1_500).sum() < 600
    assert catalogue.row_of(catalogue.product_id(17)) == 17


def test_chunks_do_not_change_the_sizes(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 300)
    catalogue = made(real, taxonomy, tmp_path / "c")
    assert len(catalogue.rows_of("handbag")) == 1_000
    assert len(catalogue) == 3_000


def test_a_bit_comes_from_a_parent() -> None:
    rng = np.random.default_rng(1)
    parents = [rng.integers(256, size=(50, 175), dtype=np.uint8) for _ in range(4)]
    child = recombine(parents, rng)
    every, some = np.bitwise_and.reduce(parents), np.bitwise_or.reduce(parents)
    assert np.array_equal(child & every, every)
    assert np.array_equal(child & some, child)
    shares = [float(np.bitwise_count(child ^ parent).mean()) / 8 for parent in parents]
    assert shares == pytest.approx([3 / 8] * 4, abs=0.02)


def test_unsure_terms_change_and_stated_ones_never(real: RealProducts, taxonomy: Taxonomy) -> None:
    resampler = Resampler(real, taxonomy)
    resampler.term_noise = 0.5
    sample = resampler.sample("shirt", 4_000, np.random.default_rng(2))
    groups = list(taxonomy.groups)
    colours, genders = (sample.values[:, groups.index(name)] for name in ("colour", "gender"))
    stated = 1 + taxonomy.groups["gender"].terms().index("gender:women")
    assert np.all(genders == stated)  # the title states it
    assert np.all(colours > 0)  # it is always known
    originals = np.array([1 + row % 5 for row in sample.origins])
    assert 0.001 < (colours != originals).mean() < 0.5


def test_as_many_products_have_as_many_term_sets(taxonomy: Taxonomy, real: RealProducts) -> None:
    rng = np.random.default_rng(4)
    predicted = [
        [(str(term), float(share)) for term, share in zip(terms, shares, strict=True)]
        for terms, shares in zip(
            (
                rng.choice(group, 2, replace=False)
                for group in [taxonomy.groups["colour"].terms()]
                for _ in range(len(real))
            ),
            rng.dirichlet((3, 1), len(real)),
            strict=True,
        )
    ]
    photos = replace(real.indexed, predicted=predicted)
    varied = replace(real, indexed=photos)
    resampler = Resampler(varied, taxonomy)
    wanted = len(
        {
            (c, max(p, key=lambda t: t[1])[0])
            for c, p in zip(photos.categories, predicted, strict=True)
        }
    )
    counts = [
        sum(
            count_term_sets(
                np.zeros(20), resampler.sample(name, 20, np.random.default_rng(n)).values
            )
            for name in CATEGORIES
        )
        for n in range(20)
    ]
    assert np.mean(counts) == pytest.approx(wanted, rel=0.1)


def test_attributes_are_terms_of_the_category(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    catalogue = made(real, taxonomy, tmp_path / "c")
    terms = catalogue.attributes(5)
    assert "gender:women" in terms
    assert [term.partition(":")[0] for term in terms] == ["colour", "gender"]
    assert catalogue.distinct_term_sets() == len(CATEGORIES) * 5


def test_documents_are_those_of_ingest(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    catalogue = made(real, taxonomy, tmp_path / "c")
    lines = Documents(catalogue, taxonomy).bulk(990, 1_010).decode().splitlines()
    assert len(lines) == 40
    for row, action, document in zip(range(990, 1_010), lines[::2], lines[1::2], strict=True):
        assert json.loads(action) == {"index": {"_id": catalogue.product_id(row)}}
        facts = json.loads(document)
        visual = facts.pop("visual")
        read = VisualDocument.from_json(visual)
        assert read.to_json() == visual
        assert np.array_equal(read.binary_code, catalogue.codes[row])
        assert np.array_equal(read.colour_histogram, catalogue.histograms[row])
        assert read.attributes == catalogue.attributes(row)
        assert read.great_category == taxonomy.great_category(read.category)
        assert set(facts) == {"title", "brand", "price", "currency", "stock", "image", "url"}
        assert facts["price"] == pytest.approx(float(catalogue.price[row]), abs=0.001)


def test_vectors_of_rivals_are_the_codes(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    catalogue = made(real, taxonomy, tmp_path / "c")
    document = json.loads(Documents(catalogue, taxonomy).bulk(3, 4, "v").decode().splitlines()[1])
    assert np.array_equal(np.array(document["v"], dtype=np.int8).view(np.uint8), catalogue.codes[3])
    assert set(document["visual"]) == {
        *("product_id", "category", "great_category", "attributes", "model")
    }


@pytest.mark.parametrize("variant", ["whole", "photo", "certain"])
def test_the_exhaustive_answer_is_that_of_the_ranking(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path, variant: Variant
) -> None:
    catalogue = made(real, taxonomy, tmp_path / "c")
    rows = catalogue.rows_of("handbag")
    snapshot = Snapshot.of(
        FeatureRows(
            [catalogue.product_id(row) for row in rows.tolist()],
            np.arange(len(rows)),
            [("bag", "handbag", catalogue.attributes(row)) for row in rows.tolist()],
            catalogue.codes[rows],
            catalogue.histograms[rows],
            [None] * len(rows),
        )
    )
    reference = Reference(catalogue, taxonomy)
    for asked in queries(real, "handbag", variant, 10):
        truth = reference.answer(asked)
        steps = dict(attribute_query(asked.features, asked.request, taxonomy))
        query = RankingQuery(
            asked.features.binary_code,
            asked.features.colour_histogram,
            steps[truth.step],
            asked.request.appearance_weight,
            ATTRIBUTE_WEIGHT,
        )
        ranked = rank(query, snapshot, 24)
        assert [row.product_id for row in ranked] == [
            catalogue.product_id(row) for row in truth.best.tolist()
        ]
        if variant == "whole":
            assert len(truth.passing) == 1_000


def test_filters_of_queries_hold_in_the_exhaustive_answer(
    real: RealProducts, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    catalogue = made(real, taxonomy, tmp_path / "c")
    reference = Reference(catalogue, taxonomy)
    for variant in ("price", "brand"):
        truth = reference.answer(queries(real, "handbag", variant, 1)[0])
        assert 24 < len(truth.passing) < 500
        for row in truth.passing.tolist():
            if variant == "price":
                assert PRICE.low <= catalogue.price[row] <= PRICE.high
            else:
                assert catalogue.brands[catalogue.brand[row]] == BRAND.value
