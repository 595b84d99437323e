"""Interpolation of the weights of two networks, and export in today's format.

Interpolating a fine-tuned network with the one that it was fine-tuned from keeps most of what
fine-tuning improved, and loses less of what the first network did well (Wortsman et al. 2022,
"Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.runtime.card import model_name, read_json, write_json
from houndstooth.models.training.export import export_recogniser, exported_weights
from houndstooth.models.training.new_network import load_weights, network_of_card


def export_network(
    first: Path,
    second: Path | None,
    version: int,
    out: Path,
    alpha: float = 0.5,
    mirror: bool | None = None,
) -> Path:
    """Export a network anew, or the interpolation of two.

    Args:
        first: path of the (fine-tuned) network, without ``.onnx``.
        second: path of the network that it was fine-tuned from; None exports the first alone.
        version: version of the network that is written.
        out: the folder to write to; it is made where it is missing.
        alpha: share of the first network's weights, in [0, 1].
        mirror: whether the network averages an image and its mirror image; None: as the first.

    Returns:
        The path of the files, without their suffixes.

    Raises:
        InvalidConfig: a network is missing, or the two are of different shapes.
    """
    card, weights = read_json(first), exported_weights(first)
    if card.get("recipe", {}).get("eight_bits"):
        raise InvalidConfig(
            f"expected a network in floats; {first.name} computes in 8 bits, by photos that are "
            "not at hand: train it anew"
        )
    card.setdefault("interpolation", {"alpha": 1.0, first.name: card["command"]})
    command = ["houndstooth export", first.name]
    if second:
        card = interpolate_cards(card, read_json(second), alpha)
        weights = interpolate(weights, exported_weights(second), alpha)
        command.append(f"{second.name} --alpha {alpha:g}")
    if mirror is not None:
        card["recipe"]["mirror"] = mirror
        command.append("--mirror" if mirror else "--no-mirror")
    card["version"] = version
    card["command"] = " ".join([*command, f"--version {version}"])
    network = network_of_card(card, Taxonomy.load())
    if load_weights(network, weights):
        raise InvalidConfig(f"expected the weights of the network that {first.name}.json describes")
    out.mkdir(parents=True, exist_ok=True)
    stem = out / model_name(card)
    suffixes = export_recogniser(network, card["kind"], card["side"], stem)
    card.pop("sha256", None)
    write_json(stem, card, suffixes)
    return stem


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
