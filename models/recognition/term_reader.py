"""Reads attribute terms from the feature maps of an ensemble, a probability for each term alone.

The decoders of the ensemble learned few labels of sleeves, closures, materials and the like. This
reader learned them from photos labelled by eye, on the same maps, so it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from houndstooth.mappings.features import group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.feature_maps import FeatureMaps, boxes_of
from houndstooth.models.runtime.card import ENCODER
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.ensemble_card import TermsCard
from houndstooth.models.runtime.session import open_session


class TermReader:
    """A network on the maps of all members of an ensemble, run by onnxruntime.

    Args:
        stem: the path of its files without a suffix.
        taxonomy: terms that it does not know are never read.
        threads: of a run; all processors where None.

    Attributes:
        members: the networks whose maps it reads, in their order.
        thresholds: by term; see TermsCard.

    Raises:
        InvalidConfig: the card or the network is missing or not usable.
    """

    def __init__(self, stem: Path, taxonomy: Taxonomy, threads: int | None) -> None:
        card = TermsCard.read(stem)
        self.members, self.thresholds = card.members, card.thresholds
        self._session = open_session(card.files.check(stem, ENCODER), threads)
        known = set(taxonomy.attribute_terms())
        self.terms = tuple(term for term in card.terms if term in known)
        self._columns = [(at, term) for at, term in enumerate(card.terms) if term in known]

    def read(self, maps: FeatureMaps, crops: Sequence[Crop]) -> list[dict[str, dict[str, float]]]:
        """Read the probability of each term, by crop, by group."""
        of_encoders = [each for pair in maps for each in pair]
        inputs = boxes_of(crops) | {f"map_{n}": each for n, each in enumerate(of_encoders)}
        [probabilities] = self._session.run(None, inputs)
        return [self._by_group(row) for row in probabilities.tolist()]

    def _by_group(self, row: Sequence[float]) -> dict[str, dict[str, float]]:
        groups: dict[str, dict[str, float]] = {}
        for at, term in self._columns:
            groups.setdefault(group_of(term), {})[term] = row[at]
        return groups
