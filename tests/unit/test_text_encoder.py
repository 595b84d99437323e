"""The text tower of an encoder: its card, how texts are fed, and what import makes of files."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.embedding.binary_code import weighted_code
from houndstooth.models.encoder.card_files import hash_file
from houndstooth.models.encoder.fitting import fit_centre
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
from houndstooth.models.encoder.text_encoder import TextEncoder, cleaned
from houndstooth.models.encoder.text_importing import (
    TextFiles,
    find_text,
    given_text,
    text_keys,
)
from tests.onnx_encoders import DIMENSION, build, card_of, change
from tests.onnx_texts import VECTORS, WORDS, build_text, write_tokenizer

LENGTH = 9
CONFIG = {"image_processor_type": "ViTImageProcessor"}


def imported(folder: Path, *, config: Any = CONFIG, length: int | None = LENGTH) -> OnnxEncoder:
    """The encoder of a folder with a text model, as ``houndstooth encoder import`` makes it."""
    network = build(folder / "vision_model.onnx")
    (folder / "config.json").write_text(json.dumps(config))
    files = given_text(find_text(network), None, None, length, None)
    assert files
    return card_of(network, normalise=False, text=text_keys(files, folder / "config.json"))


def texts_of(encoder: OnnxEncoder) -> TextEncoder:
    assert encoder.text
    return encoder.text


def summed(*words: str, pad: int = 0) -> np.ndarray:
    """What the tiny network makes of words, filled up by ``pad`` more."""
    ids = [WORDS.index(word) for word in words] + [0] * pad
    total: np.ndarray = VECTORS[ids].sum(axis=0)
    return total


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    build_text(folder / "text_model.onnx")
    write_tokenizer(folder, pad_token="[PAD]")
    imported(folder)
    return folder


@pytest.fixture
def stem(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "encoder") / "tiny-7"


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("kind", [TensorProto.INT64, TensorProto.INT32])
@pytest.mark.parametrize("shape", [("n", "tokens"), ("n", LENGTH), (1, LENGTH)])
def test_texts_have_one_length_whatever_the_graph_takes(
    tmp_path: Path, mask: bool, kind: int, shape: tuple[int | str, ...]
) -> None:
    outputs = ("last_hidden_state", "pooler_output")
    build_text(tmp_path / "text_model.onnx", mask=mask, kind=kind, shape=shape, outputs=outputs)
    write_tokenizer(tmp_path, pad_token={"content": "[PAD]"}, model_max_length=LENGTH)
    texts = texts_of(imported(tmp_path, length=None))
    assert (texts.card.length, texts.card.output) == (LENGTH, "pooler_output")
    found = texts.encode(["Red dress", "red dress " * 30, ""])
    pad = 0 if mask else 1
    expected = [
        summed("red", "dress", "[EOS]", pad=6 * pad),
        summed(*["red", "dress"] * 4, "[EOS]"),
        summed("[EOS]", pad=8 * pad),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found.dtype == np.float32 and texts.encode([]).shape == (0, DIMENSION)


REFUSED = [
    ({"text__colour": 1}, r"expected the keys file, tokenizer, .* tiny-7.json, text; got colour"),
    ({"text__centre": None}, "expected the key centre in the card tiny-7.json, text"),
    ({"text": 3}, "expected an object in the card tiny-7.json, text; got 3"),
    ({"text__length": 0}, "expected a whole number above 0 for length"),
    ({"text__pad_id": -1}, "expected a whole number from 0 on for pad_id"),
    ({"text__clean": "soap"}, "expected none or whitespace or lower or canonicalize for clean"),
    ({"text__input__mask": 1}, "expected a text for mask"),
    ({"text__check__values": [0.0] * 21}, "expected at most 20 values"),
    ({"text__file": "../m.onnx"}, "expected the SHA-256 of ../m.onnx"),
    ({"text__sha256__tokenizer.json": None}, "expected the SHA-256 of tokenizer.json in"),
    ({"text__sha256__text_model.onnx": "abc"}, "expected text_model.onnx with the SHA-256"),
    ({"text__centre": "c.npy"}, "expected the SHA-256 of c.npy"),
    # What the graph says otherwise.
    ({"text__input__ids": "tokens"}, r"from tokens, whole numbers \[n, 9\].*got inputs input_ids"),
    ({"text__input__mask": "attention_mask"}, "got inputs input_ids"),
    ({"text__output": "pooler_output"}, "got outputs text_embeds"),
    # What only the check tells.
    ({"text__length": 12}, "got first values of the check's text"),
    ({"text__pad_id": 1}, "got first values of the check's text"),
    ({"text__pad_id": 99}, "got no embedding of the check's text"),
    ({"text__length": 1, "text__check__text": "red"}, "got first values of the check's text"),
]


@pytest.mark.parametrize(("keys", "message"), REFUSED, ids=[str(keys) for keys, _ in REFUSED])
def test_a_text_tower_that_is_not_right_is_refused(
    stem: Path, keys: dict[str, Any], message: str
) -> None:
    change(stem, **keys)
    with pytest.raises(InvalidConfig, match=message):
        OnnxEncoder(stem)


def test_texts_and_pictures_have_the_same_dimension(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, pad_token="[PAD]")
    build_text(tmp_path / "text_model.onnx", vectors=VECTORS[:, :8])
    with pytest.raises(InvalidConfig, match=r"\[n, 20\]; got text_embeds of \['n', 8\]"):
        imported(tmp_path)
    assert not (tmp_path / "tiny-7.json").exists()


def test_codes_do_not_depend_on_the_text_tower(stem: Path) -> None:
    with_texts = OnnxEncoder(stem)
    indexing = OnnxEncoder(stem, texts=False)
    change(stem, text=None)
    alone = OnnxEncoder(stem)
    assert with_texts.model == indexing.model == alone.model
    assert with_texts.text and indexing.text is None and alone.text is None


def test_no_tokenizer_that_can_be_used(stem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "tokenizers", None)
        with pytest.raises(InvalidConfig, match=r"pip install 'houndstooth\[text\]'"):
            OnnxEncoder(stem)
        OnnxEncoder(stem, texts=False)
    tokenizer = stem.parent / "tokenizer.json"
    tokenizer.write_text("{}")
    card = json.loads(stem.with_name("tiny-7.json").read_text())
    digests = card["text"]["sha256"] | {"tokenizer.json": hash_file(tokenizer)}
    change(stem, text__sha256=digests)
    with pytest.raises(InvalidConfig, match="expected a tokenizer for texts of 9 tokens"):
        OnnxEncoder(stem)


def test_the_centre_is_the_mean_of_titles(stem: Path) -> None:
    model = OnnxEncoder(stem).model
    rows = np.random.default_rng(1).normal(3, 1, (60, DIMENSION)).astype(np.float32)
    with pytest.raises(InvalidConfig, match="expected at least 50 titles; got 49"):
        fit_centre(stem, rows[:49])
    for shift in (0, 1):
        card = fit_centre(stem, rows + shift)
        assert card.text
        np.testing.assert_allclose(card.text.centre, rows.mean(0) + shift, rtol=1e-5)
    assert card.model == model, "products keep their codes"
    texts = texts_of(OnnxEncoder(stem))
    code = texts.code("red dress")
    assert code.weights.sum() == pytest.approx(1) and code.weights.shape == (24,)
    expected = weighted_code(texts.encode(["red dress"])[0], card.text.centre)
    assert (code.binary_code == expected.binary_code).all()


def test_the_weight_of_a_bit_is_how_far_it_is_from_the_centre() -> None:
    centre = np.array([1, 1, 1, 1], np.float32)
    code = weighted_code(np.array([3, 0, 1, 2], np.float32), centre)
    assert code.binary_code.tolist() == [0b10010000]
    assert code.weights.tolist() == [0.5, 0.25, 0, 0.25, 0, 0, 0, 0]
    assert not weighted_code(centre, centre).weights.any()


@pytest.mark.parametrize(
    ("clean", "expected"),
    [
        ("none", "  A_red-ish\tDress! "),
        ("whitespace", "A_red-ish Dress!"),
        ("lower", "a_red-ish dress!"),
        ("canonicalize", "a redish dress"),
    ],
)
def test_texts_are_cleaned_as_open_clip_does(clean: str, expected: str) -> None:
    assert cleaned("  A_red-ish\tDress! ", clean) == expected
    assert cleaned("half \ud83d", clean).startswith("half")


OPEN_CLIP = {"model_cfg": {"text_cfg": {}}}
OTHER = {"hf_tokenizer_name": "timm/x", "tokenizer_kwargs": {"clean": "canonicalize"}}


@pytest.mark.parametrize(
    ("config", "settings", "expected"),
    [
        (CONFIG, {"pad_token": "[EOS]", "model_max_length": 9}, ("none", 9, 2)),
        (OPEN_CLIP, {"pad_token": "[EOS]"}, ("lower", 77, 0)),
        (
            {"model_cfg": {"text_cfg": {**OTHER, "context_length": 64}}},
            {"pad_token": {"content": "[UNK]"}, "model_max_length": 10**30},
            ("canonicalize", 64, 1),
        ),
        (CONFIG, {"pad_token": "[EOS]", "model_max_length": 10**30}, "give --text-length"),
        (CONFIG, {"model_max_length": 9}, "give --pad-id"),
        ({"model_cfg": {"text_cfg": {"tokenizer_kwargs": {"clean": "x"}}}}, {"a": 1}, "clean"),
    ],
)
def test_length_padding_and_cleaning_are_read(
    tmp_path: Path, config: Any, settings: dict[str, Any], expected: Any
) -> None:
    """From a tokenizer in the folder above, which is copied beside the network."""
    build_text(tmp_path / "onnx" / "text_model.onnx")
    write_tokenizer(tmp_path, **settings)
    if isinstance(expected, str):
        with pytest.raises(InvalidConfig, match=expected):
            imported(tmp_path / "onnx", config=config, length=None)
        return
    card = texts_of(imported(tmp_path / "onnx", config=config, length=None)).card
    assert (card.clean, card.length, card.pad_id) == expected
    assert card.tokenizer == tmp_path / "onnx" / "tokenizer.json"


def test_another_tokenizer_beside_the_network_is_not_taken_for_the_given_one(
    tmp_path: Path,
) -> None:
    network = build_text(tmp_path / "text_model.onnx")
    write_tokenizer(tmp_path, pad_token="[PAD]")
    given = tmp_path / "given" / "tokenizer.json"
    given.parent.mkdir()
    given.write_text("{}")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(InvalidConfig, match="where another file of that name lies"):
        text_keys(TextFiles(network, given, LENGTH, 0), tmp_path / "config.json")


def test_what_is_given_alone_is_refused(tmp_path: Path) -> None:
    network = build(tmp_path / "vision_model.onnx")
    assert find_text(network) is None and given_text(None, None, None, None, None) is None
    with pytest.raises(InvalidConfig, match="give --tokenizer"):
        given_text(None, network, None, None, None)
    with pytest.raises(InvalidConfig, match="give --text"):
        given_text(None, None, None, 9, None)
    build_text(tmp_path / "text_model.onnx", shape=("n", "a", "b"))
    write_tokenizer(tmp_path, pad_token="[PAD]")
    with pytest.raises(InvalidConfig, match="expected an input of token numbers"):
        imported(tmp_path)
