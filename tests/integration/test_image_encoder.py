"""A shop's own encoder by its card: what it sees, what stays ours, and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from houndstooth.commands import main
from houndstooth.commands.check_encoder import check_encoder
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.encoder.card import EncoderCard
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings
from tests.onnx_encoders import DIMENSION, SIDE, build, card_of, change
from tests.onnx_texts import build_text, write_tokenizer

TAXONOMY = Taxonomy.load()
CONFIG = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": SIDE, "width": SIDE},
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.25, 0.3],
}


@pytest.fixture
def stem(tmp_path: Path) -> Path:
    card_of(build(tmp_path / "m.onnx"))
    return tmp_path / "tiny-7"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of 50 drawn pictures, and a file that is none."""
    folder = tmp_path_factory.mktemp("drawn")
    generate(50, 5, folder, outfits=0.3, jobs=1)
    (folder / "images" / "notes.txt").write_text("no picture")
    return folder / "images"


@pytest.fixture(scope="module")
def images(drawn: Path) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in sorted(drawn.glob("*.jpg"))[:4]]


def opened(encoder: Path | None, **options: bool) -> ImageExtractor:
    return load_extractor(TAXONOMY, encoder=encoder, threads=1, **options)


def test_everything_but_code_and_model_stays_ours(stem: Path, images: list[Image.Image]) -> None:
    theirs, ours = opened(stem).extract(images), opened(None).extract(images)
    for one, other in zip(theirs, ours, strict=True):
        assert (one.categories, one.attributes, one.box) == (
            other.categories,
            other.attributes,
            other.box,
        )
        assert (one.colour_histogram == other.colour_histogram).all()
        assert one.binary_code.shape == (3,) and not one.binary_code[-1] & 0b1111
        shipped, _, rest = other.model.partition("+")
        assert one.model == f"{shipped}+{EncoderCard.read(stem).model}+{rest}"


@pytest.mark.parametrize("region", ["item", "window", "whole"])
def test_the_encoder_sees_its_region(stem: Path, images: list[Image.Image], region: str) -> None:
    change(stem, region=region)
    extractor = opened(stem)
    items = extractor.recognise(images)
    embeddings = extractor.embed(items)
    assert embeddings.shape == (4, DIMENSION) and embeddings.dtype == np.float32
    assert extractor.encoder is not None
    for item, embedding in zip(items, embeddings, strict=True):
        location = item.view.location
        box = location.window if region == "window" else location.box
        [alone] = extractor.encoder.encode([(item.view.asked.image, box)])
        np.testing.assert_allclose(embedding, alone, atol=1e-5)
    codes = [features.binary_code for features in extractor.extract(images)]
    assert codes == [pytest.approx(np.packbits(each > 0)) for each in embeddings]


def test_the_papers_threshold_is_0_here_too(stem: Path, images: list[Image.Image]) -> None:
    paper = opened(stem, paper_threshold=True)
    assert paper.model.endswith("+cielab-1-threshold-0")
    assert paper.lengths.code == 3


def test_the_setting_names_a_card_and_a_bad_one_is_refused_at_start(stem: Path) -> None:
    settings = Settings.from_env({"HOUNDSTOOTH_ENCODER": f"{stem}.json"})
    assert settings.extractor_options["encoder"] == stem
    change(stem, output__dimension=24)
    with pytest.raises(InvalidConfig, match="as its card tiny-7"):
        load_extractor(TAXONOMY, **settings.extractor_options)


def test_a_text_model_that_cannot_be_used_costs_the_pictures_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = build(tmp_path / "vision_model.onnx")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(CONFIG))
    text = build_text(tmp_path / "text_model.onnx", shape=("n", "a", "b"))
    write_tokenizer(tmp_path, pad_token="[PAD]", model_max_length=12)
    words = ["encoder", "import", str(network), "--name", "siglip", "--licence", "MIT"]
    assert main([*words, "--text", str(text)]) == 2
    assert "expected an input of token numbers" in capsys.readouterr().err
    assert main(words) == 0
    assert "text_model.onnx is left out: expected an input of token" in capsys.readouterr().out
    assert EncoderCard.read(tmp_path / "siglip-1").text is None


def test_import_fit_check_and_doctor(
    tmp_path: Path,
    drawn: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = build(tmp_path / "vision_model.onnx", outputs=["last_hidden_state", "pooler_output"])
    words = ["encoder", "import", str(network), "--name", "siglip", "--licence", "MIT"]
    words += ["--region", "whole"]
    build_text(tmp_path / "text_model.onnx")
    write_tokenizer(tmp_path, pad_token="[PAD]", model_max_length=12)
    assert main(words) == 2
    assert "expected open_clip_config.json or preprocessor" in capsys.readouterr().err
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(CONFIG))
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "squash to 32 × 32" in said and "pooler_output, 20 dimensions, of the whole" in said
    assert "texts by text_model.onnx and tokenizer.json: 12 tokens, filled up by 0" in said
    card, stem = tmp_path / "siglip-1.json", tmp_path / "siglip-1"
    before = EncoderCard.read(stem).model

    assert main(["encoder", "fit", str(card), str(drawn / "notes.txt")]) == 2
    assert "expected at least 50 pictures; got 0" in capsys.readouterr().err
    titles = ["--titles", str(drawn.parent / "feed.csv")]
    few = tmp_path / "few.csv"
    few.write_text("id,title,image\n1,Red dress,1.jpg\n")
    assert main(["encoder", "fit", str(card), str(drawn), "--titles", str(few)]) == 2
    assert "expected at least 50 titles; got 1" in capsys.readouterr().err
    assert EncoderCard.read(stem).model == before, "nothing is written"
    assert main(["encoder", "fit", str(card), str(drawn), *titles]) == 0
    model = EncoderCard.read(stem).model
    said = capsys.readouterr().out
    assert f"thresholds of 50 pictures, 1 passed over; the encoder's model is now {model}" in said
    assert "texts are centred on 50 titles" in said
    assert model != before
    pictures = [Image.open(path) for path in drawn.glob("*.jpg")]
    bits = OnnxEncoder(stem).embed(pictures) > EncoderCard.read(stem).thresholds
    assert (np.abs(bits.mean(axis=0) - 0.5) < 0.1).all(), "each bit is set for half of them"

    assert main(["encoder", "check", str(card)]) == 0
    said = capsys.readouterr().out
    assert f"{model}, MIT: 32 × 32 of the whole, 20 dimensions, thresholds fitted" in said
    assert "check_picture.png: " in said and "ms a picture" in said
    assert "text_embeds, centre fitted" in said and "ms a text" in said

    monkeypatch.setenv("HOUNDSTOOTH_ENGINE", f"sqlite:///{tmp_path}/c.db")
    monkeypatch.setenv("HOUNDSTOOTH_REDIS", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("HOUNDSTOOTH_ENCODER", str(card))
    main(["doctor"])
    said = capsys.readouterr().out
    assert f"ok    encoder                          {model}, MIT" in said
    assert "ok    encoder's texts                  texts by text_model.onnx" in said
    change(stem, input__layout="NHWC")
    assert main(["encoder", "check", str(card)]) == 2
    assert "got an input of ['n', 3, 32, 32]" in capsys.readouterr().err
    [found] = check_encoder(opened(None))
    assert "none: codes are of attribute-distilled-1's own features" in found.text
