"""Read and write cursors, with which a search is continued after its last hit."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from math import isfinite

from houndstooth.mappings.errors import InvalidInput
from houndstooth.plugin.columns.query import Place

MAX_LENGTH = 4300
"""Longest cursor that is read; product ids have 512 bytes at most, each 6 as JSON."""


@dataclass(frozen=True)
class Cursor:
    """The end of a page.

    Attributes:
        first_step: Number of the step whose hits came first.
        step: Number of the step of the last hit.
        after: Place of the last hit.
    """

    first_step: int
    step: int
    after: Place

    def __str__(self) -> str:
        fields = [self.first_step, self.step, *self.after]
        return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, steps: int) -> Cursor:
        """Read a cursor.

        Args:
            text: The cursor.
            steps: Number of steps that the search has.

        Raises:
            InvalidInput: It is not the cursor of such a search.
        """
        try:
            if len(text) > MAX_LENGTH:
                raise ValueError(f"{len(text)} characters")
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            first, step, last, number, product_id = json.loads(data)
            whole = type(first) is int and type(step) is int and 0 <= first <= step < steps
            valid = isinstance(last, bool) and isinstance(product_id, str)
            if not (whole and valid and isfinite(number)):
                raise ValueError(f"{first}, {step}")
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidInput(
                f"expected the cursor of an earlier answer to the same search; got {text[:40]!r}"
            ) from error
        return cls(first, step, (last, float(number), product_id))
