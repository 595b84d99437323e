"""Compare two ways to hold several pictures of a product, and one picture.

``python -m tests.benchmarks.scale.views [--products 1000000] [--engine URL --documents 20000]``

- ``one view``: a row for each product;
- ``views in the row``: a row for each product, which has all of its views (what the service does);
- ``a row for each view``: the product is the group of its views, and the best of a group is shown,
  as variants are.

Features are drawn at random: products of styles, in one category, of some thousand sets of
attributes. With an engine the size of an index is measured too, by whole documents.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
from opensearchpy import OpenSearch

from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.mappings.document import View, VisualDocument
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import WHOLE_IMAGE, Bytes
from houndstooth.mappings.rows import FeatureRows, TermSet
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.columns.builder import SegmentBuilder
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.columns.ranking import rank, rank_variants
from houndstooth.plugin.columns.snapshot import Part, Snapshot
from houndstooth.plugin.config import ATTRIBUTE_WEIGHT
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.sources import GROWTH
from houndstooth.plugin.steps_ranker import SPARE_ROWS
from tests.benchmarks.scale.queries import TOP

CODE_BYTES, BINS = 175, 104
STYLES, CHUNK = 5_000, 50_000
GROUPS = {"colour": 12, "pattern": 6, "sleeve": 4, "collar": 5, "gender": 2}
WAYS = ("one view", "views in the row", "a row for each view")


def draw(products: int, views: int, seed: int = 1) -> Iterator[tuple[range, Bytes, Bytes]]:
    """Draw codes [n, views, b] and histograms [n, views, bins] of some products at a time."""
    styles = np.random.default_rng(seed).integers(0, 256, (STYLES, CODE_BYTES), dtype=np.uint8)
    for start in range(0, products, CHUNK):
        rng = np.random.default_rng([seed, start])
        count = min(CHUNK, products - start)
        size = (count, views, CODE_BYTES)
        # Each bit is flipped with a probability of 1/8: that of three bits being set at once.
        flips = rng.integers(0, 256, size, dtype=np.uint8)
        flips &= rng.integers(0, 256, size, dtype=np.uint8)
        flips &= rng.integers(0, 256, size, dtype=np.uint8)
        codes = styles[rng.integers(STYLES, size=count)][:, np.newaxis] ^ flips
        shares = rng.dirichlet(np.full(BINS, 0.05), size=(count, views))
        yield range(start, start + count), codes, np.rint(255 * np.sqrt(shares)).astype(np.uint8)


def term_sets(rows: range) -> list[TermSet]:
    """Draw what products are."""
    rng = np.random.default_rng([2, rows.start])
    values = [rng.zipf(1.5, len(rows)) % count for count in GROUPS.values()]
    return [
        ("top", "shirt", tuple(sorted(f"{name}:{v}" for name, v in zip(GROUPS, one, strict=True))))
        for one in zip(*(column.tolist() for column in values), strict=True)
    ]


def snapshot_of(way: str, products: int, views: int) -> Snapshot:
    """Build the columns in one of WAYS."""
    builder = SegmentBuilder()
    for rows, codes, histograms in draw(products, views):
        if way == WAYS[0]:
            codes, histograms = codes[:, :1], histograms[:, :1]
        each = codes.shape[1]
        repeated = each if way == WAYS[2] else 1
        ids = [f"{10_000_000 + row}-{n}" for row in rows for n in range(repeated)]
        builder.add(
            FeatureRows(
                ids,
                np.arange(len(ids)),
                [one for one in term_sets(rows) for _ in range(repeated)],
                codes.reshape(-1, CODE_BYTES),
                histograms.reshape(-1, BINS),
                [one.partition("-")[0] if repeated > 1 else None for one in ids],
                np.full(len(rows), each) if way == WAYS[1] else None,
            )
        )
    return Snapshot((Part(builder.segment()),))


def queries(products: int, views: int, count: int) -> list[RankingQuery]:
    """Ask with something like the last view of a product, and with its attributes."""
    rows, codes, histograms = next(draw(products, views))
    sets = term_sets(rows)
    rng = np.random.default_rng(3)
    asked = []
    for row in rng.integers(len(rows), size=count).tolist():
        flips = rng.integers(0, 256, (4, CODE_BYTES), dtype=np.uint8)
        preferred = {term.partition(":")[0]: {term: 700} for term in sets[row][2]}
        asked.append(
            RankingQuery(
                codes[row, -1] ^ np.bitwise_and.reduce(flips),
                histograms[row, -1],
                CandidateQuery("m", category="shirt", preferred=preferred),
                0.7,
                ATTRIBUTE_WEIGHT,
            )
        )
    return asked


def search(query: RankingQuery, snapshot: Snapshot, grouped: bool) -> list[str]:
    """Find the best products; of groups the best row alone, as ``plugin/page.py`` does."""
    top = TOP + (SPARE_ROWS if grouped else 0)
    while True:
        rows = rank(query, snapshot, top)
        if not grouped:
            return [row.product_id for row in rows]
        best: dict[int, str] = {}
        for row in rank_variants(query, snapshot, list({row.variant for row in rows})):
            best.setdefault(row.variant, row.product_id)
        found = [row.product_id for row in rows if best[row.variant] == row.product_id]
        if len(found) >= TOP or len(rows) < top:
            return [one.partition("-")[0] for one in found[:TOP]]
        top *= GROWTH


def index_bytes(url: str, way: str, products: int, views: int) -> float:
    """Write whole documents into an index of its own, and return its bytes a product."""
    address, _, index = url.partition("://")[2].partition("/")
    engine = open_engine(url)
    client = OpenSearch(f"http://{address}")
    client.indices.delete(index=index, ignore=[404])
    engine.prepare()
    for rows, codes, histograms in draw(products, views):
        sets = term_sets(rows)
        for start in range(0, len(rows), 1_000):
            documents: list[IndexDocument] = []
            for row in range(start, min(start + 1_000, len(rows))):
                pairs = list(zip(codes[row], histograms[row], strict=True))
                some = [pairs[:1]] if way == WAYS[0] else [pairs]
                some = [[pair] for pair in pairs] if way == WAYS[2] else some
                documents += (
                    document(f"{10_000_000 + rows[row]}-{n}", sets[row], each)
                    for n, each in enumerate(some)
                )
            assert all(outcome.error is None for outcome in engine.write(documents))
    client.indices.forcemerge(index=index, max_num_segments=1)
    client.indices.flush(index=index)
    engine.refresh()
    size = client.indices.stats(index=index)["_all"]["primaries"]["store"]["size_in_bytes"]
    client.indices.delete(index=index)
    engine.close()
    return float(size) / products


def document(product_id: str, term_set: TermSet, views: list[tuple[Bytes, Bytes]]) -> IndexDocument:
    """Make a document with such facts as a shop has."""
    number = product_id.partition("-")[0]
    great, category, attributes = term_set
    terms = (term for view in views for term in appearance_terms(category, *view))
    visual = VisualDocument(
        *(category, great, attributes, attributes[:2], WHOLE_IMAGE, product_id, *views[0]),
        *("m", "0" * 64, "2026-01-01T00:00:00+00:00", tuple(dict.fromkeys(terms))),
        further=tuple(View(n, WHOLE_IMAGE) for n in range(2, len(views) + 1)),
        further_codes=tuple(code for code, _ in views[1:]),
        further_colours=tuple(colour for _, colour in views[1:]),
    )
    facts = {
        "title": f"Brand Men {' '.join(attributes)} Shirt {number}",
        "brand": f"Brand {int(number) % 40}",
        "price": int(number) % 90 + 9.95,
        "image": f"https://images.shop.example/products/{number}-front.jpg",
        "url": f"https://www.shop.example/en/p/{number}",
        "group": number,
    }
    return IndexDocument(product_id, facts, visual)


def main() -> None:
    """Time the three and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.views")
    parser.add_argument("--products", type=int, default=1_000_000, help="default: %(default)s")
    parser.add_argument("--views", type=int, default=2, help="of each product (%(default)s)")
    parser.add_argument("--rounds", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--engine", help="opensearch:// URL of an index to make and delete")
    parser.add_argument("--documents", type=int, default=20_000, help="there (%(default)s)")
    options = parser.parse_args()
    asked = queries(options.products, options.views, options.rounds)
    print(f"{options.products:,} products of {options.views} views, top {TOP}, one thread")
    print("| way | p50, ms | p95, ms | columns, MB | bytes a product | index, bytes a product |")
    print("|---|---|---|---|---|---|")
    snapshots = {way: snapshot_of(way, options.products, options.views) for way in WAYS}
    answers: dict[str, list[list[str]]] = {way: [] for way in WAYS}
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for query in (asked[0], *asked):  # the first time warms up
        for way, snapshot in snapshots.items():
            began = time.perf_counter()
            answers[way].append(search(query, snapshot, way == WAYS[2]))
            taken[way].append(1000 * (time.perf_counter() - began))
    for way, snapshot in snapshots.items():
        size = sum(array.nbytes for array in snapshot.parts[0].segment.arrays.values())
        stored = "–"
        if options.engine:
            each = index_bytes(options.engine, way, options.documents, options.views)
            stored = f"{each:.0f}"
        p50, p95 = np.percentile(taken[way][1:], [50, 95])
        print(
            f"| {way} | {p50:.1f} | {p95:.1f} | {size / 1e6:.0f} "
            f"| {size / options.products:.0f} | {stored} |",
            flush=True,
        )
    ids = [[[one.partition("-")[0] for one in page] for page in answers[way]] for way in WAYS[1:]]
    print(f"the two ways of several views agree: {ids[0] == ids[1]}")


if __name__ == "__main__":
    main()
