"""``python -m tests.benchmarks.no_items FOLDER …``.

How many photos are taken for pictures without an item? Every image in the folders is asked without
a guide, as a product whose title says nothing. Prints their number, and the names of those that are
taken for texts, drawings or blank pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor

BATCH = 8


def main() -> None:
    """Ask all images; print a line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.no_items",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", type=Path, nargs="+")
    files = [path for folder in parser.parse_args().folders for path in sorted(folder.iterdir())]
    extractor = load_extractor(Taxonomy.load())
    none: list[str] = []
    for start in range(0, len(files), BATCH):
        some = files[start : start + BATCH]
        found = extractor.extract([extractor.decode(path.read_bytes()) for path in some])
        none += [path.name for path, one in zip(some, found, strict=True) if not one.shows_item]
    print(f"{len(none)} of {len(files)} show no item: {', '.join(none)}")


if __name__ == "__main__":
    main()
