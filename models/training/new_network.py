"""The network and the objective that a recipe asks for."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mappings.taxonomy import Taxonomy
from models.grammar import Grammar
from models.networks.attribute_decoder import AttributeSequence
from models.networks.attribute_heads import AttributeHeads
from models.networks.encoders import new_encoder
from models.training.export import exported_weights
from models.training.fit import Network
from models.training.objectives import HeadsObjective, Objective, SequenceObjective
from models.training.recipe import Recipe
from models.training.trained import trained_file
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
    network = AttributeSequence(encoder, grammar.tokens, direct=recipe.direct)
    return network, SequenceObjective(grammar, vocabulary, recipe)


def go_on_from(network: Network, out: Path, name: str) -> int:
    """Load trained weights, from ``out`` or the shipped ones; how many have another shape."""
    stem = trained_file(out, f"{name}.onnx").with_name(name)
    trained, state = exported_weights(stem), network.state_dict()
    fits = {n: t.reshape(state[n].shape) for n, t in trained.items() if _fits(t, state.get(n))}
    network.load_state_dict(fits, strict=False)
    return len(set(trained) - set(fits))


def _fits(trained: Tensor, wanted: Tensor | None) -> bool:
    return wanted is not None and trained.numel() == wanted.numel()
