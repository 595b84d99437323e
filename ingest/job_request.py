"""Define what a job is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from houndstooth.ingest.options import ReadOptions


@dataclass(frozen=True)
class JobRequest:
    """The parameters of a job, for the workers.

    Attributes:
        feed: Absolute path of the feed; image paths are relative to its folder. Workers must be
            able to read both.
        stamp: Size and time of the feed's last change; it must not change during the job.
        engine: URL of the engine. Workers have its credentials in their own settings.
        options: What the user says about the feed.
        batch: Products per batch.
        size: Number of lines that may hold products, if known.
        visual_only: Write only ``visual``, to products that are in the index.
        rows: Lines of the products to ingest; None = all.
        as_of: Time of the state of the shop that the feed shows, in milliseconds since 1970. All
            batches and retries share it, so that a newer feed stays, whatever the order.
        delete_at_most: How many products that the feed does not have may be deleted at the end,
            such as ``10%``; None deletes none.
        patience: How long its engine is waited for while it is away, in seconds.
    """

    feed: Path
    stamp: str
    engine: str
    options: ReadOptions
    batch: int
    size: int | None = None
    visual_only: bool = False
    rows: Sequence[int] | None = None
    as_of: int | None = None
    delete_at_most: str | None = None
    patience: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for ``from_json``."""
        return asdict(self) | {"feed": str(self.feed)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobRequest:
        """Read the JSON of ``to_json``."""
        options = ReadOptions(**data["options"])
        return cls(**{**data, "feed": Path(data["feed"]), "options": options})
