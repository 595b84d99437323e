"""Crops of all photos, located and cropped once for each size and kept in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.localisation.locator import Locator
from houndstooth.models.training.crops import UNKNOWN_OTHERS, Crops, load_crops
from houndstooth.models.training.samples import Sample


@dataclass(frozen=True)
class CropCache:
    """Crops of some samples, in the files of a folder.

    Attributes:
        folder: the files are named by the crops' side and by a hash of the samples.
        samples: all that may be asked for.
    """

    folder: Path
    samples: Sequence[Sample]
    locator: Locator

    @cached_property
    def _row(self) -> dict[Path, int]:
        return {sample.path: row for row, sample in enumerate(self.samples)}

    @cached_property
    def _digest(self) -> str:
        lines = (f"{s.path.name} {sorted(s.categories)} {s.box}" for s in self.samples)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    def load(self, samples: Sequence[Sample], side: int) -> Crops:
        """Load the crops of some samples; see load_crops. Others are not known of them."""
        pixels, boxes = (
            self.folder / f"{part}-{side}-{self._digest}.npy" for part in ("pixels", "boxes")
        )
        if not (pixels.exists() and boxes.exists()):
            self.folder.mkdir(parents=True, exist_ok=True)
            all_pixels, all_boxes, _ = load_crops(self.samples, side, self.locator)
            _save(pixels, all_pixels)
            _save(boxes, all_boxes)
        rows = np.array([self._row[sample.path] for sample in samples], dtype=np.int64)
        others = np.full(len(rows), UNKNOWN_OTHERS, dtype=np.float32)
        return Crops(np.load(pixels, mmap_mode="r")[rows], np.load(boxes)[rows], others)


def _save(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array whole, or not at all where the run is interrupted."""
    partial = path.with_suffix(".partial.npy")
    np.save(partial, array)
    partial.replace(path)
