"""Read of an ONNX file what onnxruntime does not tell: its data files, and what it computes with.

An ONNX file is a message of protocol buffers (onnx.proto). Only the fields that lead to tensors
and to the names of operators are followed; nothing else is decoded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from houndstooth.mappings.errors import InvalidConfig

MESSAGES: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
    "Node": {4: "operator", 5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
    "Sparse": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
    "Entry": {1: "key", 2: "value"},
}
"""The fields that are followed, by message and number, and what they hold."""


@dataclass(frozen=True)
class OnnxGraph:
    """The contents of an ONNX file.

    Attributes:
        data_files: names of the files that hold its larger tensors, sorted.
        operators: how often it computes with each, by name.
    """

    data_files: tuple[str, ...]
    operators: Counter[str]

    @classmethod
    def read(cls, path: Path) -> OnnxGraph:
        """Read a file.

        Raises:
            InvalidConfig: it is no ONNX file.
        """
        files, operators = set(), Counter[str]()
        try:
            for kind, text in _texts(np.memmap(path, mode="r").data, "Model"):
                if kind == "operator":
                    operators[text] += 1
                else:
                    files.add(text)
        except (OSError, ValueError, IndexError, RecursionError) as error:
            raise InvalidConfig(f"expected an ONNX file at {path.name}; got {error!r}") from None
        return cls(tuple(sorted(files)), operators)


def _texts(data: memoryview, message: str) -> Iterator[tuple[str, str]]:
    """Yield the names of operators and of data files in a message."""
    if message == "Entry":
        entry = {
            MESSAGES["Entry"][number]: str(value, "utf-8")
            for number, value in _fields(data)
            if number in MESSAGES["Entry"]
        }
        if entry.get("key") == "location":
            yield "location", entry.get("value", "")
        return
    for number, value in _fields(data):
        inner = MESSAGES[message].get(number)
        if inner == "operator":
            yield inner, str(value, "utf-8")
        elif inner:
            yield from _texts(value, inner)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield numbers and bytes of a message's fields that have a length; others are passed over."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 2:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise ValueError("a file that ends early")
            yield key >> 3, data[at : at + length]
            at += length
        elif key & 7 == 0:
            _, at = _varint(data, at)
        elif key & 7 in (1, 5):
            at += 8 if key & 7 == 1 else 4
        else:
            raise ValueError("a file that is no message")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read a whole number of seven bits a byte, and return it with the place after it."""
    number = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
    raise ValueError("a file that is no message")
