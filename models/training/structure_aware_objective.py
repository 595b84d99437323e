"""The objective of shared and private layers (Structure-Aware paper, equations 5 to 7)."""

from __future__ import annotations

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.training.heads_objective import HeadsObjective
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import Vocabulary

LOSS_WEIGHTS = {GREAT_CATEGORY: 0.1, CATEGORY: 1.0, "colour": 0.5, "sleeve": 0.3}
"""The paper's λ and γ by head."""

OTHER_ATTRIBUTES = 0.1
"""The paper's γ of an attribute that it does not name."""


class StructureAwareObjective(HeadsObjective):
    """Compute the multinomial logistic losses of all tasks, weighted as in the paper.

    An attribute without a label adds no loss. The recipe's ``loss_weights`` come first.
    """

    def __init__(self, vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe) -> None:
        super().__init__(vocabulary, taxonomy, recipe)
        weights = {**LOSS_WEIGHTS, **recipe.loss_weights}
        self.loss_weights = [weights.get(head, OTHER_ATTRIBUTES) for head in vocabulary.heads]
