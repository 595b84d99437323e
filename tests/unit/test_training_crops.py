"""Which part of a labelled photo a network is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from houndstooth.mappings.features import Box
from houndstooth.models.localisation.locator import Location, Locator
from houndstooth.models.training.crops import load_crops
from houndstooth.models.training.samples import Sample


class Upper(Locator):
    """Finds what is asked for in the upper half, unless a box is given."""

    def __init__(self) -> None:
        pass

    def locate(self, image: object, choice: object, given: Box | None) -> Location:
        box = given or Box(0.25, 0.1, 0.5, 0.4)
        return Location(box, box, "given" if given else "detector", None, 1.0)


def test_a_photo_of_several_garments_is_cropped_to_all_of_them(tmp_path: Path) -> None:
    outfit = np.full((100, 100, 3), 255, np.uint8)
    outfit[10:50, 25:75] = (200, 0, 0)
    outfit[60:90, 25:75] = (0, 0, 200)
    path = tmp_path / "outfit.png"
    Image.fromarray(outfit).save(path)

    def crop(**more: object) -> np.ndarray:
        sample = Sample(path, "dress", {}, frozenset(), "g", "train", **more)  # type: ignore[arg-type]
        return load_crops([sample], 64, Upper())[0][0]

    def is_blue(pixels: np.ndarray) -> bool:
        return bool(((pixels[..., 2] > 150) & (pixels[..., 0] < 60)).any())

    both = frozenset({"dress", "boots"})
    assert not is_blue(crop()) and is_blue(crop(categories=both))
    assert not is_blue(crop(categories=both, box=Box(0.25, 0.1, 0.5, 0.4))), "a known box is used"
