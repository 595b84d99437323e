"""What every recogniser answers, and how one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mappings.taxonomy import Taxonomy
from models.committee import Committee
from models.crop import Crop
from models.heads_recogniser import HeadsRecogniser
from models.recognised import Choice, Look, Recognised
from models.sequence_recogniser import SequenceRecogniser
from models.session import Card, read_card, read_members


class Recogniser(Protocol):
    """A network that knows categories and attributes.

    Attributes:
        card: of the network.
    """

    card: Card

    def look(self, crops: Sequence[Crop]) -> Look:
        """What the encoders see in a batch: the dear part, the same whichever item is asked for."""

    def tell(
        self, look: Look, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Recognised]]:
        """Pooled features float32 [n, d] of the items in a batch, and what each crop shows.

        Args:
            look: at these crops, or at others of the same pixels with other boxes.
        """

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """Probability of each given term by head, those before it being right; for evaluation."""


def look_and_tell(
    recogniser: Recogniser, crops: Sequence[Crop], choices: Sequence[Choice]
) -> tuple[NDArray[np.float32], list[Recognised]]:
    """Both at once, where nobody asks about other boxes afterwards."""
    return recogniser.tell(recogniser.look(crops), crops, choices)


def open_recogniser(
    stem: Path, taxonomy: Taxonomy, threads: int | None = None, *, calibrated: bool = True
) -> Recogniser:
    """Open a network, or a committee of some, by its path without ``.onnx``; its card says which.

    Args:
        taxonomy: only its terms are recognised, and only groups that the category has.
        threads: for one network run; all processors where None.
        calibrated: whether scores are divided by the card's temperatures.

    Raises:
        InvalidConfig: no such network or card.
    """
    path = stem.with_name(stem.name + ".json")
    if members := read_members(path):
        opened = [
            open_recogniser(stem.with_name(name), taxonomy, threads, calibrated=calibrated)
            for name in members
        ]
        return Committee(stem.name, opened, taxonomy)
    card = read_card(path)
    if not calibrated:
        card = replace(card, temperatures=dict.fromkeys(card.temperatures, 1.0))
    kind = SequenceRecogniser if card.decoder == "sequence" else HeadsRecogniser
    return kind(stem, card, taxonomy, threads)
