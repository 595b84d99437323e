"""Curves of the drawings: smooth outlines, limbs and tapered strokes in garment units.

A garment unit is one head of the figure (the figure is eight units tall), x to the right, y down.
Every `Points` is a float array (n, 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Pair = tuple[float, float]

SAMPLES = 8
DENSE = 16  # a line of more points is a curve already


def spline(points: Iterable[Pair] | Points, closed: bool = False) -> Points:
    """Compute a Catmull-Rom curve through (n, 2) points; two, or very many, stay as they are."""
    knots = np.asarray(list(points), dtype=float)
    if len(knots) < 3 or len(knots) > DENSE:
        return knots
    if closed:
        padded = np.vstack([knots[-1:], knots, knots[:2]])
    else:
        padded = np.vstack([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, SAMPLES, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * (start - end) + after - before) * t**3
    )
    curve = curve.transpose(1, 0, 2).reshape(-1, 2)
    return np.asarray(curve if closed else np.vstack([curve, knots[-1:]]), dtype=np.float64)


def path(*runs: Iterable[Pair] | Points) -> Points:
    """Join smooth runs at corners into one outline."""
    return np.vstack([spline(run) for run in runs])


def mirrored(half: Points) -> Points:
    """Complete the outline of a right half that starts and ends on the line x = 0."""
    return np.vstack([half, flip(half)[::-1]])


def flip(points: Points) -> Points:
    """Mirror points in the line x = 0."""
    return np.asarray(points * np.array([-1.0, 1.0]), dtype=np.float64)


def normals(line: Points) -> Points:
    """Compute unit normals (n, 2) of a polyline, to the right of its direction on the screen."""
    tangent = np.gradient(line, axis=0)
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    return np.column_stack([-tangent[:, 1], tangent[:, 0]]) / length


def limb(line: Iterable[Pair] | Points, widths: Sequence[float]) -> Points:
    """Compute the outline around a curve; half widths are spread evenly along its length."""
    curve = spline(line)
    apart = np.hypot(*np.diff(curve, axis=0).T) > 1e-6
    curve = curve[np.concatenate([[True], apart])]
    step = np.hypot(*np.diff(curve, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(step)]) / max(step.sum(), 1e-9)
    half = np.interp(along, np.linspace(0, 1, len(widths)), widths)[:, None]
    side = normals(curve) * half
    return np.vstack([curve + side, (curve - side)[::-1]])


def stroke(line: Iterable[Pair] | Points, width: float) -> Points:
    """Compute a spindle along a curve: `width` in the middle, pointed at both ends."""
    return limb(line, [0.0, 0.35 * width, 0.5 * width, 0.35 * width, 0.0])


def band(line: Iterable[Pair] | Points, width: float) -> Points:
    """Compute a ribbon of constant width along a curve."""
    return limb(line, [width / 2, width / 2])


def ellipse(x: float, y: float, rx: float, ry: float | None = None, n: int = 28) -> Points:
    """Compute an ellipse around (x, y); `ry` defaults to `rx`."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([x + rx * np.cos(angle), y + (rx if ry is None else ry) * np.sin(angle)])


def rounded(left: float, top: float, right: float, bottom: float, radius: float = 0.08) -> Points:
    """Compute a rectangle with rounded corners."""
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    angle = np.linspace(0, np.pi / 2, 5)
    corners = ((right - r, bottom - r, 0), (left + r, bottom - r, 1), (left + r, top + r, 2))
    return np.vstack(
        [
            np.column_stack(
                [x + r * np.cos(angle + q * np.pi / 2), y + r * np.sin(angle + q * np.pi / 2)]
            )
            for x, y, q in (*corners, (right - r, top + r, 3))
        ]
    )


def along(line: Iterable[Pair] | Points, t: float) -> Pair:
    """Compute the point at the fraction `t` of a polyline's knots."""
    knots = np.asarray(list(line), dtype=float)
    at = t * (len(knots) - 1)
    index = np.arange(len(knots))
    return float(np.interp(at, index, knots[:, 0])), float(np.interp(at, index, knots[:, 1]))


def turned(points: Points, angle: float, centre: Pair = (0.0, 0.0)) -> Points:
    """Rotate points by `angle` (radians, clockwise on the screen) about `centre`."""
    cos, sin = np.cos(angle), np.sin(angle)
    middle = np.asarray(centre)
    spun = (points - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle
    return np.asarray(spun, dtype=np.float64)
