"""The kinds of recogniser: one row names all that a kind consists of.

Each part is named as ``module:attribute`` and imported when it is used, because training parts
need torch and serving never imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from houndstooth.mappings.errors import InvalidConfig

MODELS = "houndstooth.models"


@dataclass(frozen=True)
class RecogniserKind:
    """The parts of one kind of recogniser.

    Attributes:
        opener: ``(stem, card, taxonomy, threads) -> Recogniser``, by onnxruntime.
        network: ``(encoder, heads, mirror, direct, **network_options) -> torch.nn.Module``.
        objective: ``(vocabulary, taxonomy, recipe, **objective_options) -> Objective``.
        exporter: ``(network, maps) -> list[Graph]``, what is written beside the encoder.
    """

    opener: str
    network: str
    objective: str
    exporter: str

    def load(self, part: str) -> Any:
        """Import one part by its attribute's name, such as ``opener``."""
        return resolve_name(getattr(self, part))


KINDS: Mapping[str, RecogniserKind] = {
    "sequence": RecogniserKind(
        opener=f"{MODELS}.recognition.sequence_recogniser:SequenceRecogniser",
        network=f"{MODELS}.networks.attribute_decoder:AttributeSequence.from_heads",
        objective=f"{MODELS}.training.sequence_objective:SequenceObjective",
        exporter=f"{MODELS}.networks.attribute_decoder:graphs",
    ),
    "distilled": RecogniserKind(
        opener=f"{MODELS}.recognition.sequence_recogniser:SequenceRecogniser",
        network=f"{MODELS}.networks.distilled:DistilledSequence.from_heads",
        objective=f"{MODELS}.training.distillation_objective:DistillationObjective",
        exporter=f"{MODELS}.networks.distilled:graphs",
    ),
    "heads": RecogniserKind(
        opener=f"{MODELS}.recognition.heads_recogniser:HeadsRecogniser",
        network=f"{MODELS}.networks.attribute_heads:AttributeHeads.from_heads",
        objective=f"{MODELS}.training.heads_objective:HeadsObjective",
        exporter=f"{MODELS}.networks.attribute_heads:graphs",
    ),
    "wide-deep-recurrent": RecogniserKind(
        opener=f"{MODELS}.recognition.heads_recogniser:HeadsRecogniser",
        network=f"{MODELS}.networks.wide_deep_recurrent:WideDeepRecurrent.from_heads",
        objective=f"{MODELS}.training.multi_label_objective:MultiLabelObjective",
        exporter=f"{MODELS}.networks.attribute_heads:graphs",
    ),
    "multi-weight": RecogniserKind(
        opener=f"{MODELS}.recognition.heads_recogniser:HeadsRecogniser",
        network=f"{MODELS}.networks.multi_weight:MultiWeight.from_heads",
        objective=f"{MODELS}.training.multi_label_objective:MultiLabelObjective",
        exporter=f"{MODELS}.networks.attribute_heads:graphs",
    ),
    "structure-aware": RecogniserKind(
        opener=f"{MODELS}.recognition.heads_recogniser:HeadsRecogniser",
        network=f"{MODELS}.networks.structure_aware:StructureAware.from_heads",
        objective=f"{MODELS}.training.structure_aware_objective:StructureAwareObjective",
        exporter=f"{MODELS}.networks.attribute_heads:graphs",
    ),
}


def kind_of(name: str) -> RecogniserKind:
    """Look a kind up by its name.

    Raises:
        InvalidConfig: no such kind; the message lists those known.
    """
    if name not in KINDS:
        raise InvalidConfig(f"expected a kind of recogniser among {', '.join(KINDS)}; got {name!r}")
    return KINDS[name]
