"""Categories and attributes by shared and private layers (Structure-Aware paper, section 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.encoders import Encoder
from houndstooth.models.networks.item_reader import ItemReader

CATEGORY_TASKS = {"root": "great_category", "leaf": "category"}
"""The heads of the tasks that are categories, in the order of the hierarchy."""

ATTRIBUTES = "attributes"
"""The task of all attribute groups; the name of a group is the task of that group alone."""

SHARED, PRIVATE = 512, 256
"""Nodes of the shared layer, and of each category's private one."""


def heads_of_tasks(
    heads: Mapping[str, Sequence[str]], tasks: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Select the heads that some tasks predict, in their order.

    Args:
        heads: terms by head.
        tasks: ``root``, ``leaf``, ``attributes``, or names of attribute groups.

    Raises:
        InvalidConfig: there is no task, or one that the heads do not have.
    """
    categories = set(CATEGORY_TASKS.values())
    groups = [head for head in heads if head not in categories]
    known = [*CATEGORY_TASKS, ATTRIBUTES, *groups]
    unknown = [task for task in tasks if task not in known]
    if unknown or not tasks:
        got = ", ".join(unknown) or "none"
        raise InvalidConfig(f"expected tasks among {', '.join(known)}; got {got}")
    chosen = {CATEGORY_TASKS.get(task, task) for task in tasks}
    chosen |= set(groups) if ATTRIBUTES in tasks else set()
    return {head: tuple(terms) for head, terms in heads.items() if head in chosen}


class StructureAware(ItemReader):
    """One layer that all tasks share, and layers of each task's own.

    A category has two private layers. The attributes have one branch together: a layer of as many
    nodes as all groups have terms, and a layer for each group behind it. So groups with few labels
    learn from those with many.

    Args:
        encoder: the image encoder; its option ``attention`` makes the network salient-sensitive.
        heads: terms by head; those beside ``great_category`` and ``category`` are attributes.
        mirror: see ItemReader.
        dropout: of the shared layer's nodes, and of the private ones.
    """

    def __init__(
        self,
        encoder: Encoder,
        heads: Mapping[str, Sequence[str]],
        mirror: bool = True,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(encoder, mirror)
        categories = set(CATEGORY_TASKS.values())
        groups = [len(terms) for head, terms in heads.items() if head not in categories]
        self.shared = nn.Sequential(nn.Linear(self.width, SHARED), nn.ReLU(), nn.Dropout(dropout))
        self.categories = nn.ModuleDict({
            head: nn.Sequential(
                nn.Linear(SHARED, PRIVATE),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(PRIVATE, len(terms)),
            )
            for head, terms in heads.items()
            if head in categories
        })  # fmt: skip
        self.states = nn.Sequential(nn.Linear(SHARED, sum(groups)), nn.ReLU()) if groups else None
        self.groups = nn.ModuleList(nn.Linear(sum(groups), size) for size in groups)

    @classmethod
    def from_heads(
        cls,
        encoder: Encoder,
        heads: Mapping[str, Sequence[str]],
        mirror: bool,
        direct: bool,
        tasks: Sequence[str] = ("root", "leaf", ATTRIBUTES),
    ) -> StructureAware:
        """Build the network for some tasks, see heads_of_tasks; ``direct`` has no meaning here."""
        return cls(encoder, heads_of_tasks(heads, tasks), mirror)

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Compute the logits of the tasks' heads, [n, sum of classes]; see ItemReader.encode."""
        return self.logits(self.encode(images, boxes))

    def logits(self, pooled: Tensor) -> Tensor:
        """Compute the logits of pooled maps: categories first, then groups, as heads are."""
        shared = self.shared(pooled)
        logits = [branch(shared) for branch in self.categories.values()]
        if self.states is not None:
            states = self.states(shared)
            logits += [layer(states) for layer in self.groups]
        return torch.cat(logits, dim=1)
