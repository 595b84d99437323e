"""Builds ICC profiles of RGB colour spaces that files name by numbers (ICC.1:2001-04)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Linear light in [0, 1] of evenly spaced channel values, float64 [SAMPLES]."""

Chromaticities = tuple[tuple[float, float], ...]
"""x and y (CIE 1931) of red, green, blue and white."""

SAMPLES = 4096

D65 = (0.3127, 0.3290)
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)

SRGB: Chromaticities = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65)

PRIMARIES: Mapping[int, Chromaticities] = {
    1: SRGB,
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
}
"""Colour primaries by code (ITU-T H.273, table 2)."""

WHITE_NITS = 203.0
"""Luminance that is shown as white of pictures with a high dynamic range (ITU-R BT.2408)."""

_HLG_WHITE = 0.75
"""Channel value of that white in hybrid log-gamma."""


def matrix_profile(chromaticities: Chromaticities, curve: Curve) -> bytes:
    """Build the profile of an RGB space.

    Raises:
        ValueError: The chromaticities span no colours.
    """
    if len(chromaticities) != 4 or min(y for _, y in chromaticities) <= 0:
        raise ValueError(f"expected four chromaticities that span colours; got {chromaticities}")
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in chromaticities]).T
    if abs(np.linalg.det(columns[:, :3])) < 1e-6:
        raise ValueError(f"expected four chromaticities that span colours; got {chromaticities}")
    primaries, white = columns[:, :3], columns[:, 3]
    to_xyz = primaries * np.linalg.solve(primaries, white)
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ to_xyz
    levels = np.rint(curve.clip(0, 1) * 65535).astype(">u2")
    response = struct.pack(">4s4xI", b"curv", len(levels)) + levels.tobytes()
    tags = {b"wtpt": _xyz(_D50), b"desc": _description(b"RGB"), b"cprt": b"text\0\0\0\0\0"}
    tags |= {b"%cXYZ" % name: _xyz(adapted[:, at]) for at, name in enumerate(b"rgb")}
    tags |= {b"%cTRC" % name: response for name in b"rgb"}
    return _file(tags)


def power_curve(exponent: float) -> Curve:
    """Compute the curve of a gamma: linear light is the channel value to this power."""
    return np.linspace(0, 1, SAMPLES) ** exponent


def srgb_curve() -> Curve:
    """Compute the curve of sRGB (IEC 61966-2-1)."""
    value = np.linspace(0, 1, SAMPLES)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def transfer_curve(code: int) -> Curve | None:
    """Compute the curve of a transfer characteristic (ITU-T H.273, table 3); None if unknown.

    Those of television are shown as sRGB is. What is brighter than white is cut off.
    """
    if code in (1, 2, 6, 13, 14, 15):
        return srgb_curve()
    if code in (4, 5, 8):
        return power_curve({4: 2.2, 5: 2.8, 8: 1.0}[code])
    value = np.linspace(0, 1, SAMPLES)
    if code == 16:  # SMPTE ST 2084, perceptual quantiser
        root = value ** (1 / 78.84375)
        light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return np.minimum(light ** (1 / 0.1593017578125) * 10000 / WHITE_NITS, 1)
    if code == 18:  # ARIB STD-B67, hybrid log-gamma
        return np.minimum(_hlg_light(value) / _hlg_light(np.array(_HLG_WHITE)), 1)
    return None


def _hlg_light(value: NDArray[np.float64]) -> NDArray[np.float64]:
    above = (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(value <= 0.5, value**2 / 3, above)


def _xyz(values: NDArray[np.float64]) -> bytes:
    fixed = [round(float(value) * 65536) for value in values]
    return struct.pack(">4s4x3i", b"XYZ ", *fixed)


def _description(text: bytes) -> bytes:
    return struct.pack(">4s4xI", b"desc", len(text) + 1) + text + bytes(1 + 8 + 3 + 67)


def _file(tags: Mapping[bytes, bytes]) -> bytes:
    """Put tags behind the header and the table of a display profile."""
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += padded
    size = at + len(body)
    head = struct.pack(">I4xI", size, 0x02400000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    head += bytes(28) + struct.pack(">3i", *(round(value * 65536) for value in _D50.tolist()))
    return head.ljust(128, b"\0") + table + body
