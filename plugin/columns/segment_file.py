"""Write a segment to a file, and map it into memory.

The file begins with ``MAGIC``, the length of a JSON header in eight bytes, and the header; then
come the arrays, each at a multiple of 4,096 bytes. Nothing is unpickled. A file is complete or not
there: it is written under another name, then renamed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.rows import Checkpoint
from houndstooth.plugin.columns.builder import Draft, SegmentBuilder
from houndstooth.plugin.columns.segment import Segment
from houndstooth.plugin.columns.term_sets import TermSets

MAGIC = b"houndstooth columns 2\n"
"""First bytes of a file; the number is the version of the format."""

PAGE = 4096
NAMES = {
    *("set_starts", "codes", "colours", "view_starts", "versions"),
    *("variants", "variant_hashes", "variant_rows"),
    *("id_starts", "id_bytes", "id_hashes", "id_rows"),
}
TYPES = {"uint8", "uint16", "uint32", "uint64", "int64"}

_DAMAGED = (
    *(ValueError, TypeError, LookupError, AttributeError),
    *(ArithmeticError, RecursionError),
)
"""What reading a damaged header may raise."""


@dataclass(frozen=True)
class Saved:
    """A segment from a file, and how far it has followed its index."""

    segment: Segment
    checkpoint: Checkpoint


@contextmanager
def spool(folder: Path, name: str) -> Iterator[SegmentBuilder]:
    """Make a builder whose codes and histograms wait in temporary files ``.NAME-…``."""
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}-") as temporary,
        closing(SegmentBuilder(Path(temporary))) as builder,
    ):
        yield builder


def save(draft: Draft, checkpoint: Checkpoint, path: Path) -> None:
    """Write a segment and its checkpoint; replace a file that is there.

    Raises:
        OSError: The file cannot be written.
    """
    segment, sets = draft.segment, draft.segment.term_sets
    small: dict[str, NDArray[Any]] = {
        "pair_starts": sets.pair_starts,
        "values": sets.values,
        "more": sets.more,
        **segment.arrays,
    }
    chunks: dict[str, Iterable[NDArray[Any]]] = {
        **{name: [array] for name, array in small.items()},
        "codes": draft.ordered(draft.codes),
        "colours": draft.ordered(draft.colours),
    }
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        **{name: (array.dtype.name, array.shape) for name, array in small.items()},
        "codes": ("uint64", (len(draft.views), draft.codes.shape[1])),
        "colours": ("uint64", (len(draft.views), draft.colours.shape[1])),
    }
    header = json.dumps(
        {
            "checkpoint": asdict(checkpoint),
            "pairs": sets.pairs,
            "terms": sets.terms,
            "code_bytes": segment.code_bytes,
            "colour_bins": segment.colour_bins,
            "arrays": shapes,
        }
    ).encode()
    with _replacing(path) as file:
        file.write(MAGIC + len(header).to_bytes(8, "little") + header)
        for name in shapes:
            file.write(bytes(-file.tell() % PAGE))
            for chunk in chunks[name]:
                file.write(np.ascontiguousarray(chunk).data)


def load(path: Path) -> Saved | None:
    """Map a file; return None if there is none, or if it is not complete or of another version.

    The arrays are read from the file when they are used, and shared by all processes.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
            length = int.from_bytes(file.read(8), "little")
            if length > os.fstat(file.fileno()).st_size:
                return None
            header = json.loads(file.read(length))
            return _map(file, len(MAGIC) + 8 + length, header)
    except (OSError, *_DAMAGED):
        return None


def _map(file: IO[bytes], offset: int, header: Mapping[str, Any]) -> Saved | None:
    size = os.fstat(file.fileno()).st_size
    arrays: dict[str, NDArray[Any]] = {}
    for name, (kind, shape) in header["arrays"].items():
        if kind not in TYPES:
            return None
        offset += -offset % PAGE
        count = int(np.prod(shape, dtype=np.int64))
        data_type = np.dtype(kind)
        if offset + count * data_type.itemsize > size:
            return None
        if count:
            mapped = np.memmap(file, data_type, "r", offset, tuple(shape))
            arrays[name] = np.asarray(mapped)
        else:
            arrays[name] = np.zeros(shape, data_type)
        offset += count * data_type.itemsize
    sets = TermSets(
        [(great, category) for great, category in header["pairs"]],
        header["terms"],
        arrays.pop("pair_starts"),
        arrays.pop("values"),
        arrays.pop("more"),
    )
    if arrays.keys() != NAMES:
        return None
    segment = Segment(sets, header["code_bytes"], header["colour_bins"], arrays)
    checkpoint = header["checkpoint"]
    return Saved(segment, Checkpoint(checkpoint["index"], checkpoint["positions"]))


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file under a temporary name ``.NAME-…`` and rename it when it is complete."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}-") as temporary:
        written = Path(temporary) / path.name
        with written.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
