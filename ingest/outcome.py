"""Define the outcome of ingesting one product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from houndstooth.mappings.errors import (
    HoundstoothError,
    ImageUnavailable,
    InvalidBox,
    InvalidImage,
    InvalidProduct,
)
from houndstooth.mappings.product import Note

Status = Literal["written", "updated", "unchanged", "overtaken", "read", "left_out", "failed"]
STATUSES: Sequence[Status] = (
    "written",
    "updated",
    "unchanged",
    "overtaken",
    "left_out",
    "failed",
)
"""What may become of a product, but for a dry run."""

CategoryFrom = Literal["text", "picture", "neither"]

DUPLICATE = "duplicate id"
REFUSED = "refused by the engine"
MEANWHILE = "written by others meanwhile"
_FAILURE_TYPES: Mapping[type[HoundstoothError], str] = {
    InvalidImage: "unusable image",
    ImageUnavailable: "image did not come",
    InvalidBox: "unusable box",
    InvalidProduct: "unusable row",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one product: one line of the report.

    Attributes:
        product_id: Empty if the row has no readable id.
        status: ``written`` = features were computed and stored; ``updated`` = text and image have
            not changed, and only the shop's facts were written; ``unchanged`` = nothing has;
            ``overtaken`` = it was left alone, because newer data are stored; ``read`` = it would
            be ingested, in a dry run; ``left_out`` = the shop does not sell it, as a draft;
            ``failed``.
        reason: Why the product failed or was left out.
        failure_type: Type of the failure, in a few words, such as ``unusable image``.
        row: Line of the feed where the product begins; the first line is 1. None outside a feed.
        retryable: Whether a retry may succeed.
        notes: What was left out of the product or added to it.
        category_from: What decided the category: the seller's text, the picture, or neither: the
            text has no known word and the picture fits no category, so that it is unknown.
        category: The category, or in a dry run those that the text leaves, for people.
    """

    product_id: str
    status: Status
    reason: str | None = None
    failure_type: str | None = None
    row: int | None = None
    retryable: bool = False
    notes: Sequence[Note] = ()
    category_from: CategoryFrom | None = None
    category: str = ""

    @classmethod
    def failed(cls, product_id: str, error: HoundstoothError, row: int | None = None) -> Outcome:
        """Create the outcome of a product that failed with ``error``."""
        failure_type = _FAILURE_TYPES.get(type(error), "unusable row")
        retryable = isinstance(error, ImageUnavailable)
        return cls(product_id, "failed", str(error), failure_type, row, retryable)

    @property
    def is_plain(self) -> bool:
        """Return true if there is nothing to tell but that the product came in."""
        return self.status not in ("left_out", "failed") and not self.notes

    def to_json(self) -> list[Any]:
        """Convert to short JSON, for ``from_json``."""
        notes = [[note.kind, note.detail] for note in self.notes]
        plain = (self.product_id, self.status, self.reason, self.failure_type, self.row)
        return [*plain, self.retryable, notes, self.category_from, self.category]

    @classmethod
    def from_json(cls, fields: Sequence[Any]) -> Outcome:
        """Read the JSON of ``to_json``."""
        *plain, notes, category_from, category = fields
        notes = tuple(Note(*note) for note in notes)
        return replace(cls(*plain), notes=notes, category_from=category_from, category=category)


class Ingested(NamedTuple):
    """Outcomes of a batch in its order, and name of the model that its products are of."""

    outcomes: list[Outcome]
    model: str
