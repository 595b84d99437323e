"""Two or three feeds at the same time, in any interleaving of their reads and writes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from houndstooth.ingest.batch_steps import BatchSteps
from houndstooth.ingest.drafts import source_hash
from houndstooth.ingest.outcome import MEANWHILE
from houndstooth.ingest.views import RecentFeatures
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines.sqlite import SQLiteEngine
from tests.fakes import FakeExtractor

TAXONOMY = Taxonomy.load()
TITLES = ("Red shirt", "Blue jeans")


def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (24, 24), "red").save(stream, "PNG")
    return stream.getvalue()


PICTURE = picture()


@dataclass(frozen=True)
class Feed:
    as_of: int
    products: Sequence[Product]

    def run(self, engine: SQLiteEngine) -> Iterator[None]:
        """Ingest product by product; others may come between its reading and its writing."""
        extractor = FakeExtractor()
        recent = RecentFeatures(extractor)
        steps = BatchSteps(extractor, engine, TAXONOMY, lambda _: PICTURE, 1, recent, self.as_of)
        for product in self.products:
            while True:
                drafts = steps.extract(steps.find_changed(steps.read_all([product])))
                yield
                [outcome] = steps.write(drafts, [steps.document(draft) for draft in drafts])
                if outcome.failure_type != MEANWHILE:
                    assert outcome.status != "failed"
                    break
                yield
            yield


def product(product_id: str, title: str, price: int) -> Product:
    return Product(product_id, title, ("a.png",), facts={"title": title, "price": price})


def feeds() -> st.SearchStrategy[list[Feed]]:
    products = st.builds(product, st.sampled_from("ab"), st.sampled_from(TITLES), st.integers(1, 3))
    rows = st.lists(products, min_size=1, max_size=3, unique_by=lambda one: one.product_id)
    orders = st.permutations([1, 2, 3])
    return st.tuples(orders, st.lists(rows, min_size=2, max_size=3)).map(
        lambda drawn: [Feed(as_of, rows) for as_of, rows in zip(*drawn, strict=False)]
    )


@settings(max_examples=60, deadline=None)
@given(feeds(), st.lists(st.integers(0, 2), max_size=40))
def test_the_newest_feed_that_has_a_product_decides(feeds: list[Feed], turns: list[int]) -> None:
    with TemporaryDirectory() as folder:
        engine = SQLiteEngine(Path(folder) / "catalogue.db")
        engine.prepare()
        running = [feed.run(engine) for feed in feeds]
        for turn in [*turns, *(n for n in range(len(running)) for _ in range(60))]:
            if turn < len(running):
                next(running[turn], None)
        newest: dict[str, Product] = {}
        for feed in sorted(feeds, key=lambda one: one.as_of):
            newest |= {one.product_id: one for one in feed.products}
        stored = {one.product_id: one for one in engine.fetch([*"ab"])}
        engine.close()
    assert stored.keys() == newest.keys()
    for product_id, one in newest.items():
        found = stored[product_id]
        assert found.facts == one.facts
        assert found.visual is not None
        assert found.visual.source_hash == source_hash(one, [(1, PICTURE)], TAXONOMY)
