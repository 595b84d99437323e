"""The protocol that every recogniser follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.recognition.feature_maps import FeatureMaps
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading
from houndstooth.models.runtime.card import Card
from houndstooth.models.runtime.crop import Crop


class Recogniser(Protocol):
    """A network that predicts category and attributes.

    Encoding and reading are apart, because encoding is the expensive part and does not depend
    on the box or category that is asked for.

    Attributes:
        card: the network's card.
    """

    card: Card

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        """Compute the feature maps of a batch of crops."""

    def read(self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]) -> Reading:
        """Read what each crop shows.

        Args:
            maps: of these crops, or of others with the same pixels and other boxes.
            crops: their boxes say where in the maps to read.
            choices: for each crop, the leaf categories to choose from.
        """

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """Compute the probability of each true term, given the true terms before it.

        Args:
            truths: for each crop, the true term by head.
        """


def encode_and_predict(
    recogniser: Recogniser, crops: Sequence[Crop], choices: Sequence[Choice]
) -> tuple[NDArray[np.float32], list[Prediction]]:
    """Encode and predict in one call, where the maps are not needed again.

    Returns:
        The items' pooled features, float32 [n, d], and a prediction for each crop.
    """
    reading = recogniser.read(recogniser.encode(crops), crops, choices)
    return reading.features, reading.predictions
