"""Reads the size of a JPEG XL picture from its header (ISO/IEC 18181-1 and -2).

Its decoder decodes all pixels as it opens a file, so the size is checked before.
"""

from __future__ import annotations

import struct

_RATIOS = ((1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_LENGTHS = (9, 13, 18, 30)
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_MAX_BOXES = 64


def jpeg_xl_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None if the data is not JPEG XL, or its head is broken."""
    stream = _codestream(data) if data.startswith(_CONTAINER) else data
    if not stream.startswith(b"\xff\x0a") or len(stream) < 12:
        return None
    bits = _Bits(stream[2:12])
    small = bits.take(1)
    height = bits.side(small)
    ratio = bits.take(3)
    if not ratio:
        return bits.side(small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _codestream(data: bytes) -> bytes:
    """Return the first part of the codestream in a container."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at + 16 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        if kind in (b"jxlc", b"jxlp"):
            return data[at + head + (4 if kind == b"jxlp" else 0) :]
        if length < head:
            break
        at += length
    return b""


class _Bits:
    """Bits of some bytes, the least significant first."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._rest & ((1 << count) - 1)
        self._rest >>= count
        return value

    def side(self, small: int) -> int:
        if small:
            return 8 * (self.take(5) + 1)
        return 1 + self.take(_LENGTHS[self.take(2)])
