"""Delete the products that a full feed does not have, unless they are suspiciously many."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from houndstooth.ingest.outcome import Outcome
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidConfig

AT_MOST = "10%"
"""Share of the products that may be deleted, unless the user says otherwise."""

AT_ONCE = 10_000
"""Products that are deleted at a time."""

MAX_FAILED = 1000
"""Products of the feed that may have failed; with more of them nothing is deleted."""

_LIMIT = re.compile(r"([0-9]{1,12})( ?%)?")


@dataclass(frozen=True)
class Deletion:
    """The deletion of products that a full feed does not have.

    Attributes:
        missing: Number of products of the index that the feed does not have.
        total: Number of products that an ingest has written.
        examples: The first ids of those that are missing.
        refused: Why nothing is deleted, or None.
        deleted: Number of products that were deleted.
    """

    missing: int = 0
    total: int = 0
    examples: Sequence[str] = ()
    refused: str | None = None
    deleted: int = 0

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for ``from_json``."""
        return asdict(self) | {"examples": list(self.examples)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Deletion:
        """Read the JSON of ``to_json``."""
        return cls(**{**data, "examples": tuple(data["examples"])})

    @property
    def text(self) -> str:
        """Describe it in a line or two, for people."""
        if self.refused is not None:
            return f"nothing was deleted: {self.refused}"
        examples = f"   e.g. {', '.join(self.examples)}" if self.examples else ""
        return f"{'deleted':<28}{self.deleted:>10,}{examples}"


def check_limit(text: str) -> str:
    """Return a limit such as ``10%`` or ``500`` as it is.

    Raises:
        InvalidConfig: It is neither.
    """
    match = _LIMIT.fullmatch(text.strip())
    if match is None or (match[2] and int(match[1]) > 100):
        raise InvalidConfig(
            f"expected a share such as 10% or a number of products; got {text[:40]!r}"
        )
    return text.strip()


def plan_deletion(
    engine: Engine, as_of: int, at_most: str, failed: Sequence[Outcome], failures: int
) -> Deletion:
    """Count what a feed does not have, once all of its products are written.

    A product of the feed that failed is not taken for missing. A row without a readable id may be
    any product.

    Args:
        engine: The engine; it is refreshed.
        as_of: Time of the feed. What is newer is never missing.
        at_most: See ``check_limit``.
        failed: The outcomes of products that failed, as far as they are known.
        failures: Number of products that failed.
    """
    nameless = sum(not outcome.product_id for outcome in failed)
    if nameless:
        return Deletion(
            refused=f"expected an id in every row of the feed; {nameless:,} rows have none that "
            "can be read, and may be products that would be deleted"
        )
    if failures > len(failed):
        return Deletion(
            refused=f"expected at most {len(failed):,} products that failed; got {failures:,}"
        )
    engine.refresh()
    found = engine.outdated(as_of, kept_ids(failed))
    plan = Deletion(found.count, found.total, tuple(found.examples))
    if found.count > _limit(at_most, found.total):
        return replace(
            plan,
            refused=f"expected at most {at_most} of {found.total:,} products to be missing in the "
            f"feed; got {found.count:,}: if that is right, give --at-most {found.count}",
        )
    return plan


def delete_some(
    engine: Engine, as_of: int, failed: Sequence[Outcome], plan: Deletion
) -> Deletion | None:
    """Delete some of what was planned; doing it again, also after a half, is harmless.

    Args:
        engine: The engine.
        as_of: Time of the feed.
        failed: The outcomes of products that failed.
        plan: What ``plan_deletion`` returned.

    Returns:
        What was deleted in all, or None if more may be left.
    """
    if plan.refused is not None or not plan.missing:
        return plan
    kept = kept_ids(failed)
    if engine.delete_outdated(as_of, kept, AT_ONCE):
        return None
    engine.refresh()
    left = engine.outdated(as_of, kept).count
    return replace(plan, deleted=max(plan.missing - left, 0))


def delete_missing(engine: Engine, as_of: int, at_most: str, failed: Sequence[Outcome]) -> Deletion:
    """Delete what a feed does not have; see ``plan_deletion``.

    Raises:
        EngineUnavailable: The engine went away; what was deleted is not known.
    """
    plan = plan_deletion(engine, as_of, at_most, failed[:MAX_FAILED], len(failed))
    while (done := delete_some(engine, as_of, failed, plan)) is None:
        pass
    return done


def kept_ids(failed: Sequence[Outcome]) -> list[str]:
    """Return the ids of products that failed."""
    return sorted({outcome.product_id for outcome in failed})


def _limit(at_most: str, total: int) -> int:
    """Return how many of the products may be deleted."""
    number = int(at_most.rstrip(" %"))
    return total * number // 100 if at_most.endswith("%") else number
