"""``houndstooth export``: a trained recogniser anew, or the interpolation of two."""

from __future__ import annotations

from pathlib import Path

import click

from houndstooth.commands.networks import NETWORKS, network_stem
from houndstooth.commands.parameters import FILE
from houndstooth.commands.training_packages import training_packages


@click.command
@click.argument("name")
@click.argument("other", required=False)
@click.option("--version", type=int, required=True, help="Version of the network to write.")
@click.option(
    "--alpha", type=float, default=0.5, show_default=True, help="Share of NAME's weights, 0 to 1."
)
@click.option(
    "--mirror/--no-mirror", default=None,
    help="Whether it averages an image and its mirror image.  [default: as NAME does]",
)  # fmt: skip
@click.option(
    "--weights", type=FILE, metavar="DIR", default=NETWORKS,
    show_default=True, help="Folder to write to; names are looked up in it first.",
)  # fmt: skip
def command(
    name: str,
    other: str | None,
    version: int,
    alpha: float,
    mirror: bool | None,
    weights: Path,
) -> None:
    """Export a recogniser's weights to ONNX, interpolated with another's.

    NAME is a fine-tuned network, OTHER the one that it was fine-tuned from: their interpolation
    keeps most of what fine-tuning improved, and forgets less. Without OTHER, NAME alone is exported
    in today's format. A network of 8 bits cannot be: its recipe trains it anew.

    Example: houndstooth export mine-2 mine-1 --alpha 0.5 --version 3
    """
    if not 0 <= alpha <= 1:
        raise click.BadParameter(f"expected a share from 0 to 1; got {alpha:g}")
    with training_packages():
        from houndstooth.models.training.interpolate_weights import export_network
    second = network_stem(other, weights) if other else None
    stem = export_network(network_stem(name, weights), second, version, weights, alpha, mirror)
    click.echo(f"wrote {stem}.onnx and its card")
    click.echo(f"next: houndstooth evaluate {stem} --products CSV")
