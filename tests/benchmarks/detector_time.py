"""``python -m tests.benchmarks.detector_time --images DIR [--count 100] [--threads 2]``.

How long the shipped detector takes for one image, resizing included.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image

from houndstooth.models.loading import DEFAULT_DETECTOR
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.runtime.card import WEIGHTS


def main() -> None:
    """Find items in each image by itself, and print the median and the 95th percentile."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.detector_time", description=__doc__
    )
    parser.add_argument("--images", type=Path, required=True, help="a folder with JPEGs in it")
    parser.add_argument("--count", type=int, default=100, help="how many of them (100)")
    parser.add_argument("--threads", type=int, default=2, help="for one network run (2)")
    options = parser.parse_args()
    detector = Detector(WEIGHTS / DEFAULT_DETECTOR, options.threads)
    images = []
    for file in sorted(options.images.rglob("*.jpg"))[: options.count]:
        with Image.open(file) as image:
            images.append(image.convert("RGB"))
    detector.find(images[0])
    spent = []
    for image in images:
        start = time.perf_counter()
        detector.find(image)
        spent.append((time.perf_counter() - start) * 1000)
    median, most = np.percentile(spent, [50, 95])
    print(
        f"{len(images)} images, longest side {detector.card.side} px, {options.threads} threads: "
        f"median {median:.1f} ms, 95th percentile {most:.1f} ms"
    )


if __name__ == "__main__":
    main()
