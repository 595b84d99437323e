"""Embed texts by the text tower of an encoder, beside its pictures."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import WeightedCode
from houndstooth.models.embedding.binary_code import weighted_code
from houndstooth.models.encoder.card import EncoderCard
from houndstooth.models.encoder.open_graph import (
    as_embeddings,
    differing_values,
    open_graph,
    other_output,
)
from houndstooth.models.encoder.text_card import TextCard

TENSORS: dict[str, Any] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
"""onnxruntime's names of the types of token numbers."""

BATCH = 16
"""Texts that are run at once."""

_PUNCTUATION = str.maketrans("", "", string.punctuation)


class TextEncoder:
    """Embeds texts by an encoder's card. Threads may share it.

    Args:
        card: the encoder's card; it has a ``text``.
        where: the card's name, as messages say it.
        threads: of one network run; all processors where None.

    Attributes:
        card: the part of the card.

    Raises:
        InvalidConfig: the package tokenizers is not installed, a file is not usable, or the network
            makes something else of the check's text than its card says.
    """

    def __init__(self, card: EncoderCard, where: str, threads: int | None = None) -> None:
        if card.text is None:
            raise InvalidConfig(f"expected the key text in the card {where}; got none")
        self.card: TextCard = card.text
        self._output, self._where = card.output, where
        self._tokenizer = open_tokenizer(self.card)
        self._session = open_graph(self.card.path, self.card.files, threads)
        self._types, self._one_by_one = self._check_graph()
        try:
            found = self.check_values()
        except InvalidConfig:
            raise
        except Exception as error:  # such as a token that the network has no vector of
            raise self._refuse(f"no embedding of the check's text: {error}") from None
        check = self.card.check
        if differing := differing_values(found, check.values, check.tolerance):
            raise self._refuse(f"first values of the check's text {differing}")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed n texts, cut off or filled up to the card's length; float32 [n, d]."""
        size = 1 if self._one_by_one else BATCH
        found = [np.zeros((0, self._output.dimension), dtype=np.float32)]
        for start in range(0, len(texts), size):
            fed = self._fed(texts[start : start + size])
            [out] = self._session.run([self.card.output], fed)
            count = len(texts[start : start + size])
            found.append(as_embeddings(out, count, self._output.normalise))
            if found[-1].shape[1] != self._output.dimension:
                raise self._refuse(f"{found[-1].shape[1]} dimensions of {self.card.output}")
        return np.concatenate(found)

    def code(self, text: str) -> WeightedCode:
        """Embed a text, to be compared with the codes of pictures; see ``weighted_code``."""
        return weighted_code(self.encode([text])[0], self.card.centre)

    def check_values(self) -> NDArray[np.float32]:
        """Embed the check's text; float32 [d]."""
        embedding: NDArray[np.float32] = self.encode([self.card.check.text])[0]
        return embedding

    def _fed(self, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Return what the graph is fed of texts: whole numbers [n, length] by input."""
        tokens = [self._tokenizer.encode(cleaned(text, self.card.clean)) for text in texts]
        fed = {self.card.ids: [each.ids for each in tokens]}
        if self.card.mask is not None:
            fed[self.card.mask] = [each.attention_mask for each in tokens]
        return {name: np.array(rows, dtype=self._types[name]) for name, rows in fed.items()}

    def _check_graph(self) -> tuple[dict[str, Any], bool]:
        """Compare inputs and output with the card; return the inputs' types, and if n is 1."""
        card, length = self.card, self.card.length
        inputs = {each.name: each for each in self._session.get_inputs()}
        if set(inputs) != {card.ids, card.mask} - {None}:
            raise self._refuse(f"inputs {', '.join(inputs)}")
        for each in inputs.values():
            sides = list(each.shape)
            good = len(sides) == 2 and (not isinstance(sides[1], int) or sides[1] == length)
            if each.type not in TENSORS or not good:
                raise self._refuse(f"{each.name}, {each.type} {sides}")
        outputs = self._session.get_outputs()
        if other := other_output(outputs, card.output, self._output.dimension):
            raise self._refuse(other)
        batches = {each.shape[0] for each in inputs.values() if isinstance(each.shape[0], int)}
        if batches - {1}:
            raise self._refuse(f"batches of {max(batches)}")
        return {name: TENSORS[each.type] for name, each in inputs.items()}, bool(batches)

    def _refuse(self, got: str) -> InvalidConfig:
        card = self.card
        names = card.ids if card.mask is None else f"{card.ids} and {card.mask}"
        return InvalidConfig(
            f"expected {card.path.name} as its card {self._where} says, from {names}, whole "
            f"numbers [n, {card.length}], to {card.output} [n, {self._output.dimension}]; got {got}"
        )


def open_tokenizer(card: TextCard) -> Any:
    """Open a card's tokenizer; every text has the card's length by it.

    Raises:
        InvalidConfig: it is none, or the package tokenizers is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise InvalidConfig(
            "expected the package tokenizers, which reads the encoder's texts: "
            "pip install 'houndstooth[text]'; got none"
        ) from None
    try:
        tokenizer = Tokenizer.from_file(str(card.tokenizer))
        tokenizer.enable_truncation(max_length=card.length)
        tokenizer.enable_padding(length=card.length, pad_id=card.pad_id)
        tokenizer.encode("")
    except Exception as error:  # the package raises no other class
        raise InvalidConfig(
            f"expected a tokenizer for texts of {card.length} tokens, as the package tokenizers "
            f"writes it, in {card.tokenizer.name}; got {error}"
        ) from None
    return tokenizer


def cleaned(text: str, clean: str) -> str:
    """Clean a text as a card says, one of ``CLEANINGS``, and as open_clip does.

    What is wrongly encoded or escaped is left as it is: nobody types that.
    """
    text = text.encode("utf-8", "replace").decode()  # half a character, which tokenizers refuse
    if clean == "canonicalize":
        text = text.replace("_", " ").translate(_PUNCTUATION)
    if clean != "none":
        text = " ".join(text.split())
    return text.lower() if clean in ("lower", "canonicalize") else text
