"""``python -m models.training.interpolate_weights NAME [OTHER] --version N [--alpha 0.5]``.

Interpolates the weights of a fine-tuned network with those of the network that it was fine-tuned
from (Wortsman et al. 2022, robust fine-tuning of zero-shot models). The mean keeps most of what the
fine-tuning taught, and forgets less of what the first network knew. Without OTHER, the weights of
NAME are exported again, in today's format.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from houndstooth.mappings.errors import HoundstoothError, InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.runtime.card import WEIGHTS, model_name, read_json, write_json
from houndstooth.models.training.export import export_recogniser, exported_weights
from houndstooth.models.training.new_network import load_weights, network_of_card


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the network and its card.

    Raises:
        InvalidConfig: a network is missing, or the two are of different shapes.
    """
    options = _options(arguments)
    first = options.weights / options.name
    card, weights = read_json(first), exported_weights(first)
    card.setdefault("interpolation", {"alpha": 1.0, options.name: card["command"]})
    command = ["houndstooth export", options.name]
    if options.other:
        second = options.weights / options.other
        card = interpolate_cards(card, read_json(second), options.alpha)
        weights = interpolate(weights, exported_weights(second), options.alpha)
        command.append(f"{options.other} --alpha {options.alpha:g}")
    if options.mirror is not None:
        card["recipe"]["mirror"] = options.mirror
        command.append("--mirror" if options.mirror else "--no-mirror")
    card["version"] = options.version
    card["command"] = " ".join([*command, f"--version {options.version}"])
    network = network_of_card(card, Taxonomy.load())
    if load_weights(network, weights):
        raise InvalidConfig(f"expected the weights of the network that {first.name}.json describes")
    stem = options.weights / model_name(card)
    suffixes = export_recogniser(network, card["kind"], card["side"], stem)
    card.pop("sha256", None)
    write_json(stem, card, suffixes)
    print(f"wrote {stem}")


def interpolate(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor], alpha: float
) -> dict[str, Tensor]:
    """Interpolate weights: ``alpha`` of the first network's, the rest of the second's.

    Raises:
        InvalidConfig: a weight of the first is not in the second, or of another shape there.
    """
    for name, weight in first.items():
        if name not in second or second[name].shape != weight.shape:
            raise InvalidConfig(f"expected {name} of shape {tuple(weight.shape)} in both networks")
    return {name: second[name].lerp(weight, alpha) for name, weight in first.items()}


def interpolate_cards(
    first: dict[str, Any], second: dict[str, Any], alpha: float
) -> dict[str, Any]:
    """Make the first's card with temperatures and thresholds interpolated.

    Raises:
        InvalidConfig: the two have different terms.
    """
    if first["heads"] != second["heads"]:
        raise InvalidConfig("expected two networks of the same terms")
    thresholds = zip(first["thresholds"], second["thresholds"], strict=True)
    return first | {
        "interpolation": {
            "alpha": alpha,
            model_name(first): first["command"],
            model_name(second): second["command"],
        },
        "temperatures": {
            head: alpha * own + (1 - alpha) * second["temperatures"][head]
            for head, own in first["temperatures"].items()
        },
        "thresholds": [round(alpha * own + (1 - alpha) * other, 5) for own, other in thresholds],
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m models.training.interpolate_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help="the fine-tuned network")
    parser.add_argument("other", nargs="?", help="the network that it was fine-tuned from")
    parser.add_argument("--version", type=int, required=True, help="of what is written")
    parser.add_argument("--alpha", type=float, default=0.5, help="share of the first, 0 to 1 (0.5)")
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="average an image and its mirror image (as NAME does)",
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of all three")
    options = parser.parse_args(arguments)
    if not 0 <= options.alpha <= 1:
        parser.error(f"expected --alpha from 0 to 1; got {options.alpha:g}")
    return options


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"export: {error}")
