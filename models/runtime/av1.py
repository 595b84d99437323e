"""Reads the size of the frames of an AV1 stream from its headers (AV1 specification, 5.5)."""

from __future__ import annotations

from collections.abc import Iterator

MAX_UNITS = 2000
"""Units of a stream that are read; that of an image has a header and a few for its tiles."""

_SEQUENCE_HEADER = 1
_HAS_EXTENSION, _HAS_SIZE = 4, 2


def frame_sizes(stream: bytes) -> list[tuple[int, int]]:
    """List the width and height in pixels that each sequence header of a stream allows.

    Raises:
        ValueError: The stream is damaged, or has more units than MAX_UNITS.
    """
    return [_size(unit) for kind, unit in _units(stream) if kind == _SEQUENCE_HEADER]


def _units(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the payload of each open bitstream unit."""
    at = 0
    for _ in range(MAX_UNITS):
        if at >= len(stream):
            return
        header = stream[at]
        at += 2 if header & _HAS_EXTENSION else 1
        size = len(stream) - at
        if header & _HAS_SIZE:
            size, at = _leb128(stream, at)
        if size < 0 or at + size > len(stream):
            raise ValueError("an AV1 unit ends beyond its stream")
        yield header >> 3 & 15, stream[at : at + size]
        at += size
    raise ValueError(f"expected at most {MAX_UNITS} AV1 units in an image")


def _leb128(stream: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, the lowest first; return it and where it ends."""
    number = 0
    for place in range(8):
        byte = stream[at + place]
        number |= (byte & 127) << 7 * place
        if byte < 128:
            return number, at + place + 1
    raise ValueError("an AV1 unit has no size")


def _size(header: bytes) -> tuple[int, int]:
    bits = _Bits(header)
    bits.take(4)  # profile, still picture
    if bits.take(1):  # a short header
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_operating_points(bits: _Bits) -> None:
    has_model, delay_bits = 0, 0
    if bits.take(1):  # timing info
        bits.take(64)
        if bits.take(1):
            bits.skip_uvlc()
        has_model = bits.take(1)
        if has_model:
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:  # the level
            bits.take(1)
        if has_model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_delay and bits.take(1):
            bits.take(4)


class _Bits:
    """Bits of some bytes, the most significant first."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("an AV1 sequence header ends early")
        return self._number >> self._left & ((1 << count) - 1)

    def skip_uvlc(self) -> None:
        zeros = 0
        while not self.take(1):
            zeros += 1
        if zeros < 32:
            self.take(zeros)
