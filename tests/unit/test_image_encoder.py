"""Image encoders: what they are fed, in every layout and type, and what import makes of files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime.quantization
import pytest
import torch
from PIL import Image

from houndstooth.commands.check_encoder import dynamic_advice
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import Box
from houndstooth.models.encoder.card import EncoderInput
from houndstooth.models.encoder.image_processors import (
    CLIP_MEAN,
    CLIP_STD,
    HALF,
    Preparation,
    find_config,
    read_preparation,
)
from houndstooth.models.encoder.onnx_encoder import CHECK_PICTURE, OnnxEncoder, region_box
from houndstooth.models.encoder.preprocessing import as_input, fit, square_around
from tests.onnx_encoders import CELLS, SIDE, SQUASH, WEIGHTS, build, card_of, change


def picture(width: int = 90, height: int = 60) -> Image.Image:
    noise = np.random.default_rng(width).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def wanted(**keys: object) -> EncoderInput:
    keys = {"size": (40, 40), "resized": (40, 40), "fill": (9, 8, 7)} | keys
    prepared = replace(SQUASH, **keys)  # type: ignore[arg-type]
    return EncoderInput("x", "NCHW", "float32", **vars(prepared))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("kind", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("batch", ["n", 1])
def test_every_layout_and_type_is_fed_the_same_picture(
    tmp_path: Path, layout: str, kind: str, batch: int | str
) -> None:
    path = build(tmp_path / "m.onnx", layout=layout, kind=kind, batch=batch)
    encoder = card_of(path, normalise=False)
    assert (encoder.card.input.layout, encoder.card.input.type) == (layout, kind)
    photos = [picture(), picture(50, 80)] * 3
    small = np.stack([np.asarray(photo.resize((SIDE, SIDE), 3)) for photo in photos])
    values = small.astype(np.float32)
    if kind != "uint8":
        values = (values / 255 - SQUASH.mean) / SQUASH.std
    grid = values.reshape(6, CELLS, SIDE // CELLS, CELLS, SIDE // CELLS, 3).mean((2, 4))
    expected = grid.transpose(0, 3, 1, 2).reshape(6, -1) @ WEIGHTS
    found = encoder.embed(photos)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=5e-3, atol=5e-2)


def test_embeddings_have_the_length_1_if_the_card_says_so(tmp_path: Path) -> None:
    path = build(tmp_path / "m.onnx")
    raw = card_of(path, normalise=False).embed([picture()])
    unit = card_of(path).embed([picture()])
    assert np.linalg.norm(unit) == pytest.approx(1)
    np.testing.assert_allclose(unit, raw / np.linalg.norm(raw), rtol=1e-5)


@pytest.mark.parametrize(
    ("resize", "resized", "left", "middle", "right"),
    [
        # A picture of three stripes, 90 × 30: red, green, blue.
        ("squash", 40, "red", "green", "blue"),
        ("shortest", 40, "green", "green", "green"),
        ("longest", 40, "red", "green", "blue"),
        ("squash", 120, "green", "green", "green"),
    ],
)
def test_squash_crop_and_fit_see_other_parts(
    resize: str, resized: int, left: str, middle: str, right: str
) -> None:
    stripes = Image.new("RGB", (90, 30), "green")
    stripes.paste("red", (0, 0, 30, 30))
    stripes.paste("blue", (60, 0, 90, 30))
    found = fit(stripes, wanted(resize=resize, resized=(resized, resized), interpolation="box"))
    assert found.size == (40, 40)
    colours = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255)}
    for x, colour in ((2, left), (20, middle), (37, right)):
        assert found.getpixel((x, 20)) == colours[colour]
    assert (found.getpixel((20, 0)) == (9, 8, 7)) == (resize == "longest")


@pytest.mark.parametrize("resized", [(40, 40), (50, 50)])
def test_the_square_around_an_item_shows_all_of_it(resized: tuple[int, int]) -> None:
    photo = Image.new("RGB", (200, 100), "white")
    box = Box(0.8, 0.1, 0.15, 0.8)  # 30 × 80 pixels, near the right edge
    photo.paste("red", (160, 10, 190, 90))
    needs = wanted(resized=resized, resize="shortest", interpolation="box")
    seen = np.asarray(fit(square_around(photo, box, needs), needs)).astype(int)
    red = (seen[..., 0] > 200) & (seen[..., 1] < 60)
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    assert 0 < rows[0] <= 3 and 36 <= rows[-1] < 39, "the item is as high as the input, nearly"
    assert len(rows) / len(columns) == pytest.approx(80 / 30, rel=0.15)
    assert tuple(seen[20, 38]) == (9, 8, 7), "beyond the photo's edge is the fill"
    item, window = Box(0, 0, 0.5, 0.5), Box(0, 0, 1, 0.5)
    assert region_box("item", item, window) == item
    assert region_box("window", item, window) == window
    assert region_box("whole", item, window) == Box(0, 0, 1, 1)


def test_bytes_are_fed_as_they_are() -> None:
    needs = replace(wanted(mean=(0.0,) * 3, std=(1.0,) * 3), type="uint8", layout="NHWC")
    batch = as_input([picture(40, 40)], needs)
    assert batch.dtype == np.uint8 and (batch[0] == np.asarray(picture(40, 40))).all()


# What open_clip 3.3 and transformers 4.57 make of pictures by these was compared once, to the bit.
CONFIGS = [
    (
        {"model_cfg": {"vision_cfg": {"image_size": 256}}},
        Preparation((256, 256), "shortest", (256, 256), "bicubic", CLIP_MEAN, CLIP_STD),
    ),
    (
        {
            "model_cfg": {"vision_cfg": {"image_size": 224}},
            "preprocess_cfg": {
                "mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "random",
                "resize_mode": "squash", "fill_color": 255,
            },
        },
        Preparation((224, 224), "squash", (224, 224), "bicubic", HALF, HALF, (255,) * 3),
    ),
    (
        {"preprocess_cfg": {"size": [64, 32], "resize_mode": "longest", "fill_color": 3}},
        Preparation((64, 32), "longest", (64, 32), "bicubic", CLIP_MEAN, CLIP_STD, (3, 3, 3)),
    ),
    (
        {"image_processor_type": "CLIPImageProcessorFast", "size": {"shortest_edge": 256}},
        Preparation((224, 224), "shortest", (256, 256), "bicubic", CLIP_MEAN, CLIP_STD),
    ),
    (
        {"feature_extractor_type": "CLIPFeatureExtractor", "size": 336, "crop_size": 336},
        Preparation((336, 336), "shortest", (336, 336), "bicubic", CLIP_MEAN, CLIP_STD),
    ),
    (
        {"image_processor_type": "SiglipImageProcessor", "size": {"height": 384, "width": 384}},
        Preparation((384, 384), "squash", (384, 384), "bicubic", HALF, HALF),
    ),
    (
        {"image_processor_type": "ViTImageProcessor", "rescale_factor": 1 / 127.5},
        Preparation((224, 224), "squash", (224, 224), "bilinear", (0.25,) * 3, (0.25,) * 3),
    ),
    (
        {"image_processor_type": "ConvNextImageProcessor", "size": 224, "crop_pct": 0.95},
        Preparation((224, 224), "shortest", (235, 235), "bilinear", HALF, HALF),
    ),
    (
        {"image_processor_type": "ConvNextImageProcessor", "resample": 3},
        Preparation((384, 384), "squash", (384, 384), "bicubic", HALF, HALF),
    ),
    (
        {"image_processor_type": "DeiTImageProcessor"},
        Preparation((224, 224), "squash", (256, 256), "bicubic", HALF, HALF),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("config", "expected"), CONFIGS)
def test_configurations_are_read(
    tmp_path: Path, config: dict[str, object], expected: Preparation
) -> None:
    (tmp_path / "c.json").write_text(json.dumps(config))
    found = read_preparation(tmp_path / "c.json")
    assert replace(found, mean=expected.mean, std=expected.std) == expected
    np.testing.assert_allclose((found.mean, found.std), (expected.mean, expected.std))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "got an image processor '', which is none of BitImageProcessor, CLIP"),
        ({"image_processor_type": "Siglip2ImageProcessor"}, "'Siglip2ImageProcessor', which is"),
        ({"image_processor_type": "ViTImageProcessor", "do_resize": False}, "got do_resize False"),
        ({"image_processor_type": "CLIPImageProcessor", "do_center_crop": False}, "any shape"),
        ({"image_processor_type": "ViTImageProcessor", "size": {"longest_edge": 9}}, "got a size"),
        ({"image_processor_type": "ViTImageProcessor", "image_mean": [0.5]}, "got 1 channels"),
        ({"image_processor_type": "ViTImageProcessor", "resample": 9}, "got a resample 9"),
        ({"preprocess_cfg": {"resize_mode": "tile"}}, "got a resize_mode 'tile'"),
        ([], "expected the preparation of pictures"),
    ],
)
def test_configurations_that_a_card_cannot_say_are_refused(
    tmp_path: Path, config: object, message: str
) -> None:
    (tmp_path / "c.json").write_text(json.dumps(config))
    with pytest.raises(InvalidConfig, match=message):
        read_preparation(tmp_path / "c.json")


def test_the_configuration_is_found_beside_the_file_or_above(tmp_path: Path) -> None:
    network = build(tmp_path / "onnx" / "vision_model.onnx")
    with pytest.raises(InvalidConfig, match="or preprocessor_config"):
        find_config(network)
    (tmp_path / "preprocessor_config.json").touch()
    assert find_config(network) == tmp_path / "preprocessor_config.json"
    (tmp_path / "onnx" / "open_clip_config.json").touch()
    assert find_config(network) == tmp_path / "onnx" / "open_clip_config.json"


@pytest.mark.parametrize(
    ("outputs", "asked", "chosen"),
    [
        (("last_hidden_state", "pooler_output"), None, "pooler_output"),
        (("last_hidden_state", "pooler_output", "image_embeds"), None, "image_embeds"),
        (("last_hidden_state", "vector"), None, "vector"),
        (("pooler_output", "image_embeds"), "pooler_output", "pooler_output"),
        (("last_hidden_state",), None, r"expected one output of an embedding a picture"),
        (("one", "other"), None, "or --output; got one .*, other"),
        (("image_embeds",), "vector", "expected an output of m.onnx, image_embeds .*; got vector"),
        (("last_hidden_state", "image_embeds"), "last_hidden_state", r"got .*\[1, 16, 3\]"),
    ],
)
def test_the_pooled_output_is_chosen(
    tmp_path: Path, outputs: tuple[str, ...], asked: str | None, chosen: str
) -> None:
    path = build(tmp_path / "m.onnx", outputs=outputs)
    if " " not in chosen:
        assert card_of(path, output=asked).card.output.name == chosen
        return
    with pytest.raises(InvalidConfig, match=chosen):
        card_of(path, output=asked)
    assert not list(tmp_path.glob("*.json")), "no card is left"


def test_a_file_that_encodes_texts_too_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path / "m.onnx", further_inputs=["input_ids", "attention_mask"])
    with pytest.raises(InvalidConfig, match=r"m.onnx has pixel_values, input_ids.*vision_model"):
        card_of(path)


def test_an_import_that_fails_leaves_the_card_that_was(tmp_path: Path) -> None:
    card_of(build(tmp_path / "m.onnx"))
    before = (tmp_path / "tiny-7.json").read_bytes()
    build(tmp_path / "m.onnx", weights=WEIGHTS * 0)
    with pytest.raises(InvalidConfig, match="expected an embedding of the check picture"):
        card_of(tmp_path / "m.onnx")
    assert (tmp_path / "tiny-7.json").read_bytes() == before
    with pytest.raises(InvalidConfig, match=r"there is tiny-7\.json.*or --replace"):
        card_of(tmp_path / "m.onnx", replaces=False)


def test_the_check_picture_tells_squash_from_crop(tmp_path: Path) -> None:
    with Image.open(CHECK_PICTURE) as shown:
        assert shown.width != shown.height
    stem = tmp_path / "tiny-7"
    for resize in ("squash", "shortest", "longest"):
        card_of(build(tmp_path / "m.onnx"), replace(SQUASH, resize=resize))
        for other in {"squash", "shortest", "longest"} - {resize}:
            change(stem, input__resize=other)
            with pytest.raises(InvalidConfig, match="first values of the check picture"):
                OnnxEncoder(stem)


class Convolutions(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.body = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, stride=4), torch.nn.ReLU())
        self.head = torch.nn.Linear(8, 12)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(pixel_values).mean((2, 3)))


@pytest.mark.filterwarnings("ignore")
def test_dynamic_8_bits_are_told(tmp_path: Path) -> None:
    torch.onnx.export(
        Convolutions().eval(),
        (torch.zeros(1, 3, SIDE, SIDE),),
        str(tmp_path / "float.onnx"),
        dynamo=False,
        input_names=["pixel_values"],
        output_names=["image_embeds"],
    )
    onnxruntime.quantization.quantize_dynamic(
        tmp_path / "float.onnx",
        tmp_path / "bytes.onnx",
        weight_type=onnxruntime.quantization.QuantType.QUInt8,
    )
    assert dynamic_advice(card_of(tmp_path / "float.onnx").card) == ""
    advice = dynamic_advice(card_of(tmp_path / "bytes.onnx", name="bytes").card)
    assert "1 ConvInteger" in advice and "1 MatMulInteger" in advice
