"""What became of one product of a feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from houndstooth.mappings.errors import (
    HoundstoothError,
    ImageUnavailable,
    InvalidBox,
    InvalidImage,
    InvalidProduct,
)

Status = Literal["written", "unchanged", "failed"]

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
    """One line of the report.

    Attributes:
        product_id: empty where the row has none that can be read.
        status: ``written`` = features computed and stored; ``unchanged`` = the features there are
            of the same text and image, so only the shop's facts were sent; ``failed``.
        reason: of a failure, for people.
        failure_type: of a failure, a few words that failures of one sort share.
        row: line of the feed where the product begins, the first being 1; None outside a feed.
        retryable: the same product may well pass later.
    """

    product_id: str
    status: Status
    reason: str | None = None
    failure_type: str | None = None
    row: int | None = None
    retryable: bool = False

    @classmethod
    def failed(cls, product_id: str, error: HoundstoothError, row: int | None = None) -> Outcome:
        """The outcome of a product that ``error`` stopped."""
        failure_type = _FAILURE_TYPES.get(type(error), "unusable row")
        may_pass = isinstance(error, ImageUnavailable)
        return cls(product_id, "failed", str(error), failure_type, row, may_pass)
