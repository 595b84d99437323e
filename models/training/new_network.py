"""The network and the objective that a recipe asks for."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from mappings.errors import InvalidConfig
from mappings.taxonomy import Taxonomy
from models.grammar import Grammar
from models.networks.attribute_decoder import AttributeSequence
from models.networks.attribute_heads import AttributeHeads
from models.networks.committee import Committee
from models.networks.encoders import new_encoder
from models.session import WEIGHTS
from models.training.export import exported_weights
from models.training.fit import Network
from models.training.objectives import HeadsObjective, Objective, SequenceObjective
from models.training.recipe import Recipe
from models.training.vocabulary import Vocabulary


def new_network(
    vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe
) -> tuple[Network, Objective]:
    """A network with the encoder's pretrained weights, the rest drawn by the recipe's seed."""
    torch.manual_seed(recipe.seed)
    encoder = new_encoder(recipe.encoder, **recipe.encoder_options)
    if recipe.decoder == "heads":
        return AttributeHeads(encoder, vocabulary.sizes), HeadsObjective(vocabulary, recipe)
    grammar = Grammar(vocabulary.heads, taxonomy)
    levels = recipe.colour_levels
    network = AttributeSequence(encoder, grammar.tokens, levels, direct=recipe.direct)
    return network, SequenceObjective(grammar, vocabulary, recipe)


def committee_of(
    vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe, out: Path
) -> Committee:
    """The recipe's members, each made as the recipe says, with their trained weights.

    Raises:
        InvalidConfig: one is not there, or made otherwise.
    """
    members = []
    for name in recipe.members:
        member, _ = new_network(vocabulary, taxonomy, recipe)
        if isinstance(member, AttributeHeads) or go_on_from(member, out, name):
            raise InvalidConfig(
                f"expected members with an LSTM, {recipe.encoder}, {recipe.colour_levels} levels "
                f"and the same terms; {name} is made otherwise"
            )
        members.append(member)
    return Committee(members)


def go_on_from(network: Network, out: Path, name: str) -> int:
    """Load trained weights, from ``out`` or the shipped ones; how many have another shape.

    Where a layer reads more than it did, what it read comes first, and the rest begins at zero.
    """
    return load_exported(network, (out if (out / f"{name}.onnx").exists() else WEIGHTS) / name)


def load_exported(network: Network, stem: Path, member: int = 0) -> int:
    """Load the weights of an exported network; how many have another shape.

    Args:
        member: of a committee. What it has in common with the first is stored with that one alone.
    """
    trained = exported_weights(stem) | exported_weights(stem, member)
    state = network.state_dict()
    known = {n: _widened(t, state[n]) for n, t in trained.items() if n in state}
    fits = {n: t.reshape(state[n].shape) for n, t in known.items() if t.numel() == state[n].numel()}
    network.load_state_dict(fits, strict=False)
    return len(trained) - len(fits)


def _widened(trained: Tensor, wanted: Tensor) -> Tensor:
    """A matrix [outputs, inputs] with columns of zeros for inputs that it lacks."""
    if trained.ndim != 2 or wanted.ndim != 2 or len(trained) != len(wanted):
        return trained
    return F.pad(trained, (0, max(0, wanted.shape[1] - trained.shape[1])))
