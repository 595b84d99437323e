"""The parts that are painted: those of an item, the light, and the frame that places them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from houndstooth.models.synthetic.geometry import Pair, Points
from houndstooth.models.synthetic.patterns import Fabric


@dataclass(frozen=True)
class Frame:
    """Map garment units to pixels: scale, turn (radians), shift, and a pose's sway (units)."""

    scale: float
    x: float
    y: float
    angle: float = 0.0
    sway: float = 0.0

    def __call__(self, points: Points) -> Points:
        """Pixels (n, 2) of garment points (n, 2)."""
        x = points[:, 0] + self.sway * np.sin((points[:, 1] - 1.2) * 0.85)
        cos, sin = self.scale * np.cos(self.angle), self.scale * np.sin(self.angle)
        y = points[:, 1]
        return np.column_stack([self.x + cos * x - sin * y, self.y + sin * x + cos * y])


@dataclass(frozen=True)
class Light:
    """The light: its direction (-1..1, towards the lamp) and how hard it is."""

    x: float = -0.5
    y: float = -0.7
    strength: float = 1.0


@dataclass(frozen=True)
class Decal:
    """A picture (RGBA) printed on a part: its centre and width in garment units."""

    picture: Image.Image
    centre: Pair
    width: float


@dataclass(frozen=True)
class Seam:
    """A drawn line: `tone` < 0 darkens, > 0 lightens; `dash` units long stitches, 0 = unbroken."""

    line: Points
    width: float = 0.02
    tone: float = -0.45
    dash: float = 0.0


@dataclass(frozen=True)
class Part:
    """One piece of an item.

    `softness` is the width in units of its rounded border, `relief` how round it is; `axis` turns
    the pattern (radians); `clip` keeps the part inside what the item covers already, back to its
    last `ground` part; `lift` casts a shadow on what lies below; `folds` are tapered strokes with a
    tone in -1..1.
    """

    outline: Points
    fabric: Fabric
    relief: float = 1.0
    softness: float = 0.3
    axis: float = 0.0
    holes: Sequence[Points] = ()
    folds: Sequence[tuple[Points, float]] = ()
    seams: Sequence[Seam] = ()
    clip: bool = False
    ground: bool = False
    lift: float = 0.0
    tone: float = 0.0
    opacity: float = 1.0
    decal: Decal | None = None

    def moved(self, scale: Pair, shift: Pair | Points = (0.0, 0.0)) -> Part:
        """Scale a part about the origin (negative mirrors), then shift it, in units."""
        grow, by = np.asarray(scale), np.asarray(shift)
        size = float(np.sqrt(abs(scale[0] * scale[1])))
        seams = [
            replace(seam, line=seam.line * grow + by, width=seam.width * size)
            for seam in self.seams
        ]
        return replace(
            self,
            outline=self.outline * grow + by,
            softness=self.softness * size,
            axis=self.axis * (1 if scale[0] * scale[1] > 0 else -1),
            holes=[hole * grow + by for hole in self.holes],
            folds=[(line * grow + by, tone) for line, tone in self.folds],
            seams=seams,
        )
