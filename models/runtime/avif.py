"""Finds the AV1 streams in an AVIF file (ISO/IEC 14496-12 and 23008-12), to bound their frames.

The size that the file states is no bound: libavif decodes a frame as its stream has it, and then
brings it to that size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from houndstooth.models.runtime.av1 import frame_sizes

MAX_ENTRIES = 20_000
"""Boxes of a kind of parent, images or extents that are read."""

MAX_REPEATS = 4
"""Times that all streams together may be as long as the file: they may share bytes."""


class _Extent(NamedTuple):
    """Some bytes of a file."""

    start: int
    end: int


def avif_frames(data: bytes, samples: int) -> list[tuple[int, int]]:
    """List the width and height in pixels of the frames of an AVIF file, as their streams allow.

    Args:
        data: The file.
        samples: Number of frames of an animation that are looked at.

    Raises:
        ValueError, struct.error, IndexError: The file is damaged.
    """
    streams: list[list[_Extent]] = []
    whole = _Extent(0, len(data))
    for meta in _boxes(data, whole, b"meta"):
        streams += _images(data, _Extent(meta.start + 4, meta.end))
    for movie in _boxes(data, whole, b"moov"):
        for track in _boxes(data, movie, b"trak"):
            streams += ([one] for one in _samples(data, track, samples))
    if sum(max(0, e - s) for parts in streams for s, e in parts) > MAX_REPEATS * len(data):
        raise ValueError("the images of an AVIF file overlap")
    return [
        size for parts in streams for size in frame_sizes(b"".join(data[s:e] for s, e in parts))
    ]


def _boxes(data: bytes, within: _Extent, *kinds: bytes) -> list[_Extent]:
    """List the contents of all boxes of a kind, found by a path of kinds."""
    found = [within]
    for kind in kinds:
        found = [one for parent in found for name, one in _children(data, parent) if name == kind]
    return found


def _children(data: bytes, parent: _Extent) -> Iterator[tuple[bytes, _Extent]]:
    at = parent.start
    for _ in range(MAX_ENTRIES):
        if at + 8 > parent.end:
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        end = at + length if length else parent.end
        if not at + head <= end <= parent.end:
            raise ValueError("a box of an AVIF file ends beyond its parent")
        yield kind, _Extent(at + head, end)
        at = end
    raise ValueError(f"expected at most {MAX_ENTRIES} boxes in a box of an AVIF file")


def _images(data: bytes, meta: _Extent) -> Iterator[list[_Extent]]:
    """Yield where each image that is an AV1 stream lies."""
    coded = set()
    for infos in _boxes(data, meta, b"iinf"):
        version = data[infos.start]
        for info in _boxes(data, _Extent(infos.start + (8 if version else 6), infos.end), b"infe"):
            form = ">IHH4s" if data[info.start] < 3 else ">IIH4s"
            _, item, _, kind = struct.unpack_from(form, data, info.start)
            if kind == b"av01":
                coded.add(item)
    inside = _boxes(data, meta, b"idat")
    for places in _boxes(data, meta, b"iloc"):
        for item, is_inside, extents in _places(data, places):
            if item in coded:
                base, end = inside[0] if is_inside else (0, len(data))
                yield [
                    _Extent(base + start, base + start + length if length else end)
                    for start, length in extents
                ]


def _places(data: bytes, box: _Extent) -> Iterator[tuple[int, bool, list[tuple[int, int]]]]:
    """Yield each item's id, whether its bytes are in ``idat``, and their starts and lengths."""
    at = _Numbers(data, box.start)
    version = at.take(1)
    at.take(3)
    sizes = at.take(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(_checked(at.take(wide))):
        item = at.take(wide)
        method = at.take(2) & 15 if version else 0
        at.take(2)  # the file itself
        start = at.take(base)
        extents = []
        for _ in range(_checked(at.take(2))):
            at.take(index if version else 0)
            extents.append((start + at.take(offset), at.take(length)))
        yield item, method == 1, extents


def _samples(data: bytes, track: _Extent, count: int) -> Iterator[_Extent]:
    """Yield where the first frames of a track lie."""
    sizes, runs, short, wide = (
        _boxes(data, track, b"mdia", b"minf", b"stbl", kind)
        for kind in (b"stsz", b"stsc", b"stco", b"co64")
    )
    if not sizes:
        return
    if len(sizes) != 1 or len(runs) != 1 or len(short) + len(wide) != 1:
        raise ValueError("expected one table of each kind in a track of an AVIF file")
    each, total = struct.unpack_from(">II", data, sizes[0].start + 4)
    total = min(total, count)
    at = sizes[0].start + 12
    rest = iter([each] * total if each else struct.unpack_from(f">{total}I", data, at))
    starts = _chunk_starts(data, short, ">I", count) or _chunk_starts(data, wide, ">Q", count)
    for start, in_chunk in zip(starts, _chunk_lengths(data, runs[0], count), strict=False):
        at = start
        for _ in range(min(in_chunk, count)):
            length = next(rest, None)
            if length is None:
                return
            yield _Extent(at, at + length)
            at += length


def _chunk_starts(data: bytes, tables: Sequence[_Extent], form: str, count: int) -> list[int]:
    """List where the first chunks begin, by a table of numbers of one form."""
    found: list[int] = []
    for table in tables:
        (chunks,) = struct.unpack_from(">I", data, table.start + 4)
        for number in range(min(chunks, count)):
            at = table.start + 8 + struct.calcsize(form) * number
            found += struct.unpack_from(form, data, at)
    return found


def _chunk_lengths(data: bytes, runs: _Extent, count: int) -> list[int]:
    """List how many frames are in each of the first chunks."""
    (entries,) = struct.unpack_from(">I", data, runs.start + 4)
    table: list[tuple[int, int, int]] = [
        struct.unpack_from(">III", data, runs.start + 8 + 12 * n)
        for n in range(min(entries, count))
    ]
    return [
        next((length for first, length, _ in reversed(table) if first <= number), 0)
        for number in range(1, count + 1)
    ]


def _checked(count: int) -> int:
    if count > MAX_ENTRIES:
        raise ValueError(f"expected at most {MAX_ENTRIES} images in an AVIF file; got {count}")
    return count


class _Numbers:
    """Whole numbers that follow each other, the most significant byte first."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, size: int) -> int:
        part = self._data[self._at : self._at + size]
        if len(part) < size:
            raise ValueError("an AVIF file ends early")
        self._at += size
        return int.from_bytes(part)
