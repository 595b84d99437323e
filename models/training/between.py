"""``python -m models.training.between NAME [OTHER] --version N [--share 0.5] [--no-mirror]``.

A network between two: the weights of one that was trained on from another, and that other's, in a
mean (Wortsman et al. 2022, robust fine-tuning by weight interpolation). It knows what the further
training taught, and has forgotten less of what was known before. Without OTHER, NAME's own weights
are written, as networks are stored today.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from mappings.errors import HoundstoothError, InvalidConfig
from mappings.taxonomy import Taxonomy
from models.session import WEIGHTS
from models.training.export import export_recogniser, exported_weights
from models.training.new_network import network_of_card, take_over


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the network and its card.

    Raises:
        InvalidConfig: a network is missing, or the two are of different shapes.
    """
    options = _options(arguments)
    first = options.weights / options.name
    card, weights = read_card(first), exported_weights(first)
    card.setdefault("between", {"share": 1.0, options.name: card["command"]})
    command = ["python -m models.training.between", options.name]
    if options.other:
        second = options.weights / options.other
        card = between_cards(card, read_card(second), options.share)
        weights = between(weights, exported_weights(second), options.share)
        command.append(f"{options.other} --share {options.share:g}")
    if options.mirror is not None:
        card["recipe"]["mirror"] = options.mirror
        command.append("--mirror" if options.mirror else "--no-mirror")
    card["version"] = options.version
    card["command"] = " ".join([*command, f"--version {options.version}"])
    network = network_of_card(card, Taxonomy.load())
    if take_over(network, weights):
        raise InvalidConfig(f"expected the weights of the network that {first.name}'s card tells")
    stem = options.weights / f"{card['name']}-{card['version']}"
    export_recogniser(network, card["side"], stem)
    stem.with_name(stem.name + ".json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"wrote {stem}")


def between(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """The mean of both networks' weights, ``share`` of the first's.

    Raises:
        InvalidConfig: a weight of the first is not in the second, or of another shape there.
    """
    for name, weight in first.items():
        if name not in second or second[name].shape != weight.shape:
            raise InvalidConfig(f"expected {name} of shape {tuple(weight.shape)} in both networks")
    return {name: second[name].lerp(weight, share) for name, weight in first.items()}


def between_cards(first: dict[str, Any], second: dict[str, Any], share: float) -> dict[str, Any]:
    """The first's card with temperatures and thresholds between the two.

    Raises:
        InvalidConfig: the two have different terms.
    """
    if first["heads"] != second["heads"]:
        raise InvalidConfig("expected two networks of the same terms")
    names = [f"{card['name']}-{card['version']}" for card in (first, second)]
    thresholds = zip(first["thresholds"], second["thresholds"], strict=True)
    return first | {
        "between": {"share": share, names[0]: first["command"], names[1]: second["command"]},
        "temperatures": {
            head: share * own + (1 - share) * second["temperatures"][head]
            for head, own in first["temperatures"].items()
        },
        "thresholds": [round(share * own + (1 - share) * other, 5) for own, other in thresholds],
    }


def read_card(stem: Path) -> dict[str, Any]:
    """All that a network's card says.

    Raises:
        InvalidConfig: there is none.
    """
    try:
        card: dict[str, Any] = json.loads(stem.with_name(stem.name + ".json").read_text())
    except (OSError, ValueError) as error:
        raise InvalidConfig(f"expected a model card at {stem.name}.json; {error!r}") from None
    return card


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.between",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help="what was trained on: name and version")
    parser.add_argument("other", nargs="?", help="what it was trained on from")
    parser.add_argument("--version", type=int, required=True, help="of what is written")
    parser.add_argument("--share", type=float, default=0.5, help="of the first, 0 to 1 (0.5)")
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="whether it looks at mirror images as well (as NAME does)",
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of all three")
    options = parser.parse_args(arguments)
    if not 0 <= options.share <= 1:
        parser.error(f"expected a share from 0 to 1; got {options.share:g}")
    return options


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"between: {error}")
