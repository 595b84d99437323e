"""The objective of a network that is taught by an ensemble (Hinton et al. 2015)."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from houndstooth.mappings.errors import InvalidConfig
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
        if recipe.mixup:
            raise InvalidConfig("expected mixup = 0, as answers are not mixed; got another")
        self.sums: dict[str, float] = {}
        self.steps = 0
        self.weights = {"terms": terms, "features": features, "others": others, "turn": turn}

    def loss(self, network: Any, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        pooled = network.encode(batch.images, batch.boxes)
        loss = self._loss(network, pooled, batch)
        parts = {"sequence": loss, **self.parts(network, pooled, batch)}
        for name, part in parts.items():
            loss = loss + self.weights.get(name, 0.0) * part
            self.sums[name] = self.sums.get(name, 0.0) + part.item()
        self.steps += 1
        return loss

    def take_means(self) -> dict[str, float]:
        """Return the mean of each loss since the last call, unweighted, by name."""
        means = {name: round(total / self.steps, 4) for name, total in self.sums.items()}
        self.sums, self.steps = {}, 0
        return means

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
        # Where the detector has told the item's box, it need not be asked.
        unasked = (batch.boxes[:, 0] - batch.boxes[:, 1]).abs().amax(1) < 1e-4
        seen = (others >= 0) & upright & unasked
        losses = F.binary_cross_entropy_with_logits(
            network.others(pooled)[:, 0], others.clamp(0, 1), reduction="none"
        )
        parts["others"] = (losses * seen).sum() / seen.sum().clamp(min=1)
        return parts
