"""The objective of attribute sequences."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.taxonomy_entries import DEFAULT_LOSS_WEIGHT
from houndstooth.models.recognition.grammar import Grammar
from houndstooth.models.training.objective import (
    CATEGORIES,
    Batch,
    loss_weights,
    mix,
    sample_mixup,
)
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary


class SequenceObjective:
    """Compute the negative log-likelihood of the known tokens; see Objective.

    The softmax at a step is over the terms of the known groups still to come, and the end. So a
    group that is unknown has no influence, and one that is known to be absent is learned as
    skipped. Where several terms of a group are true, the target is spread evenly over them, and the
    first is fed on.

    Args:
        free: take the softmax over all tokens at every step, as the paper does, for sequences that
            are sampled without the grammar. An unknown group is then learned as skipped.
    """

    activation = "softmax"

    def __init__(
        self, vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe, free: bool = False
    ) -> None:
        self.free = free
        self.grammar = grammar = Grammar(vocabulary.heads, taxonomy)
        weights = loss_weights(list(vocabulary.heads), taxonomy, recipe)
        self.loss_weights = torch.tensor([*weights, DEFAULT_LOSS_WEIGHT])
        self.starts = torch.tensor([where.start for where in vocabulary.slices().values()])
        self.head_of = torch.from_numpy(grammar.head_of)
        self.groups_of = torch.from_numpy(grammar.groups_of)
        self.great_of_token = torch.full((grammar.tokens,), -1)
        self.great_of_token[grammar.leaves] = torch.from_numpy(grammar.great_of)
        self.smoothing, self.scheduled_sampling = recipe.label_smoothing, recipe.scheduled_sampling
        self.soft_share, self.mixup = recipe.soft_share, recipe.mixup

    def prepare(self, *labels: object) -> None:
        """Take nothing from the training labels; see Objective."""

    @torch.no_grad()
    def _sample_tokens(self, tokens: Tensor, scores: Tensor) -> Tensor:
        """Replace some attribute tokens by samples of the network's own predictions.

        Categories stay, since a guide is right. A token is sampled within its group. So the network
        learns to continue after its own mistakes (scheduled sampling, Bengio et al. 2015, in two
        passes).

        Args:
            tokens: the true ones, int64 [n, steps].
            scores: the network's, [n, steps + 1, tokens].
        """
        head_of = self.head_of.to(tokens.device)
        inside = head_of == head_of[tokens][:, :, None]
        likely = scores[:, :-1].masked_fill(~inside, -1e9).softmax(2)
        drawn = torch.multinomial(likely.flatten(0, 1), 1).view_as(tokens)
        attribute = (head_of[tokens] >= CATEGORIES) & (tokens != self.grammar.end)
        replaced = attribute & (
            torch.rand(tokens.shape, device=tokens.device) < self.scheduled_sampling
        )
        return torch.where(replaced, drawn, tokens)

    def sequences(self, labels: Tensor) -> Tensor:
        """Make the tokens of each sample, padded with the end: int64 [n, heads]."""
        tokens = torch.where(labels >= 0, labels + self.starts.to(labels.device), self.grammar.end)
        order = torch.argsort((labels < 0).int(), dim=1, stable=True)
        return tokens.gather(1, order)

    def allowed(self, labels: Tensor, sequences: Tensor) -> Tensor:
        """Mark the tokens that could stand at each step: bool [n, heads + 1, tokens]."""
        device, heads = labels.device, labels.shape[1]
        if self.free:
            shape = (len(labels), heads + 1, self.grammar.tokens)
            return torch.ones(shape, dtype=torch.bool, device=device)
        head_of = self.head_of.to(device)
        before = F.pad(head_of[sequences], (1, 0), value=-1)
        known = (labels != UNKNOWN) & self.groups_of.to(device)[labels[:, 1]]
        known = F.pad(known, (0, 1), value=True)[:, head_of]
        allowed = (head_of > before[:, :, None]) & known[:, None]
        allowed[:, 0] = head_of == 0
        allowed[:, 1] = self.great_of_token.to(device) == sequences[:, :1]
        allowed[:, :, self.grammar.end] = torch.arange(heads + 1, device=device) >= CATEGORIES
        return allowed

    def loss(self, network: Any, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        if self.mixup == 0:
            return self._loss(network, network.encode(batch.images, batch.boxes), batch)
        share = sample_mixup(self.mixup)
        pooled = network.encode(*mix(batch.images, batch.boxes, share))
        flipped = batch._replace(
            labels=batch.labels.flip(0),
            multi_hot=batch.multi_hot.flip(0),
            soft_labels=batch.soft_labels.flip(0),
            guided=batch.guided.flip(0),
        )
        own, other = (self._loss(network, pooled, each) for each in (batch, flipped))
        return own * share + other * (1 - share)

    def _loss(self, network: Any, pooled: Tensor, batch: Batch) -> Tensor:
        """Compute the loss of the labels' sequences, given the pooled features of the images."""
        labels, guided = batch.labels, batch.guided
        sequences = self.sequences(labels)
        longest = int((labels >= 0).sum(1).max())
        tokens = sequences[:, :longest]
        scores = network.decoder(pooled, tokens).float()
        if self.scheduled_sampling:
            scores = network.decoder(pooled, self._sample_tokens(tokens, scores)).float()
        target = F.pad(sequences, (0, 1), value=self.grammar.end)[:, : longest + 1]
        allowed = self.allowed(labels, sequences)[:, : longest + 1]
        log_p = scores.masked_fill(~allowed, -1e9).log_softmax(2)
        right = log_p.gather(2, target[:, :, None])[:, :, 0]
        head_of = self.head_of.to(labels.device)
        rivals = allowed & (head_of == head_of[target][:, :, None])
        right = _expected(right, log_p, rivals, batch.multi_hot, 1.0)
        right = _expected(right, log_p, rivals, batch.soft_labels, self.soft_share)
        spread = (log_p * rivals).sum(2) / rivals.sum(2)
        loss = -(1 - self.smoothing) * right - self.smoothing * spread
        # Padding after the first end adds no loss.
        first_end = torch.arange(longest + 1, device=labels.device) <= (labels >= 0).sum(1)[:, None]
        learned = (head_of[target] >= CATEGORIES) | ~guided[:, None]
        weights = self.loss_weights.to(labels.device)[head_of[target]] * (first_end & learned)
        mean: Tensor = (loss * weights).sum(1).mean()
        return mean

    def scores(self, network: Any, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        images, boxes, labels, *_ = batch
        scores = network(images, boxes, self.sequences(labels)).float()
        before = (labels >= 0).cumsum(1) - (labels >= 0).int()
        step = before[:, self.head_of[: self.grammar.end].to(labels.device)]
        chosen: Tensor = scores[:, :, : self.grammar.end].gather(1, step[:, None])[:, 0]
        # Leaves of other great categories cannot follow.
        leaves = torch.arange(self.grammar.end) >= self.grammar.leaves.start
        leaves &= torch.arange(self.grammar.end) < self.grammar.leaves.stop
        greats = self.great_of_token[: self.grammar.end].to(labels.device) != labels[:, :1]
        return chosen.masked_fill(leaves.to(labels.device) & greats, -1e9)


def _expected(
    right: Tensor, log_p: Tensor, rivals: Tensor, weights: Tensor, share: float
) -> Tensor:
    """Mix log-likelihoods [n, steps] with those expected under the weights of terms [n, classes].

    Where no rival of a step has a weight, nothing is mixed in.
    """
    of_rivals = F.pad(weights, (0, 1))[:, None] * rivals
    mass = of_rivals.sum(2)
    expected = (of_rivals * log_p).sum(2) / mass.clamp(min=1e-6)
    return torch.where(mass > 0, right.lerp(expected, share), right)
