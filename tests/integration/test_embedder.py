"""Another embedder behind the binary code: exported by torch, opened by its card."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.embedding.embedder import OnnxEmbedder
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.runtime.card import WEIGHTS, read_json, write_json
from houndstooth.models.runtime.crop import crop_square

TAXONOMY = Taxonomy.load()
RECOGNISER = WEIGHTS / "attribute-distilled-1"
SIDE, DIMENSIONS = 32, 20


class Tiny(torch.nn.Module):
    """The mean colours of a grid of patches, mixed; bytes [n, side, side, 3] to [n, d]."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.mix = torch.nn.Linear(3 * 16, DIMENSIONS)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        values = pixels.permute(0, 3, 1, 2).float() / 255
        return self.mix(torch.nn.functional.avg_pool2d(values, SIDE // 4).flatten(1))


@pytest.fixture
def stem(tmp_path: Path) -> Path:
    """The path of a tiny embedder; its thresholds are those of 0."""
    stem = tmp_path / "tiny-7"
    pixels = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older exporter says that it is older
        torch.onnx.export(
            Tiny().eval(),
            (pixels,),
            str(tmp_path / "tiny-7.onnx"),
            dynamo=False,
            input_names=["pixels"],
            output_names=["embeddings"],
            dynamic_axes={"pixels": {0: "n"}, "embeddings": {0: "n"}},
        )
    card = {"name": "tiny", "version": 7, "side": SIDE, "thresholds": [0.0] * DIMENSIONS}
    write_json(stem, card, (".onnx",))
    return stem


@pytest.fixture
def images() -> list[Image.Image]:
    """Two of one garment each, neither square."""
    found = []
    for colour, size in (((180, 30, 40), (300, 200)), ((30, 50, 120), (160, 240))):
        image = Image.new("RGB", size, "white")
        image.paste(colour, (size[0] // 4, size[1] // 4, size[0] // 2, size[1] * 3 // 4))
        found.append(image)
    return found


def opened(embedder: str | Path | None, **options: bool) -> ImageExtractor:
    return load_extractor(
        TAXONOMY, RECOGNISER, detector=None, embedder=embedder, threads=1, **options
    )


def test_codes_are_of_the_embedders_dimension(stem: Path, images: list[Image.Image]) -> None:
    extractor = opened(stem)
    assert extractor.model == "attribute-distilled-1+tiny-7+cielab-1"
    for features in extractor.extract(images):
        assert features.model == extractor.model
        assert features.binary_code.shape == ((DIMENSIONS + 7) // 8,)
        assert not np.unpackbits(features.binary_code)[DIMENSIONS:].any()


def test_codes_are_those_of_the_network_on_the_same_crops(
    stem: Path, images: list[Image.Image]
) -> None:
    extractor = opened(stem)
    found = extractor.extract(images)
    crops = [crop_square(image, f.box, SIDE) for image, f in zip(images, found, strict=True)]
    views = [item.view.crop for item in extractor.recognise(images)]
    embeddings = OnnxEmbedder(stem, 1).encode(views)
    assert embeddings.shape == (2, DIMENSIONS) and embeddings.dtype == np.float32
    codes = np.packbits(embeddings > 0, axis=1)
    assert [list(f.binary_code) for f in found] == codes.tolist()
    with torch.no_grad():
        near = Tiny()(torch.from_numpy(np.stack([crop.pixels for crop in crops])))
    np.testing.assert_allclose(embeddings, near, atol=0.1)


def test_everything_but_code_and_model_stays(stem: Path, images: list[Image.Image]) -> None:
    own, others = opened(stem).extract(images), opened(None).extract(images)
    for one, other in zip(own, others, strict=True):
        assert (one.categories, one.attributes, one.box) == (
            other.categories,
            other.attributes,
            other.box,
        )
        assert (one.colour_histogram == other.colour_histogram).all()
        assert len(one.binary_code) != len(other.binary_code)
        assert other.model == "attribute-distilled-1+cielab-1"


def test_thresholds_are_the_cards_or_0(stem: Path, images: list[Image.Image]) -> None:
    card = read_json(stem)
    del card["sha256"]
    write_json(stem, card | {"thresholds": [-1e6] * DIMENSIONS}, (".onnx",))
    [features, _] = opened(stem).extract(images)
    assert np.unpackbits(features.binary_code).sum() == DIMENSIONS
    paper = opened(stem, paper_threshold=True)
    assert paper.model == "attribute-distilled-1+tiny-7+cielab-1-threshold-0"
    assert np.unpackbits(paper.extract(images)[0].binary_code).sum() < DIMENSIONS


def test_it_is_a_name_among_the_weights_too(stem: Path) -> None:
    for path in WEIGHTS.glob("attribute-distilled-1.*"):
        (stem.parent / path.name).symlink_to(path)
    extractor = load_extractor(
        TAXONOMY, "attribute-distilled-1", detector=None, embedder="tiny-7", weights=stem.parent
    )
    assert extractor.model == "attribute-distilled-1+tiny-7+cielab-1"


def no_card(stem: Path) -> None:
    stem.with_suffix(".json").unlink()


def no_network(stem: Path) -> None:
    stem.with_suffix(".onnx").unlink()


def tampered(stem: Path) -> None:
    path = stem.with_suffix(".onnx")
    path.write_bytes(path.read_bytes() + b"\0")


def no_onnx(stem: Path) -> None:
    """A file of the right hash that is no network."""
    stem.with_suffix(".onnx").write_bytes(b"no network")
    card = read_json(stem)
    del card["sha256"]
    write_json(stem, card, (".onnx",))


def no_json(stem: Path) -> None:
    stem.with_suffix(".json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_card, "expected a model card at tiny-7.json"),
        (no_json, "expected a model card at tiny-7.json"),
        (no_network, "expected a network at tiny-7.onnx"),
        (tampered, "expected tiny-7.onnx with the SHA-256 that its card has"),
        (no_onnx, "cannot run the network tiny-7.onnx"),
    ],
)
def test_an_unusable_file_is_refused(
    stem: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(stem)
    with pytest.raises(InvalidConfig, match=message):
        opened(stem)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, None) for key in ("name", "version", "side", "thresholds", "sha256")),
        ("side", "wide"),
        ("thresholds", ["high"]),
    ],
)
def test_an_unusable_card_is_refused(stem: Path, key: str, value: object) -> None:
    card = read_json(stem)
    del card[key]
    if value is not None:
        card[key] = value
    stem.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(InvalidConfig, match=r"expected the card of an embedder at tiny-7\.json"):
        opened(stem)


def test_thresholds_of_another_dimension_are_refused(stem: Path) -> None:
    card = read_json(stem)
    del card["sha256"]
    write_json(stem, card | {"thresholds": [0.0] * (DIMENSIONS + 1)}, (".onnx",))
    with pytest.raises(InvalidConfig, match="from pixels to 21 dimensions"):
        opened(stem)


def test_the_network_has_the_form_that_the_seam_says(stem: Path) -> None:
    graph = onnx.load(stem.with_suffix(".onnx")).graph
    assert [value.name for value in graph.input] == ["pixels"]
    assert len(graph.output) == 1
