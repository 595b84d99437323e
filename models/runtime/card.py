"""The card beside a network: what serving needs to know of it, and the hashes of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig

WEIGHTS = Path(__file__).parents[1] / "weights"
"""The folder of the shipped networks."""

ENCODER, READER, DECODER = ".onnx", ".reader.onnx", ".decoder.onnx"
"""What a recogniser's files are called, after its name and version."""

DETECTOR = ".onnx"

CATEGORY_MEASURED = "category"
"""The key of what was measured of the best category."""

ACTIVATIONS = ("softmax", "sigmoid")
"""Probabilities of a head's terms: they add up to 1, or each is independent of the others."""


@dataclass(frozen=True)
class Files:
    """The SHA-256 of a network's files, by what comes after their name and version."""

    digests: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stem: Path, suffixes: Sequence[str]) -> Files:
        """Hash the files that are there."""
        paths = {suffix: stem.with_name(stem.name + suffix) for suffix in suffixes}
        return cls({s: hashlib.sha256(p.read_bytes()).hexdigest() for s, p in paths.items()})

    def check(self, stem: Path, suffix: str) -> Path:
        """Return a file's path, once its content is what the card was written for.

        Args:
            stem: the path without any suffix.
            suffix: such as ``.onnx`` or ``.reader.onnx``.

        Raises:
            InvalidConfig: the file is missing, or has another hash than the card says.
        """
        path = stem.with_name(stem.name + suffix)
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise InvalidConfig(f"expected a network at {path.name}; got {error!r}") from None
        expected = self.digests.get(suffix)
        if found != expected:
            raise InvalidConfig(
                f"expected {path.name} with the SHA-256 that its card has, {expected}; got {found}"
            )
        return path


@dataclass(frozen=True)
class MeasuredTerm:
    """A measurement of a term that was predicted from the picture alone, on labelled photos.

    Attributes:
        threshold: the least probability at which the term is stored.
        precision: share of the photos at or above the threshold that show it, in [0, 1].
        photos: the number of labelled photos at or above the threshold.
    """

    threshold: float
    precision: float
    photos: int

    @property
    def error(self) -> float:
        """The standard error of the precision.

        One more right and one more wrong photo are added, so that the error of 1 is not 0.
        """
        share = (self.precision * self.photos + 1) / (self.photos + 2)
        return float((share * (1 - share) / self.photos) ** 0.5)


@dataclass(frozen=True)
class Card:
    """A recogniser's card.

    Attributes:
        model: name and version; goes into every document.
        kind: a name in ``recognition.kinds``.
        side: of the square input, pixels.
        heads: class terms by head, in output order.
        temperatures: by head, dividing its logits.
        trained_on: SHA-256 of the label files it was trained on.
        thresholds: of the binary code, float32 [d].
        always_predicted: heads of which a sequence predicts a term in any case, see Grammar.
        measured: attribute terms that are right often enough to be stored from a picture, and
            ``CATEGORY_MEASURED`` for the best category, whichever it is.
        files: the hashes of its ONNX files.
        activation: what makes probabilities of logits: one of ``ACTIVATIONS``.
        terms: attribute terms of which a probability is read beside the sequence, in output order.
        category_weights: by leaf, multiplying its probability; 1 where there is none.
    """

    model: str
    kind: str
    side: int
    heads: dict[str, tuple[str, ...]]
    temperatures: dict[str, float]
    trained_on: tuple[str, ...]
    thresholds: NDArray[np.float32]
    always_predicted: tuple[str, ...] = ()
    measured: Mapping[str, MeasuredTerm] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    activation: str = "softmax"
    terms: tuple[str, ...] = ()
    category_weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the activation.

        Raises:
            ValueError: there is no such one.
        """
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"expected an activation among {known}; got {self.activation!r}")

    @classmethod
    def read(cls, stem: Path) -> Card:
        """Read the card of a recogniser by its path without ``.json``.

        Raises:
            InvalidConfig: no such file, or a key is missing.
        """
        with open_card(stem, "a recogniser") as data:
            return cls(
                model=model_name(data),
                kind=data["kind"],
                side=int(data["side"]),
                heads={head: tuple(terms) for head, terms in data["heads"].items()},
                temperatures={head: float(t) for head, t in data["temperatures"].items()},
                trained_on=tuple(data.get("trained_on", ())),
                thresholds=np.array(data["thresholds"], dtype=np.float32),
                always_predicted=tuple(data.get("always_predicted", ())),
                measured=read_measured(data),
                files=Files(data["sha256"]),
                activation=data.get("activation", "softmax"),
                terms=tuple(data.get("terms", ())),
                category_weights={
                    leaf: float(weight) for leaf, weight in data.get("category_weights", {}).items()
                },
            )


def read_measured(card: Mapping[str, Any]) -> dict[str, MeasuredTerm]:
    """Read the measured terms of a card; a card without any has none.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: they are of another form.
    """
    return {
        term: MeasuredTerm(float(m["threshold"]), float(m["precision"]), int(m["photos"]))
        for term, m in card.get("measured", {}).items()
    }


def precision_of(
    measured: Mapping[str, MeasuredTerm], term: str, confidence: float
) -> float | None:
    """Look up a term's measured precision; None where it is not sure enough to be stored.

    Args:
        confidence: its probability, to four digits.
    """
    found = measured.get(term)
    return found.precision if found and confidence >= found.threshold else None


@contextmanager
def open_card(stem: Path, kind: str) -> Iterator[dict[str, Any]]:
    """Read a card, and name it where a key is missing or a value has another form.

    Args:
        stem: the path without ``.json``.
        kind: of network, as the message says it: ``a recogniser``.

    Raises:
        InvalidConfig: no such file, or what is done within finds it unusable.
    """
    data = read_json(stem)
    try:
        yield data
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidConfig(
            f"expected the card of {kind} at {stem.name}.json; got {error!r}"
        ) from None


def read_json(stem: Path) -> dict[str, Any]:
    """Read the whole card beside a network, by its path without ``.json``.

    Raises:
        InvalidConfig: no such file, or it does not hold a JSON object.
    """
    return read_object(stem.with_name(stem.name + ".json"), "a model card")


def read_object(path: Path, what: str) -> dict[str, Any]:
    """Read a JSON object from a file.

    Args:
        path: of the file.
        what: it holds, for the error.

    Raises:
        InvalidConfig: no such file, or it does not hold a JSON object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidConfig(f"expected {what} at {path.name}; got {error!r}") from None
    if not isinstance(data, dict):
        raise InvalidConfig(f"expected {what} in {path.name}, a JSON object; got {str(data)[:80]}")
    return data


def write_json(stem: Path, card: dict[str, Any], suffixes: tuple[str, ...]) -> None:
    """Write a card, with the hashes of the files beside it.

    Args:
        stem: the path without ``.json``.
        card: all but ``sha256``.
        suffixes: of the files that the card is for.
    """
    write_keys(stem, {**card, "sha256": Files.of(stem, suffixes).digests})


def write_keys(stem: Path, card: Mapping[str, Any]) -> None:
    """Write a whole card, a line for each key.

    Args:
        stem: the path without ``.json``.
    """
    text = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in card.items())
    stem.with_name(stem.name + ".json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def model_name(card: dict[str, Any]) -> str:
    """Return the name and version of a card, ``attribute-sequence-15``."""
    return f"{card['name']}-{card['version']}"
