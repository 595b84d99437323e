"""The card of an image encoder: what is read, and what is refused at start."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card import EncoderCard
from houndstooth.models.encoder.card_files import hash_file
from houndstooth.models.encoder.fitting import MIN_PICTURES, find_pictures, fit_thresholds
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
from houndstooth.models.encoder.onnx_graph import MESSAGES, OnnxGraph
from tests.onnx_encoders import DIMENSION, build, card_of, change


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an encoder whose weights lie in a file beside it."""
    folder = tmp_path_factory.mktemp("made")
    card_of(build(folder / "model.onnx", data_file="model.onnx_data"))
    return folder


@pytest.fixture
def stem(made: Path, tmp_path: Path) -> Path:
    folder = shutil.copytree(made, tmp_path / "encoder")
    return folder / "tiny-7"


def test_a_card_has_the_hashes_of_all_files(stem: Path) -> None:
    card = EncoderCard.read(stem)
    assert card.files == ("model.onnx", "model.onnx_data")
    assert card.model.startswith("tiny-7.") and len(card.model) == len("tiny-7.") + 8
    assert card.thresholds.shape == (DIMENSION,) and not card.thresholds.any()
    assert OnnxEncoder(stem).model == card.model


REFUSED = [
    ({"colour": "red"}, r"expected the keys kind, name, .* in the card tiny-7.json; got colour"),
    ({"input__gamma": 2}, r"expected the keys name, layout, .* tiny-7.json, input; got gamma"),
    ({"licence": None}, "expected the key licence in the card tiny-7.json"),
    ({"output__name": None}, "expected the key name in the card tiny-7.json, output"),
    ({"kind": "detector"}, "expected encoder for kind .* got detector"),
    ({"name": "a/b"}, "expected a name of letters"),
    ({"name": "a+b"}, "expected a name of letters"),
    ({"version": 0}, "expected a whole number above 0 for version .* got 0"),
    ({"version": True}, "expected a whole number above 0 for version .* got True"),
    ({"input": []}, r"expected an object in the card tiny-7.json, input; got \[\]"),
    ({"input__layout": "CHWN"}, "expected NCHW or NHWC for layout .* got CHWN"),
    ({"input__type": "int8"}, "expected float32 or float16 or uint8 for type"),
    ({"input__size": 224}, "expected 2 whole numbers above 0 for size .* got 224"),
    ({"input__size": [32, 32, 32]}, "expected 2 whole numbers"),
    ({"input__resized": [16, 32]}, "expected a picture resized to at least 32 × 32.* got 16 × 32"),
    ({"input__resize": "stretch"}, "expected squash or shortest or longest for resize"),
    ({"input__interpolation": "cubic"}, "expected nearest or bilinear or bicubic"),
    ({"input__mean": [0.5]}, "expected 3 numbers for mean"),
    ({"input__mean": [0.5, 0.5, float("nan")]}, "expected 3 numbers for mean"),
    ({"input__std": [0.5, 0.5, 0]}, "expected numbers above 0 for std"),
    ({"input__fill": [0, 0, 256]}, "expected bytes, 0 to 255, for fill"),
    ({"output__normalise": "yes"}, "expected true or false for normalise .* got yes"),
    ({"output__dimension": "many"}, "expected a whole number above 0 for dimension"),
    ({"region": "left"}, "expected item or window or whole for region"),
    ({"check__values": []}, "expected numbers for values"),
    ({"check__values": [0.1] * 21}, "expected at most 20 values, as many as dim.* got 21"),
    ({"check__tolerance": 0}, "expected a number above 0 for tolerance"),
    ({"sha256": "abc"}, "expected an object of texts for sha256"),
    ({"sha256__model.onnx": None}, "expected the SHA-256 of model.onnx in"),
    ({"sha256__model.onnx": "abc"}, "expected model.onnx with the SHA-256 that its card has, abc"),
    ({"sha256__model.onnx_data": None}, "expected the SHA-256 of model.onnx_data, which"),
    ({"sha256__gone.bin": "abc"}, "expected gone.bin beside the card"),
    ({"sha256__../secret": "abc"}, "expected a file in the folder of the card; got ../secret"),
    ({"file": "../model.onnx"}, "expected a file in the folder of the card; got ../model.onnx"),
    ({"file": "/etc/hostname"}, "expected a file in the folder of the card; got /etc/hostname"),
    ({"thresholds": "t.npy"}, "expected the SHA-256 of t.npy in"),
    # What the graph says otherwise.
    (
        {"input__name": "pixels"},
        r"pixels, float32 \[n, 3, 32, 32\].*; got inputs pixel",
    ),
    ({"input__type": "uint8", "input__mean": [0, 0, 0], "input__std": [1, 1, 1]}, r"tensor\(float"),
    ({"input__type": "uint8"}, "expected mean 0 and std 1 for an input of bytes"),
    ({"input__layout": "NHWC"}, r"float32 \[n, 32, 32, 3\].*; got an input of \['n', 3, 32, 32\]"),
    ({"input__size": [16, 16]}, r"got an input of \['n', 3, 32, 32\]"),
    ({"output__name": "pooler_output"}, "to pooler_output .*; got outputs image_embeds"),
    ({"output__dimension": 24}, r"\[n, 24\]; got image_embeds of \['n', 20\]"),
    # What only the check tells.
    ({"input__resize": "shortest"}, "got first values of the check picture"),
    ({"input__resize": "longest"}, "got first values of the check picture"),
    ({"input__mean": [0, 0, 0]}, "got first values of the check picture"),
    ({"output__normalise": False}, "got first values of the check picture"),
]


@pytest.mark.parametrize(("keys", "message"), REFUSED, ids=[str(keys) for keys, _ in REFUSED])
def test_a_card_that_is_not_right_is_refused(
    stem: Path, keys: dict[str, object], message: str
) -> None:
    change(stem, **keys)
    with pytest.raises(InvalidConfig, match=message):
        OnnxEncoder(stem)


def test_a_dimension_that_only_running_tells_is_compared(tmp_path: Path) -> None:
    """Exporters leave the outputs' sides open at times."""
    encoder = card_of(build(tmp_path / "model.onnx", dimension="d"))
    assert encoder.card.output.dimension == DIMENSION
    change(tmp_path / "tiny-7", output__dimension=24)
    with pytest.raises(InvalidConfig, match=r"20 dimensions|image_embeds of"):
        OnnxEncoder(tmp_path / "tiny-7")


def other_weights(folder: Path) -> None:
    data = bytearray((folder / "model.onnx_data").read_bytes())
    data[0] ^= 1
    (folder / "model.onnx_data").write_bytes(data)


def no_network(folder: Path) -> None:
    """A file of the right hash that is no network."""
    (folder / "model.onnx").write_bytes(b"no network")
    change(folder / "tiny-7", **{"sha256__model.onnx": hash_file(folder / "model.onnx")})


def data_elsewhere(folder: Path) -> None:
    """A network whose weights would be read outside of the card's folder."""
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = "../model.onnx_data" if entry.key == "location" else entry.value
    shutil.copy(folder / "model.onnx_data", folder.parent)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    change(folder / "tiny-7", **{"sha256__model.onnx": hash_file(folder / "model.onnx")})


def a_link_out(folder: Path) -> None:
    shutil.move(folder / "model.onnx_data", folder.parent)
    (folder / "model.onnx_data").symlink_to(folder.parent / "model.onnx_data")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (other_weights, "expected model.onnx_data with the SHA-256 that its card has"),
        (no_network, "expected an ONNX file at model.onnx"),
        (data_elsewhere, "expected a file in the folder of the card; got ../model.onnx_data"),
        (a_link_out, "expected a file in the folder of the card; got model.onnx_data"),
        (lambda folder: (folder / "model.onnx").unlink(), "expected model.onnx beside the card"),
        (lambda folder: (folder / "tiny-7.json").unlink(), "expected a model card at tiny-7.json"),
    ],
)
def test_files_that_are_not_right_are_refused(
    stem: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(stem.parent)
    with pytest.raises(InvalidConfig, match=message):
        OnnxEncoder(stem)


def thresholds(stem: Path, array: object, **options: bool) -> None:
    file = stem.with_name("t.npy")
    np.save(file, np.asarray(array), **options)
    change(stem, thresholds="t.npy", **{"sha256__t.npy": hash_file(file)})


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(DIMENSION - 1, np.float32), r"expected finite float32 \[20\] in t.npy; got .*19"),
        (np.zeros(DIMENSION), "got float64"),
        (np.full(DIMENSION, np.inf, np.float32), "expected finite"),
        (np.array([print] * DIMENSION, dtype=object), "Object arrays cannot be loaded"),
    ],
)
def test_thresholds_are_one_number_a_dimension_and_nothing_is_unpickled(
    stem: Path, array: np.ndarray, message: str
) -> None:
    thresholds(stem, array, allow_pickle=True)
    with pytest.raises(InvalidConfig, match=message):
        EncoderCard.read(stem)


def test_fitted_thresholds_are_medians_and_the_codes_are_others(stem: Path) -> None:
    before = EncoderCard.read(stem).model
    noise = np.random.default_rng(1)
    embeddings = noise.normal(1, 1, (MIN_PICTURES + 1, DIMENSION)).astype(np.float32)
    card = fit_thresholds(stem, embeddings)
    assert (card.thresholds == np.median(embeddings, axis=0)).all()
    assert card.files == ("model.onnx", "model.onnx_data", "tiny-7.thresholds.npy")
    again = fit_thresholds(stem, embeddings + 1)
    assert len({before, card.model, again.model}) == 3
    assert again.files == card.files
    with pytest.raises(InvalidConfig, match="expected at least 50 pictures; got 49"):
        fit_thresholds(stem, embeddings[:49])


def test_the_model_tells_apart_whatever_makes_other_codes(stem: Path) -> None:
    models = [EncoderCard.read(stem).model]
    for keys in ({"region": "whole"}, {"input__interpolation": "box"}, {"version": 8}):
        change(stem, **keys)
        models.append(EncoderCard.read(stem).model)
    assert len(set(models)) == 4
    change(stem, licence="MIT", check__tolerance=0.5)
    assert EncoderCard.read(stem).model == models[-1]


def test_pictures_are_taken_evenly_from_all_folders(tmp_path: Path) -> None:
    for number in range(10):
        file = tmp_path / f"{number % 2}" / f"{number}.jpg"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    assert len(find_pictures([tmp_path], 100)) == 10
    names = [path.name for path in find_pictures([tmp_path / "0", tmp_path / "1"], 3)]
    assert names[0] == "0.jpg" and names[-1] == "9.jpg" and len(names) == 3


def test_the_fields_that_are_followed_are_those_of_onnx() -> None:
    protos = {
        "Model": onnx.ModelProto,
        "Training": onnx.TrainingInfoProto,
        "Function": onnx.FunctionProto,
        "Graph": onnx.GraphProto,
        "Node": onnx.NodeProto,
        "Attribute": onnx.AttributeProto,
        "Sparse": onnx.SparseTensorProto,
        "Tensor": onnx.TensorProto,
        "Entry": onnx.StringStringEntryProto,
    }
    messages = {proto.DESCRIPTOR.full_name: name for name, proto in protos.items()}
    assert messages.keys() == {f"onnx.{p.DESCRIPTOR.name}" for p in protos.values()}
    for name, proto in protos.items():
        leading = {
            field.number: messages[field.message_type.full_name]
            for field in proto.DESCRIPTOR.fields
            if field.message_type
            and field.message_type.full_name in messages
            # Texts for people, and axes of quantised tensors: no tensors.
            and (name == "Tensor" or messages[field.message_type.full_name] != "Entry")
        }
        followed = {number: inner for number, inner in MESSAGES[name].items() if inner in protos}
        extra = {n: inner for n, inner in leading.items() if n not in followed}
        assert leading | followed == leading, name
        assert set(extra.values()) <= {"Entry"}, name
    assert onnx.NodeProto.DESCRIPTOR.fields_by_name["op_type"].number == 4


def test_a_graph_tells_its_operators_and_files(made: Path, tmp_path: Path) -> None:
    graph = OnnxGraph.read(made / "model.onnx")
    assert graph.data_files == ("model.onnx_data",)
    assert graph.operators["MatMul"] == graph.operators["AveragePool"] == 1
    for content in (b"", b"\xff" * 40, json.dumps({"a": 1}).encode()):
        (tmp_path / "no.onnx").write_bytes(content)
        with pytest.raises(InvalidConfig, match="expected an ONNX file at no"):
            OnnxGraph.read(tmp_path / "no.onnx")
