"""Wait for an engine that is away, and say so on standard error."""

from __future__ import annotations

import sys
from threading import Event
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from houndstooth.mappings.engine import Engine

    AnEngine = TypeVar("AnEngine", bound=Engine)


def patient_engine(engine: AnEngine, seconds: float, stop: Event) -> AnEngine:
    """Return an engine that waits while it is away, and says so.

    Args:
        engine: the engine.
        seconds: how long to wait at most.
        stop: ends all waiting once it is set.
    """
    from tqdm import tqdm

    from houndstooth.ingest.patient_engine import Waiting, patient

    def tell(text: str) -> None:
        tqdm.write(text, sys.stderr)  # above a bar, not in it

    return patient(engine, Waiting(seconds, stop, tell))
