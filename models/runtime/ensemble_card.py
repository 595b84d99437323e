"""The cards of an ensemble and of its term reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.runtime.card import (
    Files,
    MeasuredTerm,
    model_name,
    open_card,
    read_measured,
)


@dataclass(frozen=True)
class EnsembleCard:
    """An ensemble's card.

    Attributes:
        model: name and version.
        members: names and versions of the recognisers.
        terms: name and version of the reader of attribute terms, or an empty string.
        category_weights: by leaf, multiplying its mean probability; 1 where there is none.
        measured: what was measured of the whole; see Card.
    """

    model: str
    members: tuple[str, ...] = ()
    terms: str = ""
    category_weights: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, MeasuredTerm] = field(default_factory=dict)

    @classmethod
    def read(cls, stem: Path) -> EnsembleCard:
        """Read the card of an ensemble by its path without ``.json``.

        Raises:
            InvalidConfig: no such file, a key is missing, or it has no members.
        """
        with open_card(stem, "an ensemble") as data:
            if not data.get("members") or not isinstance(data["members"], list):
                raise InvalidConfig(f"expected a list of members in the card {stem.name}.json")
            weights = data.get("category_weights", {}).items()
            return cls(
                model=model_name(data),
                members=tuple(data["members"]),
                terms=data.get("terms", ""),
                category_weights={leaf: float(weight) for leaf, weight in weights},
                measured=read_measured(data),
            )


@dataclass(frozen=True)
class TermsCard:
    """A term reader's card.

    Attributes:
        model: name and version.
        terms: attribute terms, in output order.
        members: the networks whose maps it reads, in their order.
        thresholds: by term, the probability from which on it is more right than wrong to say it:
            the best micro F1, by cross-fitting.
        files: the hash of its ONNX file.
    """

    model: str
    terms: tuple[str, ...]
    members: tuple[str, ...]
    thresholds: Mapping[str, float]
    files: Files

    @classmethod
    def read(cls, stem: Path) -> TermsCard:
        """Read the card of a term reader by its path without ``.json``.

        Raises:
            InvalidConfig: no such file, or a key is missing.
        """
        with open_card(stem, "a term reader") as data:
            return cls(
                model=model_name(data),
                terms=tuple(data["terms"]),
                members=tuple(data["members"]),
                thresholds={term: float(p) for term, p in data["thresholds"].items()},
                files=Files(data["sha256"]),
            )
