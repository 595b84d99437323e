"""Define the outcome of ingesting one product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from houndstooth.mappings.errors import (
    HoundstoothError,
    ImageUnavailable,
    InvalidBox,
    InvalidImage,
    InvalidProduct,
)
from houndstooth.mappings.product import Note

Status = Literal["written", "unchanged", "left_out", "failed"]

DUPLICATE = "duplicate id"
REFUSED = "refused by the engine"
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
        status: ``written`` = features were computed and stored; ``unchanged`` = text and image
            have not changed, so only the shop's facts were written; ``left_out`` = the shop does
            not sell it, as a draft; ``failed``.
        reason: Why the product failed or was left out.
        failure_type: Type of the failure, in a few words, such as ``unusable image``.
        row: Line of the feed where the product begins; the first line is 1. None outside a feed.
        retryable: Whether a retry may succeed.
        notes: What was left out of the product or added to it.
    """

    product_id: str
    status: Status
    reason: str | None = None
    failure_type: str | None = None
    row: int | None = None
    retryable: bool = False
    notes: Sequence[Note] = ()

    @classmethod
    def failed(cls, product_id: str, error: HoundstoothError, row: int | None = None) -> Outcome:
        """Create the outcome of a product that failed with ``error``."""
        failure_type = _FAILURE_TYPES.get(type(error), "unusable row")
        retryable = isinstance(error, ImageUnavailable)
        return cls(product_id, "failed", str(error), failure_type, row, retryable)
