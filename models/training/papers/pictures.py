"""Pictures of what networks look at, on drawn images: no photo and no face is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.runtime.card import read_json
from houndstooth.models.runtime.crop import crop_square
from houndstooth.models.runtime.images import decode_image
from houndstooth.models.training.export import exported_weights
from houndstooth.models.training.new_network import load_weights, network_of_card

matplotlib.use("Agg")


def load_images(paths: Sequence[Path], side: int) -> Tensor:
    """Load images, whole and in squares: [n, 3, side, side] in [0, 255]."""
    crops = [crop_square(decode_image(p.read_bytes()), Box(0, 0, 1, 1), side) for p in paths]
    return torch.from_numpy(np.stack([crop.pixels for crop in crops])).permute(0, 3, 1, 2).float()


def open_network(stem: Path) -> tuple[ItemReader, dict[str, Any]]:
    """Open a trained network in torch, and its card."""
    card = read_json(stem)
    network = network_of_card(card, Taxonomy.load())
    load_weights(network, exported_weights(stem))
    return network.eval(), card


@torch.no_grad()
def draw_attention(stem: Path, paths: Sequence[Path], picture: Path) -> None:
    """Draw images above the spatial attention that a network gives to their cells.

    Args:
        stem: a network's path without a suffix; its encoder has the option ``attention``.
    """
    network, card = open_network(stem)
    images = load_images(paths, card["side"])
    attention: Any = network.encoder.attention  # type: ignore[attr-defined]
    maps: list[Tensor] = []
    attention.register_forward_hook(lambda layer, given, _: maps.append(layer.weights(given[0])))
    network.train(False).maps(images)
    weights = maps[0][: len(images), 0].numpy()
    draw_grid([list(_shown(images)), list(weights)], [], picture)


def draw_saliency(
    stem: Path, paths: Sequence[Path], terms: Sequence[tuple[str, str]], picture: Path
) -> None:
    """Draw images, and which of their pixels decide on some terms (Simonyan et al. 2013).

    It is the largest gradient of a term's score over a pixel's channels.

    Args:
        terms: head and term.
    """
    network, card = open_network(stem)
    images = load_images(paths, card["side"])
    boxes = torch.tensor([[[0.0, 0.0, 1.0, 1.0]] * 2]).repeat(len(images), 1, 1)
    all_terms = [(head, name) for head, names in card["heads"].items() for name in names]
    pixels = images.requires_grad_()
    scores = network(pixels, boxes).sum(0)
    columns = [list(_shown(images.detach()))]
    for term in terms:
        (gradient,) = torch.autograd.grad(scores[all_terms.index(term)], pixels, retain_graph=True)
        columns.append(list(gradient.abs().amax(1).numpy()))
    rows = [list(row) for row in zip(*columns, strict=True)]
    draw_grid(rows, ["", *(name for _, name in terms)], picture)


def _shown(images: Tensor) -> NDArray[np.uint8]:
    return np.asarray(images.permute(0, 2, 3, 1).numpy().astype(np.uint8))


def draw_grid(rows: Sequence[Sequence[NDArray[Any]]], titles: Sequence[str], picture: Path) -> None:
    """Draw rows of images, or of maps as bright as their values; titles stand over the first."""
    import matplotlib.pyplot as plt

    wide = len(rows[0])
    figure, axes = plt.subplots(
        len(rows), wide, figsize=(1.6 * wide, 1.8 * len(rows)), squeeze=False, layout="tight"
    )
    for line, row in zip(axes, rows, strict=True):
        for axis, image in zip(line, row, strict=True):
            axis.imshow(image, cmap="inferno")
            axis.set_axis_off()
    for axis, title in zip(axes[0], titles, strict=False):
        axis.set_title(title, fontsize=7)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=80)
    plt.close(figure)


def draw_by_frequency(
    frequency: NDArray[np.int64], figures: dict[str, NDArray[np.float64]], picture: Path
) -> None:
    """Draw figures of labels against how often they occur: frequent labels, and rare ones.

    Args:
        frequency: photos of each label, [labels].
        figures: by name, [labels].
    """
    import matplotlib.pyplot as plt

    order = np.argsort(-frequency, kind="stable")
    order = order[frequency[order] > 0]
    half = len(order) // 2
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), layout="tight")
    parts = ((axes[0], order[:half], "frequent labels"), (axes[1], order[half:], "rare labels"))
    for axis, part, title in parts:
        for name, values in figures.items():
            axis.scatter(frequency[part], values[part], s=8, label=name)
        axis.set(title=title, xlabel="photos of the label", xscale="log", ylim=(-0.05, 1.05))
    axes[0].legend()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=80)
    plt.close(figure)
