"""A recipe's options for its kind's network and objective."""

from __future__ import annotations

import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.new_network import new_network
from houndstooth.models.training.recipe import (
    Recipe,
    find_recipe,
    read_recipe,
    shipped_recipes,
)
from houndstooth.models.training.vocabulary import Vocabulary

VOCABULARY = Vocabulary({"great_category": ("top",), "category": ("shirt", "t-shirt")})


@pytest.mark.parametrize("part", ["network", "objective"])
@pytest.mark.parametrize("kind", ["heads", "sequence"])
def test_an_unknown_option_is_refused_with_the_list_of_those_known(kind: str, part: str) -> None:
    recipe = Recipe("t", 1, kind=kind, **{f"{part}_options": {"shininess": 3}})
    with pytest.raises(InvalidConfig, match=rf"options of the {part} of {kind} .*got shininess"):
        new_network(VOCABULARY, Taxonomy.load(), recipe)


OF_THE_PAPERS = [
    name for name in shipped_recipes() if name.startswith(("wide-deep-recurrent", "multi-"))
]


@pytest.mark.parametrize("name", OF_THE_PAPERS)
def test_the_recipes_of_the_papers_build_their_networks(name: str) -> None:
    recipe = read_recipe(Recipe, find_recipe(name))
    network, objective = new_network(VOCABULARY, Taxonomy.load(), recipe)
    assert objective.activation == "sigmoid"
    network.encoder.freeze(recipe.frozen_blocks)
    assert any(weight.requires_grad for weight in network.parameters())
