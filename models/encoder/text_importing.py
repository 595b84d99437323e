"""Write the part of a card that says how texts are embedded, from the files beside a text model."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card_files import hash_file
from houndstooth.models.encoder.onnx_graph import OnnxGraph
from houndstooth.models.encoder.open_graph import open_graph
from houndstooth.models.encoder.text_card import CLEANINGS, ZERO
from houndstooth.models.encoder.text_encoder import TENSORS
from houndstooth.models.runtime.card import read_object

TOKENIZER, SETTINGS = "tokenizer.json", "tokenizer_config.json"

POOLED = ("text_embeds", "text_embeddings", "embeddings", "pooler_output", "sentence_embedding")
"""Names of outputs that are one embedding a text, best first."""

MASK = "attention_mask"

CHECKED_TEXT = "a red dress with long sleeves"

LONGEST = 4096
"""Tokens: transformers writes 10 ** 30 where a tokenizer knows no length."""

OPEN_CLIP_LENGTH, OPEN_CLIP_PAD = 77, 0
"""What open_clip takes where its configuration does not say."""


@dataclass(frozen=True)
class TextFiles:
    """The files of a text tower, and what nobody can read of them.

    Attributes:
        network: the ONNX file, beside that of pictures.
        tokenizer: beside it, or in the folder above; then it is copied.
        length: tokens of a text; None reads it of the files.
        pad_id: number of the token that fills up; None reads it of the files.
    """

    network: Path
    tokenizer: Path
    length: int | None = None
    pad_id: int | None = None


def find_text(network: Path) -> TextFiles | None:
    """Find the text tower of a network of pictures; None where there is none.

    It is called as that of pictures is, with "text" for "vision", "visual" or "image".
    """
    for word in ("vision", "visual", "image"):
        other = network.with_name(network.name.replace(word, "text"))
        if other == network or not other.is_file():
            continue
        for folder in (network.parent, network.absolute().parent.parent):
            if (folder / TOKENIZER).is_file():
                return TextFiles(other, folder / TOKENIZER)
    return None


def given_text(
    found: TextFiles | None,
    network: Path | None,
    tokenizer: Path | None,
    length: int | None,
    pad_id: int | None,
) -> TextFiles | None:
    """Return the files that were found, with what somebody says otherwise, or None.

    Raises:
        InvalidConfig: something is said, and a file is missing.
    """
    network = network or (found.network if found else None)
    tokenizer = tokenizer or (found.tokenizer if found else None)
    if network and tokenizer:
        return TextFiles(network, tokenizer, length, pad_id)
    if network or tokenizer or length is not None or pad_id is not None:
        missing = "--text" if tokenizer or not network else "--tokenizer"
        raise InvalidConfig(f"expected a text model and {TOKENIZER}; got one alone: give {missing}")
    return None


def text_keys(files: TextFiles, config: Path) -> dict[str, Any]:
    """Describe a text tower, as the keys of a card's ``text``; its check is empty.

    Args:
        files: its files. The tokenizer is copied beside the network if it lies elsewhere.
        config: the configuration of the encoder, of open_clip or transformers.

    Raises:
        InvalidConfig: input, output, length or padding cannot be told.
    """
    session = open_graph(files.network, None)
    ids, mask, static = _inputs(session.get_inputs(), files.network)
    files = replace(files, length=files.length or static)
    clean, length, pad_id = _preparation(files, config)
    tokenizer = files.network.with_name(files.tokenizer.name)
    if not tokenizer.exists():
        shutil.copyfile(files.tokenizer, tokenizer)
    elif hash_file(tokenizer) != hash_file(files.tokenizer):
        raise InvalidConfig(
            f"expected {files.tokenizer} beside {files.network.name}, where another file of that "
            "name lies: take that away, or name the tokenizer otherwise"
        )
    names = (files.network.name, *OnnxGraph.read(files.network).data_files, tokenizer.name)
    return {
        "file": files.network.name,
        "tokenizer": tokenizer.name,
        "sha256": {name: hash_file(files.network.with_name(name)) for name in names},
        "clean": clean,
        "input": {"ids": ids, "mask": mask},
        "length": length,
        "pad_id": pad_id,
        "output": _output(session.get_outputs(), files.network),
        "centre": ZERO,
        "check": {"text": CHECKED_TEXT, "values": [0.0], "tolerance": 1e9},
    }


def _inputs(inputs: Sequence[Any], network: Path) -> tuple[str, str | None, int | None]:
    """Return the inputs of tokens and of the mask, and the length if the graph has one."""
    names = [each.name for each in inputs if each.type in TENSORS and len(each.shape) == 2]
    ids = [name for name in names if name != MASK]
    if len(ids) != 1 or len(names) != len(inputs):
        raise InvalidConfig(
            f"expected an input of token numbers, and {MASK} at most beside it, in {network.name}; "
            f"got {', '.join(f'{each.name} {each.type} {each.shape}' for each in inputs)}"
        )
    lengths = [each.shape[1] for each in inputs if isinstance(each.shape[1], int)]
    return ids[0], MASK if MASK in names else None, lengths[0] if lengths else None


def _output(outputs: Sequence[Any], network: Path) -> str:
    flat = [each.name for each in outputs if len(each.shape) == 2]
    names = [each.name for each in outputs]
    chosen = [name for name in POOLED if name in names] or (flat if len(flat) == 1 else [])
    if not chosen:
        raise InvalidConfig(
            f"expected one output of an embedding a text in {network.name}; got {', '.join(names)}"
        )
    return str(chosen[0])


def _preparation(files: TextFiles, config: Path) -> tuple[str, int, int]:
    """Read how texts are cleaned, their length in tokens, and the token that fills up."""
    written = read_object(files.tokenizer, "a tokenizer")
    settings = files.tokenizer.with_name(SETTINGS)
    given = read_object(settings, "settings") if settings.is_file() else {}
    open_clip = read_object(config, "settings").get("model_cfg", {}).get("text_cfg")
    clean, length, pad_id = "none", files.length, files.pad_id
    if open_clip is not None:
        clean, known, pad = _of_open_clip(open_clip)
        length = length or known
        pad_id = pad if pad_id is None else pad_id
    if length is None:
        truncation = (written.get("truncation") or {}).get("max_length")
        fixed = _fixed(written.get("padding") or {})
        known_lengths = [given.get("model_max_length"), truncation, fixed]
        length = next((n for n in known_lengths if isinstance(n, int) and n <= LONGEST), None)
    if pad_id is None:
        pad_id = _pad_id(given, written)
    if length is None or pad_id is None:
        missing = "--text-length" if length is None else "--pad-id"
        raise InvalidConfig(
            f"expected the length of texts and the token that fills them up in {SETTINGS} or "
            f"{files.tokenizer.name}; got none: give {missing}"
        )
    return clean, length, pad_id


def _of_open_clip(text: Mapping[str, Any]) -> tuple[str, int, int | None]:
    """Read cleaning, length and padding; that of another library's tokenizer is its own."""
    other = bool(text.get("hf_tokenizer_name"))
    clean = (text.get("tokenizer_kwargs") or {}).get("clean")
    clean = clean or ("whitespace" if other else "lower")
    if clean not in CLEANINGS:
        raise InvalidConfig(f"expected clean to be one of {', '.join(CLEANINGS)}; got {clean!r}")
    length = text.get("context_length") or OPEN_CLIP_LENGTH
    return clean, int(length), None if other else OPEN_CLIP_PAD


def _pad_id(given: Mapping[str, Any], written: Mapping[str, Any]) -> int | None:
    """Find the padding token's number: of the token that is named so, else of the padding."""
    token = given.get("pad_token")
    token = token.get("content") if isinstance(token, dict) else token
    added = written.get("added_tokens") or []
    numbers = {each.get("content"): each.get("id") for each in added}
    vocabulary = (written.get("model") or {}).get("vocab")
    if isinstance(vocabulary, dict):
        numbers = vocabulary | numbers
    elif isinstance(vocabulary, list):  # of pairs of a token and its weight
        numbers = {pair[0]: place for place, pair in enumerate(vocabulary)} | numbers
    found = numbers.get(token)
    if found is None:
        found = (written.get("padding") or {}).get("pad_id")
    return found if isinstance(found, int) else None


def _fixed(padding: Mapping[str, Any]) -> object:
    strategy = padding.get("strategy")
    return strategy.get("Fixed") if isinstance(strategy, dict) else None
