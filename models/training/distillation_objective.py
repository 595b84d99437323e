"""The objective of a network that is taught by an ensemble (Hinton et al. 2015)."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.objective import Batch
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.sequence_objective import SequenceObjective
from houndstooth.models.training.vocabulary import Vocabulary


class DistillationObjective(SequenceObjective):
    """Compute the loss of the sequence, and of what else a teacher says; see Objective.

    The sequence learns soft labels, see SequenceObjective. The others are: the sigmoids' cross
    entropy with the teacher's terms; the distance of the features, projected, to the teacher's;
    whether other items are seen, and the quarter turns of the view. A strip of an item shows
    neither its terms nor its looks, and a turned view is turned back before it is served, so these
    learn from the others alone.

    Args:
        terms, features, others, turn: weights of these losses beside the sequence's.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        taxonomy: Taxonomy,
        recipe: Recipe,
        terms: float = 20.0,
        features: float = 2.0,
        others: float = 0.5,
        turn: float = 0.5,
    ) -> None:
        super().__init__(vocabulary, taxonomy, recipe)
        self.weights = {"terms": terms, "features": features, "others": others, "turn": turn}

    def loss(self, network: Any, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        pooled = network.encode(batch.images, batch.boxes)
        loss = self._loss(network, pooled, batch)
        for name, part in self.parts(network, pooled, batch).items():
            loss = loss + self.weights[name] * part
        return loss

    def parts(self, network: Any, pooled: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Compute the losses beside the sequence's, by name, unweighted.

        Args:
            pooled: features of both boxes, [n, width].
        """
        parts = {}
        upright = ~batch.guided
        if batch.turns is not None:
            parts["turn"] = F.cross_entropy(network.turn(pooled), batch.turns)
            upright = upright & (batch.turns == 0)
        if batch.taught is None:
            return parts
        terms, features, others = batch.taught
        said = (terms >= 0) & upright[:, None]
        logits = network.terms(pooled)
        losses = F.binary_cross_entropy_with_logits(logits, terms.clamp(0, 1), reduction="none")
        parts["terms"] = (losses * said).sum() / max(terms.numel(), 1)
        projected = network.to_teacher(pooled[:, pooled.shape[1] // 2 :])
        distances = (projected - features).square().mean(1)
        parts["features"] = (distances * upright).sum() / upright.sum().clamp(min=1)
        seen = (others >= 0) & upright
        losses = F.binary_cross_entropy_with_logits(
            network.others(pooled)[:, 0], others.clamp(0, 1), reduction="none"
        )
        parts["others"] = (losses * seen).sum() / seen.sum().clamp(min=1)
        return parts
