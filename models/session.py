"""One way to open a network with onnxruntime, and the card beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mappings.errors import InvalidConfig
from models.crop import Crop
from models.recognised import Look

WEIGHTS = Path(__file__).parent / "weights"
# What a recogniser's files end in, after its name and version.
ENCODER, READER, DECODER = ".onnx", ".reader.onnx", ".decoder.onnx"


@dataclass(frozen=True)
class Card:
    """What a network's card says that serving needs.

    Attributes:
        model: name and version; goes into every document.
        decoder: ``sequence`` or ``heads``.
        side: of the square input, pixels.
        heads: class terms by head, in output order.
        temperatures: by head, dividing its logits.
        trained_on: SHA-256 of the label files it was trained on.
        thresholds: of the appearance code, float32 [features].
        always: heads that a sequence never passes over, see Grammar.
    """

    model: str
    decoder: str
    side: int
    heads: dict[str, tuple[str, ...]]
    temperatures: dict[str, float]
    trained_on: tuple[str, ...]
    thresholds: NDArray[np.float32]
    always: tuple[str, ...] = ()


def read_card(path: Path) -> Card:
    """Read the JSON card beside a network.

    Raises:
        InvalidConfig: no such file, or a key is missing.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Card(
            model=f"{data['name']}-{data['version']}",
            decoder=data.get("decoder", "heads"),
            side=int(data["side"]),
            heads={head: tuple(terms) for head, terms in data["heads"].items()},
            temperatures={head: float(t) for head, t in data["temperatures"].items()},
            trained_on=tuple(data.get("trained_on", ())),
            thresholds=np.array(data["thresholds"], dtype=np.float32),
            always=tuple(data.get("always", ())),
        )
    except (OSError, ValueError, KeyError) as error:
        raise InvalidConfig(f"expected a model card at {path.name}: {error!r}") from None


def read_members(path: Path) -> tuple[str, ...]:
    """The networks that a committee's card names; none where it is the card of one network.

    Raises:
        InvalidConfig: no such file, or not a card.
    """
    try:
        return tuple(json.loads(path.read_text(encoding="utf-8")).get("members", ()))
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidConfig(f"expected a model card at {path.name}: {error!r}") from None


def look_at(encoder: onnxruntime.InferenceSession, crops: Sequence[Crop]) -> Look:
    """The maps that one encoder makes of crops of one size."""
    middle, last = encoder.run(None, {"pixels": np.stack([crop.pixels for crop in crops])})
    return ((middle, last),)


def read_boxes(
    reader: onnxruntime.InferenceSession, look: Look, crops: Sequence[Crop]
) -> list[NDArray[np.float32]]:
    """What one reader finds of that in the crops' boxes; its outputs in the file's order."""
    [(middle, last)] = look
    boxes = np.stack([crop.box for crop in crops])
    items = np.stack([crop.item for crop in crops])
    inputs = {"middle": middle, "last": last, "boxes": boxes, "item_boxes": items}
    found: list[NDArray[np.float32]] = reader.run(None, inputs)
    return found


def open_session(path: Path, threads: int | None = None) -> onnxruntime.InferenceSession:
    """A session on the CPU, its working memory shared with all others of the process.

    Args:
        threads: for one network run; all processors where None.

    Raises:
        InvalidConfig: not a network that onnxruntime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A thread that waits by spinning keeps the next network of the same photo from its processor.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    _share_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InvalidConfig(f"cannot run the network {path.name}: {error}") from None


@cache
def _share_memory() -> None:
    """One arena for all networks: they run by turns, so it is as large as the largest needs."""
    kind, default = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    onnxruntime.create_and_register_allocator(
        onnxruntime.OrtMemoryInfo("Cpu", kind, 0, default), None
    )
