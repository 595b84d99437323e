"""Several recognisers as one: the mean of their probabilities.

Networks that were trained differently make different mistakes, so the mean of their calibrated
probabilities is right more often than each alone (Hansen and Salamon 1990). The members differ in
encoder, in labels and in regularisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.feature_maps import FeatureMaps
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading, weighed
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.recognition.term_reader import TermReader
from houndstooth.models.runtime.card import Card
from houndstooth.models.runtime.crop import Crop, resize_crops
from houndstooth.models.runtime.ensemble_card import EnsembleCard

Groups = Mapping[str, Mapping[str, float]]
"""By attribute group, by term: a probability."""


class Ensemble:
    """A Recogniser that averages others; binary codes are made of the first member's features.

    Args:
        card: says how rare categories are weighed, and what was measured of the whole.
        members: at least one.
        reader: reads the terms of its groups in the place of the members' decoders.

    Attributes:
        category_weights: see EnsembleCard.
    """

    def __init__(
        self,
        card: EnsembleCard,
        members: Sequence[Recogniser],
        taxonomy: Taxonomy,
        reader: TermReader | None = None,
    ) -> None:
        self.members, self.taxonomy, self.reader = members, taxonomy, reader
        self.category_weights = card.category_weights
        trained_on = tuple(dict.fromkeys(file for each in members for file in each.card.trained_on))
        self.card: Card = replace(
            members[0].card,
            model=card.model,
            trained_on=trained_on,
            measured=card.measured,
        )

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        """Encode the crops by each member, at the member's own size."""
        return tuple(
            maps
            for member in self.members
            for maps in member.encode(resize_crops(crops, member.card.side))
        )

    def read(self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]) -> Reading:
        """Read by each member, and average; see Recogniser."""
        of_members = iter(maps)
        readings = [
            member.read(tuple(islice(of_members, _encoders(member))), crops, choices)
            for member in self.members
        ]
        by_crop = list(zip(*(reading.predictions for reading in readings), strict=True))
        read = self.reader.read(maps, crops) if self.reader else [{}] * len(by_crop)
        return Reading.of(readings[0].features, list(map(self._average, by_crop, read)))

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """Average the members' likelihoods; see Recogniser."""
        answers = [
            member.likelihoods(resize_crops(crops, member.card.side), truths)
            for member in self.members
        ]
        return [_mean(of_crop) for of_crop in zip(*answers, strict=True)]

    def _average(self, predictions: Sequence[Prediction], read: Groups) -> Prediction:
        """The mean over members; a group that fewer than half of them predict is left out.

        Args:
            read: what the reader says of the same crop; it goes before the members.
        """
        given = predictions[0].given
        categories = _mean([each.categories for each in predictions])
        categories = categories if given else weighed(categories, self.category_weights)
        best = max(categories, key=categories.__getitem__)
        category = predictions[0].category if given else best
        groups: dict[str, Mapping[str, float]] = {}
        for group in self.taxonomy.groups_of(category):
            found = [each.groups[group] for each in predictions if group in each.groups]
            if group in read:
                groups[group] = read[group]
            elif found and 2 * len(found) >= len(predictions):
                groups[group] = _mean(found)
        return Prediction(categories, category, given, groups)


def _encoders(recogniser: Recogniser) -> int:
    """The number of encoders; a member may be an ensemble itself."""
    return sum(map(_encoders, recogniser.members)) if isinstance(recogniser, Ensemble) else 1


def _mean(distributions: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean probability by term; a term that a member does not know counts as 0 there."""
    terms = dict.fromkeys(term for each in distributions for term in each)
    n = len(distributions)
    return {term: sum(each.get(term, 0.0) for each in distributions) / n for term in terms}
