"""Define what is done with single products, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from houndstooth.mappings.product import Fact, Note, Product


@dataclass(frozen=True)
class Upsert:
    """Insert a product, or replace what is stored of it.

    Attributes:
        product: The product.
        as_of: Time of the state that it shows, in milliseconds since 1970.
        uploads: Bytes of its images that have no URL, by reference.
    """

    product: Product
    as_of: int
    uploads: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def product_id(self) -> str:
        """Return the id of the product."""
        return self.product.product_id


@dataclass(frozen=True)
class Update:
    """Replace some facts of a stored product."""

    product_id: str
    facts: Mapping[str, Fact]
    as_of: int


@dataclass(frozen=True)
class Delete:
    """Delete a product."""

    product_id: str
    as_of: int


@dataclass(frozen=True)
class Refused:
    """Stand in the place of an operation that cannot be used."""

    product_id: str
    code: str
    message: str


Operation = Upsert | Update | Delete | Refused

ResultStatus = Literal[
    "written", "updated", "unchanged", "overtaken", "deleted", "absent", "left_out", "failed"
]


@dataclass(frozen=True)
class Result:
    """The outcome of one operation.

    Attributes:
        product_id: Id of the product; empty if it could not be read.
        status: As of an ``Outcome``; also ``deleted``, and ``absent`` for a delete of what is not
            there.
        code: Short name of why it failed; empty if it did not.
        message: What was expected and what came, if it failed or was left out.
        retryable: Whether the same may succeed later.
        notes: What was left out of the product or added to it.
        category: The category that was decided, if features were computed.
    """

    product_id: str
    status: ResultStatus
    code: str = ""
    message: str = ""
    retryable: bool = False
    notes: Sequence[Note] = ()
    category: str = ""
