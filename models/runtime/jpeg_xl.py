"""Reads the size of a JPEG XL picture from its header (ISO/IEC 18181-1 and -2).

Its decoder decodes all pixels as it opens a file, so the size is checked before.
"""

from __future__ import annotations

import struct

from houndstooth.mappings.errors import InvalidImage

_RATIOS = ((1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_LENGTHS = (9, 13, 18, 30)
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_BARE = b"\xff\x0a"
_HEAD = 12
_MAX_BOXES = 1000


def jpeg_xl_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None if the data is not JPEG XL.

    Raises:
        InvalidImage: It begins as JPEG XL, and its size cannot be read.
    """
    if not data.startswith((_CONTAINER, _BARE)):
        return None
    stream = _codestream(data) if data.startswith(_CONTAINER) else data
    if not stream.startswith(_BARE) or len(stream) < _HEAD:
        raise InvalidImage("expected a JPEG XL picture whose header tells its size")
    bits = _Bits(stream[2:_HEAD])
    small = bits.take(1)
    height = bits.side(small)
    ratio = bits.take(3)
    if not ratio:
        return bits.side(small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _codestream(data: bytes) -> bytes:
    """Return the head of the codestream in a container; it may be cut into several boxes."""
    at, stream = 0, b""
    for _ in range(_MAX_BOXES):
        if at + 8 > len(data) or len(stream) >= _HEAD:
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            if at + 16 > len(data):
                break
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        end = at + length if length else len(data)
        if end < at + head:
            break
        if kind in (b"jxlc", b"jxlp"):
            begin = at + head + (4 if kind == b"jxlp" else 0)
            stream += data[begin : min(end, begin + _HEAD)]
        at = end
    return stream


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
