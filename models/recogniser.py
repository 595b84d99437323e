"""What every recogniser answers, and how one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mappings.taxonomy import Taxonomy
from models.crop import Crop
from models.heads_recogniser import HeadsRecogniser
from models.recognised import Choice, Recognised
from models.sequence_recogniser import SequenceRecogniser
from models.session import Card, read_card


class Recogniser(Protocol):
    """A network that knows categories and attributes.

    Attributes:
        card: of the network.
    """

    card: Card

    def run(
        self, crops: Sequence[Crop], choices: Sequence[Choice]
    ) -> tuple[NDArray[np.float32], list[Recognised]]:
        """Pooled features float32 [n, d] of a batch, and what each crop shows."""

    def likelihoods(
        self, crops: Sequence[Crop], truths: Sequence[Mapping[str, str]]
    ) -> list[dict[str, float]]:
        """Probability of each given term by head, those before it being right; for evaluation."""


def open_recogniser(
    stem: Path, taxonomy: Taxonomy, threads: int | None = None, card: Card | None = None
) -> Recogniser:
    """Open a network by its path without ``.onnx``; its card says of which kind it is.

    Args:
        taxonomy: only its terms are recognised, and only groups that the category has.
        threads: for one network run; all processors where None.
        card: instead of the one beside the network.

    Raises:
        InvalidConfig: no such network or card.
    """
    card = card or read_card(stem.with_name(stem.name + ".json"))
    kind = SequenceRecogniser if card.decoder == "sequence" else HeadsRecogniser
    return kind(stem, card, taxonomy, threads)
