"""One way to open a network with onnxruntime, and the card beside it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mappings.errors import InvalidConfig

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Card:
    """What a network's card says that serving needs.

    Attributes:
        model: name and version; goes into every document.
        side: of the square input, pixels.
        heads: class terms by head, in output order; ``category`` comes first.
        temperatures: by head, dividing its logits.
        thresholds: of the appearance code, float32 [features].
    """

    model: str
    side: int
    heads: dict[str, tuple[str, ...]]
    temperatures: dict[str, float]
    thresholds: NDArray[np.float32]


def read_card(path: Path) -> Card:
    """Read the JSON card beside a network.

    Raises:
        InvalidConfig: no such file, or a key is missing.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Card(
            model=f"{data['name']}-{data['version']}",
            side=int(data["side"]),
            heads={head: tuple(terms) for head, terms in data["heads"].items()},
            temperatures={head: float(t) for head, t in data["temperatures"].items()},
            thresholds=np.array(data["thresholds"], dtype=np.float32),
        )
    except (OSError, ValueError, KeyError) as error:
        raise InvalidConfig(f"expected a model card at {path.name}: {error!r}") from None


def open_session(path: Path, threads: int | None = None) -> onnxruntime.InferenceSession:
    """A session on the CPU.

    Args:
        threads: for one network run; all processors where None.

    Raises:
        InvalidConfig: not a network that onnxruntime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InvalidConfig(f"cannot run the network {path.name}: {error}") from None
