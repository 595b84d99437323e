"""The network and the objective that a recipe asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mappings.errors import InvalidConfig
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
        heads = AttributeHeads(encoder, vocabulary.sizes, recipe.mirror)
        return heads, HeadsObjective(vocabulary, recipe)
    grammar = Grammar(vocabulary.heads, taxonomy)
    network = AttributeSequence(encoder, grammar.tokens, recipe.mirror, direct=recipe.direct)
    return network, SequenceObjective(grammar, vocabulary, recipe)


def network_of_card(card: Mapping[str, Any], taxonomy: Taxonomy) -> Network:
    """The network that a card tells of, its weights not yet loaded.

    Args:
        card: all of it, as JSON has it.

    Raises:
        InvalidConfig: it is no card of a network.
    """
    try:
        recipe, heads = Recipe(**card["recipe"]), card["heads"]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidConfig(f"expected a network's card, with heads and recipe; {error}") from None
    vocabulary = Vocabulary({head: tuple(terms) for head, terms in heads.items()})
    return new_network(vocabulary, taxonomy, recipe)[0].eval()


def go_on_from(network: Network, out: Path, name: str) -> int:
    """Load trained weights, from ``out`` or the shipped ones; how many have another shape."""
    return take_over(network, exported_weights(trained_file(out, f"{name}.onnx").with_name(name)))


def take_over(network: Network, trained: Mapping[str, Tensor]) -> int:
    """Load weights by their names; how many have another shape, and are not taken."""
    state = network.state_dict()
    fits = {n: t.reshape(state[n].shape) for n, t in trained.items() if _fits(t, state.get(n))}
    network.load_state_dict(fits, strict=False)
    return len(set(trained) - set(fits))


def _fits(trained: Tensor, wanted: Tensor | None) -> bool:
    return wanted is not None and trained.numel() == wanted.numel()
