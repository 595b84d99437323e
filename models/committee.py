"""Several recognisers as one: the mean of what they see.

Networks that were trained otherwise err otherwise, and a mean of calibrated probabilities is
right where most are (Hansen and Salamon 1990). So members differ in encoder, in labels, and in
what keeps them from learning photos by heart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.taxonomy import Taxonomy
from models.crop import Crop
from models.recognised import Choice, Look, Recognised
from models.session import Card

if TYPE_CHECKING:
    from models.recogniser import Recogniser


class Committee:
    """See ``models.recogniser.Recogniser``; codes are made of the first member's features.

    Args:
        name: goes into every document, as the members' names would.
        members: at least one.
    """

    def __init__(self, name: str, members: Sequence[Recogniser], taxonomy: Taxonomy) -> None:
        self.members, self.taxonomy = members, taxonomy
        trained_on = tuple(dict.fromkeys(file for each in members for file in each.card.trained_on))
        self.card: Card = replace(members[0].card, model=name, trained_on=trained_on)

    def look(self, crops: Sequence[Crop]) -> Look:
        """See Recogniser."""
        return tuple(
            maps for each in self.members for maps in each.look(_fitted(crops, each.card.side))
        )

    def tell(
        self, look: Look, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Recognised]]:
        """See Recogniser."""
        maps = iter(look)
        answers = [
            each.tell(tuple(islice(maps, _networks(each))), crops, choices) for each in self.members
        ]
        seen = zip(*(recognised for _, recognised in answers), strict=True)
        return answers[0][0], [self._mean(each) for each in seen]

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """See Recogniser."""
        answers = [
            each.likelihoods(_fitted(crops, each.card.side), truths) for each in self.members
        ]
        return [_mean(each) for each in zip(*answers, strict=True)]

    def _mean(self, seen: Sequence[Recognised]) -> Recognised:
        """What most of them see in one image; a group that fewer than half tell is absent."""
        categories = _mean([each.categories for each in seen])
        given = seen[0].given
        category = seen[0].category if given else max(categories, key=categories.__getitem__)
        groups = {}
        for group in self.taxonomy.groups_of(category):
            told = [each.groups[group] for each in seen if group in each.groups]
            if told and 2 * len(told) >= len(seen):
                groups[group] = _mean(told)
        return Recognised(categories, category, given, groups)


def _networks(recogniser: Recogniser) -> int:
    """How many encoders look for it; a member may be a committee itself."""
    return sum(map(_networks, recogniser.members)) if isinstance(recogniser, Committee) else 1


def _mean(likely: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean probability by term; a term that one of them does not know has none there."""
    terms = dict.fromkeys(term for each in likely for term in each)
    return {term: sum(each.get(term, 0.0) for each in likely) / len(likely) for term in terms}


def _fitted(crops: Sequence[Crop], side: int) -> Sequence[Crop]:
    """The crops at a member's size, pixels a side."""
    if all(len(crop.pixels) == side for crop in crops):
        return crops
    return [replace(crop, pixels=_resized(crop.pixels, side)) for crop in crops]


def _resized(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))
