"""Several images of a product: all of them are found by, and a bad one costs only itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from houndstooth.ingest.drafts import LEFT_OUT, NOT_WHOLE, REPLACED, source_hash
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import ingest_batch
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from tests.fakes import FakeExtractor
from tests.integration.ingest.fakes import Counting, DislikesGreen
from tests.integration.ingest.shop import COLOURS, TAXONOMY, Shop

RED, GREEN, BLUE = (f"img/{name}.png" for name in COLOURS)


class Ingest:
    """Ingests products of a shop, and keeps what the extractor was asked."""

    def __init__(self, shop: Shop, engine: Engine) -> None:
        self.shop, self.engine = shop, engine

    def __call__(
        self, *products: Product, extractor: FakeExtractor | None = None, **options: Any
    ) -> list[Outcome]:
        return ingest_batch(
            products,
            extractor=extractor or FakeExtractor(),
            engine=self.engine,
            taxonomy=TAXONOMY,
            load_image=folder_images(self.shop.folder),
            **options,
        )

    def stored(self, product_id: str = "1") -> VisualDocument:
        [product] = self.engine.fetch([product_id])
        assert product.visual is not None
        return product.visual


@pytest.fixture
def ingest(shop: Shop, engine: Engine) -> Ingest:
    for name in ("broken", "again"):
        data = b"nothing" if name == "broken" else (shop.folder / RED).read_bytes()
        (shop.folder / f"img/{name}.png").write_bytes(data)
    return Ingest(shop, engine)


def places(made: VisualDocument) -> list[int]:
    return [view.place for view in made.views]


def code_of(ingest: Ingest, image: str) -> bytes:
    [features] = FakeExtractor().extract([Image.open(ingest.shop.folder / image).convert("RGB")])
    return features.binary_code.tobytes() + features.colour_histogram.tobytes()


def codes(made: VisualDocument) -> list[bytes]:
    first = made.binary_code.tobytes() + made.colour_histogram.tobytes()
    further = zip(made.further_codes, made.further_colours, strict=True)
    return [first, *(code.tobytes() + colour.tobytes() for code, colour in further)]


def test_every_image_is_a_view(ingest: Ingest) -> None:
    [outcome] = ingest(Product("1", "Shirt", (RED, GREEN, BLUE)))
    assert (outcome.status, outcome.notes) == ("written", ())
    assert places(ingest.stored()) == [1, 2, 3]
    assert codes(ingest.stored()) == [code_of(ingest, one) for one in (RED, GREEN, BLUE)]
    assert ingest.stored().attributes == ("colour:red",)
    [outcome] = ingest(Product("1", "Shirt", (RED, GREEN, BLUE)))
    assert outcome.status == "unchanged"


@pytest.mark.parametrize(("views", "expected"), [(1, [1]), (2, [1, 2]), (4, [1, 2, 3])])
def test_no_more_images_are_used_than_said(ingest: Ingest, views: int, expected: list[int]) -> None:
    extractor = Counting()
    ingest(Product("1", "Shirt", (RED, GREEN, BLUE)), extractor=extractor, views=views)
    assert places(ingest.stored()) == expected
    assert extractor.decoded == len(expected)


def test_the_same_picture_is_one_view(ingest: Ingest) -> None:
    ingest(Product("1", "Shirt", (RED, RED, "img/again.png", GREEN)))
    assert places(ingest.stored()) == [1, 4]


def test_terms_of_all_views_are_found(ingest: Ingest) -> None:
    ingest(Product("1", "Shirt", (RED, BLUE)), Product("2", "Shirt", (BLUE,)))
    assert set(ingest.stored("2").appearance) < set(ingest.stored("1").appearance)


@pytest.mark.parametrize("bad", ["img/none.png", "img/broken.png"])
def test_a_bad_further_image_costs_only_itself(ingest: Ingest, bad: str) -> None:
    product = Product("1", "Shirt", (RED, bad, BLUE))
    [outcome] = ingest(product)
    assert outcome.status == "written"
    [note] = outcome.notes
    assert (note.kind, note.detail[:8]) == (LEFT_OUT, "image 2:")
    assert places(ingest.stored()) == [1, 3]
    assert ingest(product)[0].status == "unchanged"


class Remarking(FakeExtractor):
    """Says something of every image."""

    def _one(self, image: Image.Image, guide: Any, box: Box | None) -> Features:
        return replace(super()._one(image, guide, box), notes=("it ends early",))


def test_what_is_to_be_said_of_an_image_is_noted(ingest: Ingest) -> None:
    [outcome] = ingest(Product("1", "Shirt", (RED, BLUE)), extractor=Remarking())
    assert [(note.kind, note.detail) for note in outcome.notes] == [
        (NOT_WHOLE, "image 1: it ends early"),
        (NOT_WHOLE, "image 2: it ends early"),
    ]


@pytest.mark.parametrize("bad", ["img/none.png", "img/broken.png"])
def test_the_next_image_takes_the_place_of_a_bad_first_one(ingest: Ingest, bad: str) -> None:
    box = Box(0, 0, 0.5, 1)  # of the first image, so of no other
    product = Product("1", "Shirt", (bad, GREEN, BLUE), box=box)
    [outcome] = ingest(product)
    assert outcome.status == "written"
    assert [note.kind for note in outcome.notes] == [REPLACED]
    made = ingest.stored()
    assert (places(made), made.attributes) == ([2, 3], ("colour:green",))
    assert made.box != box
    assert ingest(product)[0].status == "unchanged"


def test_an_image_that_comes_back_is_used(ingest: Ingest) -> None:
    product = Product("1", "Shirt", (RED, "img/late.png"))
    ingest(product)
    assert places(ingest.stored()) == [1]
    (ingest.shop.folder / "img/late.png").write_bytes((ingest.shop.folder / BLUE).read_bytes())
    assert ingest(product)[0].status == "written"
    assert places(ingest.stored()) == [1, 2]


def test_no_usable_image_fails_as_one_bad_image_does(ingest: Ingest) -> None:
    bad = ("img/none.png", "img/broken.png")
    outcomes = ingest(Product("1", "Shirt", bad), Product("2", "Shirt", bad[:1]))
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert outcomes[0].reason == outcomes[1].reason
    assert "no such image file: 'img/none.png'" in str(outcomes[0].reason)
    outcomes = ingest(Product("1", "Shirt", bad[::-1]))
    assert outcomes[0].reason and outcomes[0].reason.startswith("expected an image")


def test_an_image_that_the_extractor_alone_refuses(ingest: Ingest) -> None:
    (ingest.shop.folder / "img/lime.png").write_bytes(
        (ingest.shop.folder / GREEN).read_bytes() + b" "
    )
    products = [Product("1", "Shirt", (RED, GREEN)), Product("2", "Shirt", (RED, BLUE))]
    outcomes = ingest(*products, extractor=DislikesGreen())
    assert [outcome.status for outcome in outcomes] == ["written", "written"]
    assert [note.detail for note in outcomes[0].notes] == ["image 2: expected no green"]
    assert [places(ingest.stored(one)) for one in "12"] == [[1], [1, 2]]


def test_pictures_that_variants_share_are_recognised_once(ingest: Ingest) -> None:
    """Each variant begins with its own picture and shares the others, in any order."""
    extractor = Counting()
    orders = ((RED, GREEN, BLUE), (GREEN, BLUE, RED), (BLUE, RED, GREEN))
    ingest(*(Product(str(n), "Shirt", one) for n, one in enumerate(orders)), extractor=extractor)
    assert (extractor.decoded, extractor.looks) == (3, 3)
    for number, order in enumerate(orders):
        assert codes(ingest.stored(str(number))) == [code_of(ingest, one) for one in order]


class Guided(FakeExtractor):
    """Takes a red image for jeans, others for boots, and keeps its guides and batches."""

    def __init__(self) -> None:
        super().__init__()
        self.guides: list[Collection[str] | None] = []
        self.batches: list[int] = []

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        self.guides += list(categories or ())
        self.batches.append(len(images))
        self.default_category = "jeans"
        return super().extract(images, categories, boxes, with_others)


def test_further_images_are_guided_by_the_first(ingest: Ingest) -> None:
    extractor = Guided()
    ingest(Product("1", "Something", (RED, GREEN, BLUE)), extractor=extractor)
    assert extractor.guides == [None, {"jeans"}, {"jeans"}]


def test_one_image_of_each_product_at_a_time_is_decoded(ingest: Ingest) -> None:
    extractor = Guided()
    ingest(
        Product("1", "Shirt", (RED, GREEN, BLUE)),
        Product("2", "Jeans", (BLUE, GREEN, RED)),
        extractor=extractor,
    )
    assert extractor.batches == [2, 2, 2]


def test_one_image_has_the_hash_that_it_always_had() -> None:
    """Products that have one are not recognised again."""
    product = Product("1", "Red shirt", (RED,), box=Box(0, 0, 0.5, 1), language="en")
    taxonomy = cast(Taxonomy, SimpleNamespace(feature_digest="digest"))
    one = source_hash(product, [(1, b"image")], taxonomy)
    assert one == "cc52adcbde1c29d49bddd2fb2f4c08fb49c5dda2908bbe909fa738233eaf7bee"
    hashes = {
        one,
        source_hash(product, [(2, b"image")], taxonomy),
        source_hash(product, [(1, b"image"), (2, b"more")], taxonomy),
        source_hash(product, [(1, b"image"), (3, b"more")], taxonomy),
        source_hash(product, [(1, b"image"), (2, b"mo"), (3, b"re")], taxonomy),
    }
    assert len(hashes) == 5
