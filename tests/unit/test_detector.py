import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import Box, Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector, resized
from houndstooth.models.runtime.card import WEIGHTS

TAXONOMY = Taxonomy.load()
STEM = WEIGHTS / DEFAULT_DETECTOR


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(STEM, threads=1)


def item(detector: Detector, label: str, score: float, side: float = 0.2) -> Detection:
    return Detection(label, detector.card.classes[label], score, Box(0.1, 0.1, side, side))


def test_guided_rejects_other_classes(detector: Detector) -> None:
    found = [
        item(detector, "trousers", 0.9),
        item(detector, "top", 0.4),
        item(detector, "top", 0.1),
    ]
    assert detector.choose(found, {"shirt"}, TAXONOMY) == found[1]
    assert detector.guided(found, {"shirt"}, TAXONOMY) == found[1:]
    assert detector.choose(found, {"shirt", "jeans"}, TAXONOMY) == found[0]


def test_guided_takes_a_sibling_only_where_nothing_matches(detector: Detector) -> None:
    skirt, dress = item(detector, "skirt", 0.9), item(detector, "dress", 0.1)
    assert detector.choose([skirt, dress], {"nightdress"}, TAXONOMY) == dress
    assert detector.choose([skirt], {"nightdress"}, TAXONOMY) == skirt


def test_guided_takes_the_likelier_of_two_classes(detector: Detector) -> None:
    dress, top = item(detector, "dress", 0.7), item(detector, "top", 0.6)
    assert detector.choose([dress, top], {"kurta"}, TAXONOMY) == dress
    assert detector.choose([dress, top], {"shirt"}, TAXONOMY) == top


@pytest.mark.parametrize("asked", [{"watch"}, {"umbrella"}, set()])
def test_guided_finds_nothing(detector: Detector, asked: set[str]) -> None:
    assert detector.choose([item(detector, "dress", 0.9)], asked, TAXONOMY) is None
    assert detector.choose([], asked, TAXONOMY) is None


def test_unguided_is_the_most_sure_by_size(detector: Detector) -> None:
    small, large = item(detector, "eyewear", 0.95, 0.05), item(detector, "dress", 0.9, 0.5)
    unsure = item(detector, "top", detector.card.sure_score / 2, 0.9)
    assert detector.choose([small, large, unsure], None, TAXONOMY) == large
    assert detector.sure([small, large, unsure]) == [small, large]
    assert detector.choose([unsure], None, TAXONOMY) is None


def test_one_thing_is_shown_once(detector: Detector) -> None:
    coat, top = item(detector, "outerwear", 0.9, 0.5), item(detector, "top", 0.85, 0.49)
    bag = item(detector, "bag", 0.8, 0.3)
    assert detector.sure([coat, top, bag]) == [coat, bag]
    assert detector.choose([coat, top, bag], {"shirt"}, TAXONOMY) == top


@pytest.mark.parametrize("size", [(16, 16), (40, 900), (1024, 300), (213, 320)])
def test_images_of_any_size(detector: Detector, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    for image in (Image.fromarray(noise), Image.new("RGB", size, "white")):
        scores = [i.score for i in detector.find(image)]
        assert [i.score for i in detector.find(image, 96)] != scores or not scores
        assert scores == sorted(scores, reverse=True)
        assert all(detector.card.min_score <= score <= 1 for score in scores)


def test_longest_side() -> None:
    assert resized(Image.new("RGB", (100, 50)), 320).shape == (160, 320, 3)
    assert resized(Image.new("RGB", (900, 1)), 320).shape == (1, 320, 3)


def test_classes_are_leaves_of_the_taxonomy(detector: Detector) -> None:
    leaves = [leaf for classes in detector.card.classes.values() for leaf in classes]
    assert set(leaves) <= set(TAXONOMY.categories)


def test_missing_and_broken_cards(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"guided-9\.json"):
        Detector(tmp_path / "guided-9")
    (tmp_path / "guided-9.json").write_text(json.dumps({"name": "guided", "version": 9}))
    with pytest.raises(InvalidConfig, match="side"):
        Detector(tmp_path / "guided-9")
    (tmp_path / "guided-9.json").write_text(STEM.with_name(STEM.name + ".json").read_text())
    with pytest.raises(InvalidConfig, match=r"guided-9\.onnx"):
        Detector(tmp_path / "guided-9")
