"""Networks and objectives of recipes and cards, and their trained weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.encoders import EfficientNetLite, new_encoder
from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.recognition.kinds import kind_of
from houndstooth.models.runtime.card import ENCODER, Card, read_json
from houndstooth.models.training.export import exported_weights
from houndstooth.models.training.objective import Objective
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.soft_labels import class_names
from houndstooth.models.training.trained_file import trained_file
from houndstooth.models.training.vocabulary import Vocabulary

BY_TOKEN = ("decoder.label_embedding.", "decoder.from_image.", "decoder.from_sequence.")
"""Weights of a sequence decoder that have a row for each token."""


def new_network(
    vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe
) -> tuple[ItemReader, Objective]:
    """Build the network and the objective of a recipe's kind.

    The encoder has its pretrained weights; all others are drawn by the recipe's seed.

    Raises:
        InvalidConfig: no such kind or encoder, or an option that it does not have.
    """
    kind = kind_of(recipe.kind)
    torch.manual_seed(recipe.seed)
    encoder = new_encoder(recipe.encoder, **recipe.encoder_options)
    network = _with_options(
        f"the network of {recipe.kind}",
        partial(kind.load("network"), encoder, vocabulary.heads, recipe.mirror, recipe.direct),
        recipe.network_options,
    )
    objective = _with_options(
        f"the objective of {recipe.kind}",
        partial(kind.load("objective"), vocabulary, taxonomy, recipe),
        recipe.objective_options,
    )
    return network, objective


def _with_options(name: str, part: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """Build a part of a kind with a recipe's options. Raises InvalidConfig."""
    known = list(signature(part).parameters)
    if unknown := sorted(set(options) - set(known)):
        raise InvalidConfig(
            f"expected options of {name} among {', '.join(known) or 'none'}; "
            f"got {', '.join(unknown)}"
        )
    return part(**options)


def network_of_card(card: Mapping[str, Any], taxonomy: Taxonomy) -> ItemReader:
    """Build the network that a card describes, without its trained weights.

    Args:
        card: the whole card.

    Raises:
        InvalidConfig: it is not the card of a recogniser.
    """
    try:
        recipe, heads = Recipe(**card["recipe"]), card["heads"]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidConfig(
            f"expected the card of a recogniser, with heads and recipe; got {error!r}"
        ) from None
    vocabulary = Vocabulary({head: tuple(terms) for head, terms in heads.items()})
    return new_network(vocabulary, taxonomy, recipe)[0].eval()


def fine_tune_from(network: ItemReader, out: Path, name: str, vocabulary: Vocabulary) -> int:
    """Load trained weights by their name, from ``out`` or among the shipped ones.

    Args:
        vocabulary: of the network. Of a sequence with more heads, the tokens of these are taken.

    Returns:
        The number of weights that have another shape, and keep their initial values.

    Raises:
        InvalidConfig: there is no network of that name.
    """
    stem = trained_file(out, name, ENCODER).with_name(name)
    trained = Vocabulary(Card.read(stem).heads)
    weights = exported_weights(stem)
    if isinstance(network.encoder, EfficientNetLite) and is_folded(read_json(stem)):
        network.encoder.fold()
    if trained.heads != vocabulary.heads:
        weights = _own_tokens(weights, trained, vocabulary)
    return load_weights(network, weights)


def is_folded(card: Mapping[str, Any]) -> bool:
    """Tell whether a network's batch normalisation is folded, by its card."""
    return bool(card.get("recipe", {}).get("encoder_options", {}).get("folded"))


def _own_tokens(
    weights: Mapping[str, Tensor], trained: Vocabulary, own: Vocabulary
) -> dict[str, Tensor]:
    """Select the rows of a sequence decoder's weights that are of own tokens, in own order."""
    rows = {pair: row for row, pair in enumerate(class_names(trained))}
    chosen = [rows[pair] for pair in class_names(own) if pair in rows]
    if len(chosen) < sum(own.sizes):
        return dict(weights)
    places = torch.tensor([*chosen, len(rows)])
    return {
        name: weight[places] if _is_by_token(name, weight, len(rows) + 1) else weight
        for name, weight in weights.items()
    }


def _is_by_token(name: str, weight: Tensor, tokens: int) -> bool:
    return name.startswith(BY_TOKEN) and weight.shape[:1] == (tokens,)


def load_weights(network: ItemReader, trained: Mapping[str, Tensor]) -> int:
    """Load weights by their names; returns how many have another shape and are not loaded."""
    state = network.state_dict()
    fits = {n: t.reshape(state[n].shape) for n, t in trained.items() if _fits(t, state.get(n))}
    network.load_state_dict(fits, strict=False)
    return len(set(trained) - set(fits))


def _fits(trained: Tensor, wanted: Tensor | None) -> bool:
    return wanted is not None and trained.numel() == wanted.numel()
