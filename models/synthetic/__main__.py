"""`python -m models.synthetic --count N --seed S --out DIR`: draw a catalogue."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from houndstooth.mappings.errors import HoundstoothError
from houndstooth.models.synthetic.catalogue import generate


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, draw, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.synthetic", description=__doc__)
    parser.add_argument("--count", type=int, required=True, help="how many products")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same catalogue")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--outfits", type=float, default=0.3, help="share shown on a figure, 0 to 1"
    )
    parser.add_argument("--jobs", type=int, default=None, help="processes (default: one a core)")
    chosen = parser.parse_args(arguments)
    try:
        products = generate(
            chosen.count, chosen.seed, chosen.out, chosen.outfits, chosen.jobs, progress=True
        )
    except HoundstoothError as error:
        print(f"studio: {error}", file=sys.stderr)
        return 2
    print(f"{len(products)} products in {chosen.out / 'feed.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
