"""Batches through the pipeline: order, sharing of work, and no more in flight than allowed."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from houndstooth.ingest.images import folder_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import IN_FLIGHT, ingest_batch, ingest_feed
from houndstooth.ingest.products import FeedProduct
from houndstooth.ingest.views import RecentFeatures, Wanted
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Product
from tests.fakes import FakeExtractor
from tests.integration.ingest.fakes import Counting, Picky, WaitsForNextBatch
from tests.integration.ingest.shop import COLOURS, TAXONOMY, Shop


def png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def entries(count: int, on_read: list[int] | None = None) -> Iterator[FeedProduct | Outcome]:
    for i in range(count):
        if on_read is not None:
            on_read.append(i)
        yield FeedProduct(i, Product(f"p{i}", "shirt", (f"img/{list(COLOURS)[i % 3]}.png",)))


def test_batch_outcomes_stand_in_order(shop: Shop, engine: Engine) -> None:
    products = [
        Product("a", "Red shirt", ("img/red.png",)),
        Product("b", "Shirt", ("img/none.png",)),
        Product("c", "Shirt", ("img/red.png",), box=Box(0, 0, 0.5, 1)),
    ]
    images = folder_images(shop.folder)
    for expected in (["written", "failed", "written"], ["unchanged", "failed", "unchanged"]):
        outcomes = ingest_batch(
            products,
            extractor=FakeExtractor(),
            engine=engine,
            taxonomy=TAXONOMY,
            load_image=images,
        )
        assert [outcome.product_id for outcome in outcomes] == ["a", "b", "c"]
        assert [outcome.status for outcome in outcomes] == expected
    [stored] = engine.fetch(["c"])
    assert stored.visual is not None
    assert stored.visual.box == Box(0, 0, 0.5, 1)


def test_a_picture_that_variants_share_is_recognised_once(shop: Shop, engine: Engine) -> None:
    (shop.folder / "img/copy.png").write_bytes((shop.folder / "img/red.png").read_bytes())
    sizes = [Product(size, f"Shirt, {size}", ("img/red.png",)) for size in ("S", "M", "L")]
    others = [
        Product("copied", "Shirt", ("img/copy.png",)),  # another file, the same picture
        Product("guided", "Jeans", ("img/red.png",)),
        Product("boxed", "Shirt", ("img/red.png",), box=Box(0, 0, 0.5, 1)),
        Product("gone", "Shirt", ("img/none.png",)),
    ]
    loaded: list[str] = []
    load = folder_images(shop.folder)

    def load_image(path: str) -> bytes:
        loaded.append(path)
        return load(path)

    extractor = Counting()
    outcomes = ingest_batch(
        [*sizes, *others],
        extractor=extractor,
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=load_image,
    )
    assert [outcome.status for outcome in outcomes] == ["written"] * 6 + ["failed"]
    assert sorted(loaded) == ["img/copy.png", "img/none.png", "img/red.png"]
    assert (extractor.decoded, extractor.looks) == (1, 3)
    stored = {one.product_id: one.visual for one in engine.fetch([*"SML", "guided", "boxed"])}
    assert [one and one.category for one in stored.values()] == ["shirt"] * 3 + ["jeans", "shirt"]
    assert stored["boxed"] and stored["boxed"].box == Box(0, 0, 0.5, 1)


def test_a_picture_of_an_earlier_batch_is_not_recognised_again(shop: Shop, engine: Engine) -> None:
    extractor = Counting()
    for _ in ingest_feed(
        entries(60),
        extractor=extractor,
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=folder_images(shop.folder),
        batch=2,
    ):
        pass
    assert engine.count() == 60
    assert extractor.looks == extractor.decoded <= 3 * IN_FLIGHT


def test_the_features_of_the_last_images_are_kept() -> None:
    extractor = Counting()
    recent = RecentFeatures(extractor, most=2)
    files: list[Wanted] = [(png(colour), None, None, False) for colour in ("red", "lime", "blue")]
    first = recent.extract(files[:2])
    assert recent.extract(files[:2]) == first
    assert extractor.looks == 2
    recent.extract(files[2:])
    recent.extract(files[1:2])
    assert extractor.looks == 3
    recent.extract([(files[1][0], frozenset({"jeans"}), None, False), *files[:1]])
    assert extractor.looks == 5


def test_no_more_batches_are_in_flight_than_said(shop: Shop, engine: Engine) -> None:
    read: list[int] = []
    done = 0
    for outcomes in ingest_feed(
        entries(50, read),
        extractor=FakeExtractor(),
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=folder_images(shop.folder),
        batch=4,
    ):
        done += len(outcomes)
        assert len(read) <= done + IN_FLIGHT * 4
        assert outcomes[-1].row == done - 1
    assert done == len(read) == engine.count() == 50


def test_the_next_batch_is_read_while_the_networks_run(shop: Shop, engine: Engine) -> None:
    extractor = WaitsForNextBatch()
    images = folder_images(shop.folder)

    def load(reference: str) -> bytes:
        extractor.loaded.release()
        return images(reference)

    batches = ingest_feed(
        entries(4),
        extractor=extractor,
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=load,
        batch=2,
    )
    assert [outcome.status for batch in batches for outcome in batch] == ["written"] * 4


def test_what_the_engine_refuses_is_reported(shop: Shop) -> None:
    outcomes = ingest_batch(
        [Product("good", "shirt", ("img/red.png",)), Product("bad", "shirt", ("img/red.png",))],
        extractor=FakeExtractor(),
        engine=Picky(),
        taxonomy=TAXONOMY,
        load_image=folder_images(shop.folder),
    )
    assert outcomes == [
        Outcome("good", "written", category_from="text", category="shirt"),
        Outcome("bad", "failed", "too busy", "refused by the engine", retryable=True),
    ]
