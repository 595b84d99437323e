"""What is learned: the loss of a batch, and the scores of each head for those who judge them."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.grammar import Grammar
from models.training.recipe import Recipe
from models.training.vocabulary import UNKNOWN, Vocabulary

DEFAULT_WEIGHT = 0.3
# The first heads: great category and category.
CATEGORIES = 2


class Batch(NamedTuple):
    """Images with what is known of them.

    Attributes:
        images: [n, 3, side, side] in [0, 255].
        boxes: [n, 2, 4]: all that stands out, and the item's own.
        labels: int64 [n, heads], as ``Vocabulary.labels`` makes them. An unknown one adds no loss.
        soft: [n, classes], what others saw, by head a distribution or zeros: a share of the target
            where a label is known.
        guided: bool [n]: where the category is given and not asked for, so adds no loss either.
        outside: where images show white ground, uint8 [n, 1, side, side]; None where that is not
            asked.
    """

    images: Tensor
    boxes: Tensor
    labels: Tensor
    soft: Tensor
    guided: Tensor
    outside: Tensor | None = None


class Objective(Protocol):
    """What a network is trained for."""

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Mean over the batch, weighted by group."""

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """Scores of all heads side by side, [n, classes], those before them being right."""


def drawn_share(mixup: float) -> float:
    """Of an image when two are laid over each other (Zhang et al. 2018, mixup's alpha)."""
    return float(torch.distributions.Beta(mixup, mixup).sample())


def mixed(images: Tensor, boxes: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Each image over the one as far from the batch's other end, and the boxes around both's.

    Args:
        images: [n, 3, side, side].
        boxes: [n, k, 4]: left, top, right, bottom.
        share: of each image itself, in [0, 1].
    """
    other = boxes.flip(0)
    low = torch.minimum(boxes[..., :2], other[..., :2])
    around = torch.cat([low, torch.maximum(boxes[..., 2:], other[..., 2:])], -1)
    return images * share + images.flip(0) * (1 - share), around


class HeadsObjective:
    """Smoothed cross entropy of independent heads, with mixup."""

    def __init__(self, vocabulary: Vocabulary, recipe: Recipe) -> None:
        self.slices = list(vocabulary.slices().values())
        self.weights = [recipe.group_weights.get(h, DEFAULT_WEIGHT) for h in vocabulary.heads]
        self.smoothing, self.mixup = recipe.label_smoothing, recipe.mixup
        self.soft_share = recipe.soft_share

    def targets(self, labels: Tensor, soft: Tensor) -> Tensor:
        """Target distributions of all heads, rows of zeros where unknown: [n, classes]."""
        parts = []
        for column, where in enumerate(self.slices):
            label, classes = labels[:, column], where.stop - where.start
            known = (label >= 0).float()[:, None]
            hard = F.one_hot(label.clamp(min=0), classes).float()
            seen = soft[:, where]
            mass = seen.sum(1, keepdim=True)
            share = self.soft_share * (mass > 0)
            hard = hard * (1 - share) + seen / mass.clamp(min=1e-6) * share
            hard = hard * (1 - self.smoothing) + self.smoothing / classes
            parts.append(hard * known)
        return torch.cat(parts, dim=1)

    def cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean over the batch of the weighted sum over heads."""
        total = logits.new_zeros(())
        for weight, where in zip(self.weights, self.slices, strict=True):
            log_p = F.log_softmax(logits[:, where].float(), dim=1)
            total = total - weight * (targets[:, where] * log_p).sum(1).mean()
        return total

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """See Objective."""
        images, boxes, labels, soft, guided, _ = batch
        targets = self.targets(labels, soft)
        targets[:, : self.slices[CATEGORIES - 1].stop] *= ~guided[:, None]
        if self.mixup > 0:
            share = drawn_share(self.mixup)
            images, boxes = mixed(images, boxes, share)
            targets = targets * share + targets.flip(0) * (1 - share)
        return self.cross_entropy(network(images, boxes), targets)

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """See Objective."""
        scores: Tensor = network(batch.images, batch.boxes)
        return scores


class SequenceObjective:
    """Negative log-likelihood of the known tokens, each among what could stand there.

    The softmax at a step is over the terms of the known groups still to come, and the end. So a
    group that is unknown neither wins nor loses, and one known to be absent is learned as passed
    over.
    """

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary, recipe: Recipe) -> None:
        self.grammar = grammar
        weights = [recipe.group_weights.get(h, DEFAULT_WEIGHT) for h in vocabulary.heads]
        self.weights = torch.tensor([*weights, DEFAULT_WEIGHT])
        self.starts = torch.tensor([where.start for where in vocabulary.slices().values()])
        self.head_of = torch.from_numpy(grammar.head_of)
        self.groups_of = torch.from_numpy(grammar.groups_of)
        self.great_of_token = torch.full((grammar.tokens,), -1)
        self.great_of_token[grammar.leaves] = torch.from_numpy(grammar.great_of)
        self.smoothing, self.sampled = recipe.label_smoothing, recipe.sampled
        self.soft_share, self.mixup = recipe.soft_share, recipe.mixup

    @torch.no_grad()
    def _as_heard(self, said: Tensor, scores: Tensor) -> Tensor:
        """The right tokens, some of them as the network itself would have said them.

        Categories stay: who guides is right. Of the attributes a share is drawn from the network's
        own answer within the group, so that it learns to go on from its own mistakes (scheduled
        sampling, Bengio et al. 2015, in two passes).
        """
        head_of = self.head_of.to(said.device)
        inside = head_of == head_of[said][:, :, None]
        likely = scores[:, :-1].masked_fill(~inside, -1e9).softmax(2)
        drawn = torch.multinomial(likely.flatten(0, 1), 1).view_as(said)
        attribute = (head_of[said] >= CATEGORIES) & (said != self.grammar.end)
        heard = attribute & (torch.rand(said.shape, device=said.device) < self.sampled)
        return torch.where(heard, drawn, said)

    def sequences(self, labels: Tensor) -> Tensor:
        """Tokens of each sample, filled up with the end: int64 [n, heads]."""
        tokens = torch.where(labels >= 0, labels + self.starts.to(labels.device), self.grammar.end)
        order = torch.argsort((labels < 0).int(), dim=1, stable=True)
        return tokens.gather(1, order)

    def allowed(self, labels: Tensor, sequences: Tensor) -> Tensor:
        """What could stand at each step, by what is known: bool [n, heads + 1, tokens]."""
        device, heads = labels.device, labels.shape[1]
        head_of = self.head_of.to(device)
        said = F.pad(head_of[sequences], (1, 0), value=-1)
        known = (labels != UNKNOWN) & self.groups_of.to(device)[labels[:, 1]]
        known = F.pad(known, (0, 1), value=True)[:, head_of]
        allowed = (head_of > said[:, :, None]) & known[:, None]
        allowed[:, 0] = head_of == 0
        allowed[:, 1] = self.great_of_token.to(device) == sequences[:, :1]
        allowed[:, :, self.grammar.end] = torch.arange(heads + 1, device=device) >= CATEGORIES
        return allowed

    def loss(self, network: Any, batch: Batch) -> Tensor:
        """See Objective."""
        images, boxes, labels, soft, guided, _ = batch
        if self.mixup == 0:
            return self._loss(network, network.encode(images, boxes), labels, soft, guided)
        share = drawn_share(self.mixup)
        pooled = network.encode(*mixed(images, boxes, share))
        own = self._loss(network, pooled, labels, soft, guided)
        other = self._loss(network, pooled, labels.flip(0), soft.flip(0), guided.flip(0))
        return own * share + other * (1 - share)

    def _loss(
        self, network: Any, pooled: Tensor, labels: Tensor, soft: Tensor, guided: Tensor
    ) -> Tensor:
        """Of the labels' sequences, after what is read of the images."""
        sequences = self.sequences(labels)
        longest = int((labels >= 0).sum(1).max())
        said = sequences[:, :longest]
        scores = network.decoder(pooled, said).float()
        if self.sampled:
            scores = network.decoder(pooled, self._as_heard(said, scores)).float()
        target = F.pad(sequences, (0, 1), value=self.grammar.end)[:, : longest + 1]
        allowed = self.allowed(labels, sequences)[:, : longest + 1]
        log_p = scores.masked_fill(~allowed, -1e9).log_softmax(2)
        right = log_p.gather(2, target[:, :, None])[:, :, 0]
        head_of = self.head_of.to(labels.device)
        rivals = allowed & (head_of == head_of[target][:, :, None])
        right = self._shared(right, log_p, rivals, soft)
        spread = (log_p * rivals).sum(2) / rivals.sum(2)
        loss = -(1 - self.smoothing) * right - self.smoothing * spread
        # One end is enough: what fills up after it adds nothing.
        first_end = torch.arange(longest + 1, device=labels.device) <= (labels >= 0).sum(1)[:, None]
        asked = (head_of[target] >= CATEGORIES) | ~guided[:, None]
        weights = self.weights.to(labels.device)[head_of[target]] * (first_end & asked)
        mean: Tensor = (loss * weights).sum(1).mean()
        return mean

    def _shared(self, right: Tensor, log_p: Tensor, rivals: Tensor, soft: Tensor) -> Tensor:
        """The right tokens' log-likelihoods [n, steps], a share of each what others saw there."""
        seen = F.pad(soft, (0, 1))[:, None] * rivals
        mass = seen.sum(2)
        expected = (seen * log_p).sum(2) / mass.clamp(min=1e-6)
        return torch.where(mass > 0, right.lerp(expected, self.soft_share), right)

    def scores(self, network: Any, batch: Batch) -> Tensor:
        """See Objective."""
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
