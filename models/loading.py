"""Opens networks by the names of their cards: the only place that picks classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.recognition.ensemble import Ensemble
from houndstooth.models.recognition.kinds import kind_of
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.recognition.term_reader import TermReader
from houndstooth.models.runtime.card import WEIGHTS, Card, read_json
from houndstooth.models.runtime.ensemble_card import EnsembleCard
from houndstooth.models.runtime.images import MAX_PIXELS

DEFAULT_MODEL = "attribute-distilled-1"
DEFAULT_DETECTOR = "guided-detector-3"


def load_extractor(
    taxonomy: Taxonomy,
    model: str | Path = DEFAULT_MODEL,
    *,
    detector: str | Path | None = DEFAULT_DETECTOR,
    encoder: str | Path | None = None,
    weights: Path = WEIGHTS,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
    paper_threshold: bool = False,
    paper_histogram: bool = False,
    texts: bool = True,
) -> ImageExtractor:
    """Open the shipped networks, or others.

    Args:
        model: the recogniser: the name of a shipped one, or a card's path without ``.json``.
        detector: the same; None locates items by plain backgrounds alone.
        encoder: the same, of an image encoder; None makes binary codes of the recogniser's own
            features.
        weights: the folder in which ``model`` and ``encoder`` are names.
        threads: of one network run; all processors where None.
        max_pixels: the largest image that is decoded.
        paper_threshold: binarise at 0 as the paper does, not at each dimension's median.
        paper_histogram: count colours in the paper's HSV bins, not in CIELAB.
        texts: open the encoder's text tower too, if it has one; to index, none is needed.

    Raises:
        InvalidConfig: a network or its card is missing or not usable.
    """
    return ImageExtractor(
        open_recogniser(weights / model, taxonomy, threads),
        Locator(None if detector is None else Detector(WEIGHTS / detector, threads), taxonomy),
        None if encoder is None else OnnxEncoder(weights / encoder, threads, texts=texts),
        max_pixels=max_pixels,
        paper_threshold=paper_threshold,
        paper_histogram=paper_histogram,
    )


def network_stems(
    model: str | Path = DEFAULT_MODEL,
    *,
    detector: str | Path | None = DEFAULT_DETECTOR,
    weights: Path = WEIGHTS,
) -> list[Path]:
    """List the networks that ``load_extractor`` would open, but for an image encoder.

    They are paths without suffixes. An ensemble is its members and its term reader.

    Raises:
        InvalidConfig: the recogniser's card is missing or is no JSON object.
    """
    stem = weights / model
    data = read_json(stem)
    names: tuple[str, ...] = (stem.name,)
    if data.get("kind") == "ensemble":
        ensemble = EnsembleCard.read(stem)
        names = (*ensemble.members, *filter(None, [ensemble.terms]))
    stems = [stem.with_name(name) for name in names]
    return stems + ([] if detector is None else [WEIGHTS / detector])


def open_recogniser(
    stem: Path,
    taxonomy: Taxonomy,
    threads: int | None = None,
    *,
    calibrated: bool = True,
    weighed: bool = True,
) -> Recogniser:
    """Open a recogniser, or an ensemble of several, by its path without ``.onnx``.

    Args:
        taxonomy: only its terms are predicted, and only groups that the category has.
        threads: of one network run; all processors where None.
        calibrated: whether scores are divided by the card's temperatures.
        weighed: whether categories are weighed by the card. An ensemble weighs its members' mean,
            and never these.

    Raises:
        InvalidConfig: a network or its card is missing, or the card is of an unknown kind.
    """
    data = read_json(stem)
    if data.get("kind") == "ensemble":
        ensemble = EnsembleCard.read(stem)
        if not weighed:
            ensemble = replace(ensemble, category_weights={})
        members = [
            open_recogniser(
                stem.with_name(name), taxonomy, threads, calibrated=calibrated, weighed=False
            )
            for name in ensemble.members
        ]
        reader = None
        if ensemble.terms:
            reader = TermReader(stem.with_name(ensemble.terms), taxonomy, threads)
            if reader.members != ensemble.members:
                raise InvalidConfig(
                    f"expected members {', '.join(reader.members)} in the card {stem.name}.json, "
                    f"as {ensemble.terms} reads their maps; got {', '.join(ensemble.members)}"
                )
        return Ensemble(ensemble, members, taxonomy, reader)
    card = Card.read(stem)
    if not calibrated:
        card = replace(card, temperatures=dict.fromkeys(card.temperatures, 1.0))
    if not weighed:
        card = replace(card, category_weights={})
    recogniser: Recogniser = kind_of(card.kind).load("opener")(stem, card, taxonomy, threads)
    return recogniser
