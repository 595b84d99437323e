"""Write the card of an ONNX file: from its graph, and from how its pictures are prepared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card import Region
from houndstooth.models.encoder.card_files import hash_file
from houndstooth.models.encoder.image_processors import Preparation
from houndstooth.models.encoder.onnx_encoder import TENSORS, OnnxEncoder
from houndstooth.models.encoder.onnx_graph import OnnxGraph
from houndstooth.models.encoder.open_graph import open_graph
from houndstooth.models.encoder.text_card import ZERO
from houndstooth.models.runtime.card import write_keys

POOLED = ("image_embeds", "image_embeddings", "embeddings", "pooler_output", "sentence_embedding")
"""Names of outputs that are one embedding a picture, best first."""

CHECKED = 8
"""Values of the embedding that are compared."""

TOLERANCE = 0.05
"""The tolerance of a value, as a share of the embedding's root mean square."""


@dataclass(frozen=True)
class Named:
    """The keys that nobody can read of a file: how the encoder is called, and may be used.

    Attributes:
        name, version: of the encoder; both are in the names of the card's files.
        licence: such as Apache-2.0.
        region: what of a picture it sees.
        output: name of the output to take; None chooses it.
        normalise: whether embeddings are divided by their Euclidean length.
    """

    name: str
    version: int
    licence: str
    region: Region = "item"
    output: str | None = None
    normalise: bool = True

    @property
    def stem(self) -> str:
        """Name and version, as the card's file is called."""
        return f"{self.name}-{self.version}"


def write_card(
    network: Path,
    prepared: Preparation,
    named: Named,
    replaces: bool = False,
    text: Mapping[str, Any] | None = None,
) -> OnnxEncoder:
    """Write a card beside an ONNX file, with thresholds of 0, and open the encoder by it.

    Args:
        network: the ONNX file.
        prepared: how its pictures are prepared.
        named: what the card says of it.
        replaces: whether a card of that name and version may be there already.
        text: the card's ``text``, of ``text_importing``; None where it has none.

    Raises:
        InvalidConfig: it cannot be run, its input or output cannot be told, or there is a card of
            that name and version. No new card is left.
    """
    session = open_graph(network, None)
    wanted = _input(session.get_inputs(), prepared, network)
    output = _output(session.get_outputs(), named.output, network)
    files = (network.name, *OnnxGraph.read(network).data_files)
    card: dict[str, Any] = {
        "kind": "encoder",
        "name": named.name,
        "version": named.version,
        "licence": named.licence,
        "file": network.name,
        "sha256": {name: hash_file(network.parent / name) for name in files},
        "input": wanted,
        "output": {"name": output.name, "dimension": 0, "normalise": named.normalise},
        "thresholds": ZERO,
        "region": named.region,
        "check": {"values": [0.0], "tolerance": 1e9},
    }
    if text is not None:
        card["text"] = dict(text)
    stem = network.with_name(named.stem)
    if stem.with_name(f"{stem.name}.json").exists() and not replaces:
        raise InvalidConfig(
            f"expected a name and version without a card; there is {stem.name}.json, whose "
            "thresholds and codes would be lost: give another version, or --replace"
        )
    dimension = _dimension(session, wanted, output.name)
    card["output"]["dimension"] = dimension
    return _checked(stem, card)


def _checked(stem: Path, card: dict[str, Any]) -> OnnxEncoder:
    """Write a card, with the check's values as this machine computes them."""
    path = stem.with_name(f"{stem.name}.json")
    before = path.read_bytes() if path.exists() else None
    try:
        write_keys(stem, card)
        encoder = OnnxEncoder(stem)
        card["check"] = _check(encoder.check_values(), "the check picture", card["file"])
        if encoder.text:
            text = card["text"]
            check = _check(encoder.text.check_values(), "the check's text", text["file"])
            card["text"] = text | {"check": text["check"] | check}
        write_keys(stem, card)
        return OnnxEncoder(stem)
    except InvalidConfig:
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)
        raise


def _check(embedding: NDArray[np.float32], of: str, file: str) -> dict[str, Any]:
    """Return what a card says of an embedding, to check it."""
    size = float(np.sqrt(np.mean(np.square(embedding))))
    if not np.isfinite(size) or size == 0:
        raise InvalidConfig(
            f"expected an embedding of {of} by {file}; got {embedding[:CHECKED].tolist()}"
        )
    values = [float(f"{value:.6g}") for value in embedding[:CHECKED]]
    return {"values": values, "tolerance": float(f"{TOLERANCE * size:.2g}")}


def _input(inputs: Sequence[Any], prepared: Preparation, network: Path) -> dict[str, Any]:
    """Describe the graph's one input, as the card's keys."""
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs)
        raise InvalidConfig(
            f"expected one input, of pictures; {network.name} has {names}: take the file that "
            "encodes pictures alone, such as vision_model.onnx"
        )
    [found] = inputs
    kinds = {tensor: kind for kind, tensor in TENSORS.items()}
    if found.type not in kinds or len(found.shape) != 4:
        raise InvalidConfig(
            f"expected an input of float32, float16 or uint8 of four axes in {network.name}; got "
            f"{found.name}, {found.type} {found.shape}"
        )
    layout = "NHWC" if found.shape[3] == 3 and found.shape[1] != 3 else "NCHW"
    sides = found.shape[1:3] if layout == "NHWC" else found.shape[2:]
    for side, mine in zip(sides, prepared.size, strict=True):
        if isinstance(side, int) and side != mine:
            raise InvalidConfig(
                f"expected pictures of {sides} by {network.name}; got {list(prepared.size)} by the "
                "configuration"
            )
    keys = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(prepared).items()}
    kind = kinds[found.type]
    if kind == "uint8":  # such a network subtracts and divides by itself
        keys |= {"mean": [0.0] * 3, "std": [1.0] * 3}
    return {"name": found.name, "layout": layout, "type": kind} | keys


def _output(outputs: Sequence[Any], name: str | None, network: Path) -> Any:
    """Choose the output that is one embedding a picture."""
    by_name = {each.name: each for each in outputs}
    listed = ", ".join(f"{each.name} {each.shape}" for each in outputs)
    if name is not None:
        if name not in by_name:
            raise InvalidConfig(f"expected an output of {network.name}, {listed}; got {name}")
        return by_name[name]
    for pooled in POOLED:
        if pooled in by_name:
            return by_name[pooled]
    flat = [each for each in outputs if len(each.shape) == 2 or each.shape[2:] == [1, 1]]
    if len(flat) != 1:
        raise InvalidConfig(
            f"expected one output of an embedding a picture in {network.name}, or --output; got "
            f"{listed}"
        )
    return flat[0]


def _dimension(session: Any, wanted: Mapping[str, Any], output: str) -> int:
    """Run one picture of zeros to learn the embedding's dimension."""
    height, width = wanted["size"]
    shape = (1, 3, height, width) if wanted["layout"] == "NCHW" else (1, height, width, 3)
    [out] = session.run([output], {wanted["name"]: np.zeros(shape, wanted["type"])})
    if out.size != out.shape[-1] and out.size != (out.shape[1] if out.ndim > 1 else 0):
        raise InvalidConfig(
            f"expected an output of one embedding a picture; got {output} of {list(out.shape)}"
        )
    return int(out.size)
