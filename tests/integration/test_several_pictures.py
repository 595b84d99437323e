"""Several pictures of one item, as the networks see them."""

from __future__ import annotations

import numpy as np
import pytest

from houndstooth.mappings.features import Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.recognition.prediction import Prediction, mean_prediction
from houndstooth.models.synthetic import generate


@pytest.fixture(scope="module")
def extractor() -> ImageExtractor:
    return load_extractor(Taxonomy.load())


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("drawn")
    generate(6, 3, folder, progress=False)
    return [path.read_bytes() for path in sorted((folder / "images").glob("*.jpg"))]


def bits(one: Features, other: Features) -> int:
    return int(np.unpackbits(one.binary_code ^ other.binary_code).sum())


def test_the_same_picture_several_times_is_that_picture(
    extractor: ImageExtractor, photos: list[bytes]
) -> None:
    for photo in photos[:3]:
        image = extractor.decode(photo)
        [alone] = extractor.extract([image])
        together = extractor.extract_together([image, image, image])
        assert bits(together, alone) <= 2, "a mean of equal floats may differ in its last digit"
        assert np.abs(together.colour_histogram.astype(int) - alone.colour_histogram).max() <= 1
        assert together.categories == alone.categories
        assert together.best_attributes() == alone.best_attributes()
        assert (together.box, together.items) == (alone.box, alone.items)


def test_two_pictures_lie_between_both(extractor: ImageExtractor, photos: list[bytes]) -> None:
    front, back = (extractor.decode(photo) for photo in photos[:2])
    for category in (None, "shirt"):
        choice = None if category is None else [[category]] * 2
        together = extractor.extract_together([front, back], category)
        if choice is None:
            choice = [[together.category.term]] * 2
        alone = extractor.extract([front, back], choice)
        apart = bits(*alone)
        assert all(bits(together, one) < apart for one in alone)
        assert together.category_source == ("chosen" if category else "auto")
        assert (together.box, together.items) == (alone[0].box, together.items)


def test_categories_are_agreed_on_by_their_mean() -> None:
    def seen(category: str, shirt: float, **terms: float) -> Prediction:
        categories = {"shirt": shirt, "dress": 1 - shirt}
        return Prediction(categories, category, False, {"colour": terms})

    mean = mean_prediction(
        [seen("dress", 0.4, red=1.0), seen("shirt", 0.9, red=0.5, blue=0.5)], False
    )
    assert (mean.category, mean.given) == ("shirt", False)
    assert mean.categories == pytest.approx({"shirt": 0.65, "dress": 0.35})
    assert mean.groups["colour"] == pytest.approx({"red": 0.75, "blue": 0.25})
    assert mean_prediction([seen("dress", 0.4)], True).category == "dress"
