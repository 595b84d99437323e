"""The part of an encoder's card that says how texts are embedded: the object ``text``.

``docs/encoders.md`` explains each key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.encoder.card_files import check_files, file_inside, read_vector
from houndstooth.models.encoder.card_keys import CardKeys

KEYS = (
    *("file", "tokenizer", "sha256", "clean", "input", "length", "pad_id", "output"),
    *("centre", "check"),
)
INPUT_KEYS = ("ids", "mask")
CHECK_KEYS = ("text", "values", "tolerance")

CLEANINGS = ("none", "whitespace", "lower", "canonicalize")
"""What is done to a text before it is split into tokens, as open_clip names it."""

ZERO = "zero"
"""A centre of 0 in every dimension."""


@dataclass(frozen=True)
class TextCheck:
    """The embedding that the network makes of a text.

    Attributes:
        text: the text.
        values: the first of its embedding.
        tolerance: the largest difference of a value.
    """

    text: str
    values: tuple[float, ...]
    tolerance: float


@dataclass(frozen=True)
class TextCard:
    """The text tower of an encoder, its files' hashes compared.

    Attributes:
        path: of the ONNX file.
        tokenizer: path of the tokenizer, as the package tokenizers writes it.
        files: names of all files whose hashes are in the card.
        clean: one of ``CLEANINGS``.
        ids: name of the graph's input of token numbers.
        mask: name of its input that is 1 where there is a token; None where it has none.
        length: tokens of a text: longer ones are cut off, shorter ones filled up.
        pad_id: number of the token that fills up.
        output: name of the graph's output, [n, d], with the d of the pictures' embeddings.
        centre: the mean embedding of texts, float32 [d].
        check: what it makes of a text.
    """

    path: Path
    tokenizer: Path
    files: tuple[str, ...]
    clean: str
    ids: str
    mask: str | None
    length: int
    pad_id: int
    output: str
    centre: NDArray[np.float32]
    check: TextCheck

    @classmethod
    def read(cls, keys: CardKeys, folder: Path, dimension: int) -> TextCard:
        """Read the object of a card in a folder, for embeddings of d dimensions.

        Raises:
            InvalidConfig: a key is unknown, missing or of another form, or a file is not what the
                card was written for.
        """
        file, tokenizer, centre = (keys.text(name) for name in ("file", "tokenizer", "centre"))
        digests = keys.texts_by_name("sha256")
        check_files(folder, digests, {file, tokenizer, centre} - {ZERO}, keys.where)
        names, check = keys.inner("input", INPUT_KEYS), keys.inner("check", CHECK_KEYS)
        return cls(
            path=file_inside(folder, file),
            tokenizer=file_inside(folder, tokenizer),
            files=tuple(digests),
            clean=keys.word("clean", CLEANINGS),
            ids=names.text("ids"),
            mask=names.text_or_none("mask"),
            length=keys.whole("length"),
            pad_id=keys.whole("pad_id", least=0),
            output=keys.text("output"),
            centre=np.zeros(dimension, dtype=np.float32)
            if centre == ZERO
            else read_vector(file_inside(folder, centre), dimension),
            check=TextCheck(
                check.text("text"),
                check.numbers("values", most=dimension),
                check.above_zero("tolerance"),
            ),
        )
