"""Open the ONNX files of an encoder, and shape what comes out of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.encoder.card_files import file_inside
from houndstooth.models.encoder.onnx_graph import OnnxGraph
from houndstooth.models.runtime.session import open_session


def open_graph(
    path: Path, hashed: Sequence[str] | None, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Open an ONNX file with the data files beside it.

    Args:
        hashed: names of the files whose hashes were compared; None compares nothing.

    Raises:
        InvalidConfig: it is no network, or a data file is not among those, or outside the folder.
    """
    for name in OnnxGraph.read(path).data_files:
        file_inside(path.parent, name)
        if hashed is not None and name not in hashed:
            raise InvalidConfig(
                f"expected the SHA-256 of {name}, which {path.name} reads, in its card; got none"
            )
    return open_session(path, threads)


def other_output(outputs: Sequence[Any], name: str, dimension: int) -> str:
    """Say what is there in the place of an output of one embedding each; empty if it is there."""
    by_name = {each.name: each for each in outputs}
    if name not in by_name:
        return f"outputs {', '.join(by_name)}"
    shape = by_name[name].shape
    sides = [side for side in shape[1:] if side != 1]
    known = [side for side in sides if isinstance(side, int)]
    return f"{name} of {shape}" if len(sides) > 1 or known not in ([], [dimension]) else ""


def as_embeddings(out: Any, count: int, normalise: bool) -> NDArray[np.float32]:
    """Bring what a network made of ``count`` inputs to float32 [count, d].

    Args:
        normalise: whether each is divided by its Euclidean length.
    """
    embeddings: NDArray[np.float32] = np.asarray(out, dtype=np.float32).reshape(count, -1)
    if normalise:
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        embeddings = embeddings / np.maximum(lengths, np.finfo(np.float32).tiny)
    return embeddings


def differing_values(found: NDArray[np.float32], values: Sequence[float], tolerance: float) -> str:
    """Say in what the first values of an embedding differ from a card's; empty if in nothing."""
    expected = np.array(values, dtype=np.float32)
    first = found[: len(expected)]
    if (np.abs(first - expected) <= tolerance).all():
        return ""
    return f"{_shown(first)}, for {_shown(expected)} ± {tolerance:g} in the card"


def _shown(values: NDArray[np.float32]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
