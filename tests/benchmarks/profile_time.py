"""``python -m tests.benchmarks.profile_time``.

What does a colour profile cost? A photo of 12 megapixels is decoded without a profile and with
one, in turns; printed is the median of what each profile adds to the time of decoding, in CPU
milliseconds. Noise is the dearest picture, as no two pixels beside each other are the same.
"""

from __future__ import annotations

import argparse
import statistics
import time

from PIL import Image

from houndstooth.models.runtime.images import decode_image
from tests.profiles import RGB_SPACES, encode

SIZE = (4000, 3000)


def seconds(data: bytes) -> float:
    """Time one decoding, on one processor."""
    began = time.thread_time()
    decode_image(data)
    return time.thread_time() - began


def main() -> None:
    """Decode in turns and print a row for each profile."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.profile_time")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    noise = [Image.effect_noise((400, 300), 60).resize(SIZE) for _ in range(3)]
    photo = Image.merge("RGB", noise)
    plain = encode(photo, "JPEG", quality=85)
    files = {n: encode(photo, "JPEG", quality=85, icc_profile=p) for n, p in RGB_SPACES.items()}
    print("| profile | decoding, ms | with the profile, ms | more, ms |\n|---|---|---|---|")
    for name, data in files.items():
        seconds(plain), seconds(data)
        times = [(seconds(plain), seconds(data)) for _ in range(rounds)]
        without, with_it = (1000 * statistics.median(column) for column in zip(*times, strict=True))
        more = 1000 * statistics.median(after - before for before, after in times)
        print(f"| {name} | {without:.1f} | {with_it:.1f} | {more:.1f} |", flush=True)


if __name__ == "__main__":
    main()
