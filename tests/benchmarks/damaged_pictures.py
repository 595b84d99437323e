"""``python -m tests.benchmarks.damaged_pictures``.

Are damaged pictures a picture or a reason? Of each format so many files are damaged at random:
bytes overwritten, cut out, doubled, or the end lost; three in ten places are in the first 300
bytes, where sizes stand. Printed are the pictures and the refusals, the longest time of one
file, and the most memory that the process had.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
import warnings
from collections.abc import Iterator

from PIL import Image

from houndstooth.mappings.errors import InvalidImage
from houndstooth.models.runtime.images import FORMATS, decode_image
from tests.profiles import DISPLAY_P3, encode, from_srgb

HEAD_BYTES = 300


def whole(image_format: str) -> bytes:
    """A picture with noise and a profile, where the format has profiles."""
    noise = Image.merge("RGB", [Image.effect_noise((160, 120), 50) for _ in range(3)])
    return encode(from_srgb(noise, DISPLAY_P3), image_format, icc_profile=DISPLAY_P3)


def damage(data: bytes, chance: random.Random) -> bytes:
    """Damage a file in one to three places."""
    for _ in range(chance.randint(1, 3)):
        if not data:
            break
        at = chance.randrange(min(len(data), HEAD_BYTES) if chance.random() < 0.3 else len(data))
        length = chance.randint(1, 16)
        way = chance.randrange(4)
        if way == 0:
            data = data[:at] + chance.randbytes(length) + data[at + length :]
        elif way == 1:
            data = data[:at] + data[at + length :]
        elif way == 2:
            data = data[: at + length] + data[at:]
        else:
            data = data[: max(at, 1)]
    return data


def outcomes(image_format: str, count: int, seed: int) -> Iterator[tuple[bool, float]]:
    """Decode damaged files: whether each is a picture, and the seconds it took."""
    chance, data = random.Random(f"{image_format} {seed}"), whole(image_format)
    for _ in range(count):
        broken = damage(data, chance)
        began = time.perf_counter()
        try:
            picture = decode_image(broken).mode == "RGB"
        except InvalidImage:
            picture = False
        yield picture, time.perf_counter() - began


def main() -> None:
    """Damage files of every format and print a row for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.damaged_pictures")
    parser.add_argument("--count", type=int, default=1000, help="files of each format (1000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| format | pictures | refused | longest, ms | peak memory, MiB |\n|---|---|---|---|---|")
    for image_format in FORMATS:
        found = list(outcomes(image_format, options.count, options.seed))
        pictures = sum(picture for picture, _ in found)
        longest = 1000 * max(seconds for _, seconds in found)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        refused = options.count - pictures
        print(
            f"| {image_format} | {pictures} | {refused} | {longest:.0f} | {peak:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
