"""``python -m models.training.between NAME OTHER --version N [--share 0.5]``.

A network between two: the weights of one that was trained on from another, and that other's, in a
mean (Wortsman et al. 2022, robust fine-tuning by weight interpolation). It knows what the further
training taught, and has forgotten less of what was known before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from mappings.errors import HoundstoothError, InvalidConfig
from models.session import DECODER, ENCODER, READER, WEIGHTS


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the network and its card.

    Raises:
        InvalidConfig: a network is missing, or the two are of different shapes.
    """
    parser = argparse.ArgumentParser(
        prog="python -m models.training.between",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help="what was trained on: name and version")
    parser.add_argument("other", help="what it was trained on from")
    parser.add_argument("--version", type=int, required=True, help="of what is written")
    parser.add_argument("--share", type=float, default=0.5, help="of the first, 0 to 1 (0.5)")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of all three")
    options = parser.parse_args(arguments)
    if not 0 <= options.share <= 1:
        parser.error(f"expected a share from 0 to 1; got {options.share:g}")
    first, second = options.weights / options.name, options.weights / options.other
    card = between_cards(_card(first), _card(second), options.share, options.version)
    stem = options.weights / f"{card['name']}-{card['version']}"
    for suffix in (ENCODER, READER, DECODER):
        paths = [path.with_name(path.name + suffix) for path in (first, second)]
        if not all(path.is_file() for path in paths):
            raise InvalidConfig(f"expected networks at {paths[0].name} and {paths[1].name}")
        onnx.save(between(paths[0], paths[1], options.share), stem.with_name(stem.name + suffix))
    stem.with_name(stem.name + ".json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"wrote {stem}")


def between(first: Path, second: Path, share: float) -> onnx.ModelProto:
    """The first file's graph with the mean of both files' weights, ``share`` of the first's.

    Raises:
        InvalidConfig: a weight of the first is not in the second, or of another shape there.
    """
    model = onnx.load(first)
    others = {t.name: numpy_helper.to_array(t) for t in onnx.load(second).graph.initializer}
    for tensor in model.graph.initializer:
        own, other = numpy_helper.to_array(tensor), others.get(tensor.name)
        if own.dtype.kind != "f":
            continue
        if other is None or other.shape != own.shape:
            raise InvalidConfig(f"expected {tensor.name} of shape {own.shape} in {second.name}")
        mean = share * own.astype(np.float32) + (1 - share) * other.astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(mean.astype(own.dtype), tensor.name))
    return model


def between_cards(
    first: dict[str, Any], second: dict[str, Any], share: float, version: int
) -> dict[str, Any]:
    """The first's card with temperatures and thresholds between the two.

    Raises:
        InvalidConfig: the two have different terms.
    """
    if first["heads"] != second["heads"]:
        raise InvalidConfig("expected two networks of the same terms")
    names = [f"{card['name']}-{card['version']}" for card in (first, second)]
    command = f"python -m models.training.between {names[0]} {names[1]} --version {version}"
    thresholds = zip(first["thresholds"], second["thresholds"], strict=True)
    return first | {
        "version": version,
        "between": {"share": share, names[0]: first["command"], names[1]: second["command"]},
        "command": f"{command} --share {share:g}",
        "temperatures": {
            head: share * own + (1 - share) * second["temperatures"][head]
            for head, own in first["temperatures"].items()
        },
        "thresholds": [round(share * own + (1 - share) * other, 5) for own, other in thresholds],
    }


def _card(stem: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(stem.with_name(stem.name + ".json").read_text())
    except (OSError, ValueError) as error:
        raise InvalidConfig(f"expected a model card at {stem.name}.json; {error!r}") from None
    return card


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"between: {error}")
