"""Record what is known of the request at hand, for its log line, its metrics and its trace."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

from flask import g, has_app_context

REQUEST_ID_HEADER = "X-Request-ID"

WAITED = "houndstooth.waited"
"""Key of a WSGI environment: seconds for which the request waited for a thread."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def read_request_id(given: str | None, trace_parent: str | None) -> str:
    """Return the id of a request: the caller's if it is a sound one, else a new one.

    Args:
        given: Header ``X-Request-ID``: at most 128 letters, digits and ``._:/+=@-``.
        trace_parent: Header ``traceparent`` of W3C Trace Context; its trace id is the next choice.
    """
    if given and _REQUEST_ID.fullmatch(given):
        return given
    if found := _TRACE_PARENT.fullmatch(trace_parent or ""):
        return found[1]
    return uuid4().hex


@dataclass
class Record:
    """One request.

    Attributes:
        request_id: Its id, which the answer gives back.
        waited: Seconds for which it waited for a thread.
        began: When it was begun; it and other times are those of ``perf_counter``, in seconds.
        stages: Seconds by stage of a search.
        engine_seconds, engine_requests: What was asked of the engine.
        parts: Name, begin and end of each part of a stage and of each question to the engine.
        facts: What else its log line has.
        span: Its span, where traces are asked for.
    """

    request_id: str
    waited: float = 0.0
    began: float = field(default_factory=perf_counter)
    stages: dict[str, float] = field(default_factory=dict)
    engine_seconds: float = 0.0
    engine_requests: int = 0
    parts: list[tuple[str, float, float]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    span: Any = None

    def add_stage(self, name: str, began: float, ended: float) -> None:
        """Add a part of a stage."""
        self.stages[name] = self.stages.get(name, 0.0) + ended - began
        self.parts.append((name, began, ended))

    def add_engine(self, operation: str, began: float, ended: float) -> None:
        """Add a question to the engine."""
        self.engine_seconds += ended - began
        self.engine_requests += 1
        self.parts.append((f"engine {operation}", began, ended))


def begin_record(record: Record) -> None:
    """Set the record of the request at hand."""
    g.houndstooth_record = record


def current_record() -> Record | None:
    """Return the record of the request at hand; None outside of requests."""
    record: Record | None = g.get("houndstooth_record") if has_app_context() else None
    return record


def observe_stage(name: str, began: float, ended: float) -> None:
    """Add a part of a stage to the request at hand, if there is one."""
    if record := current_record():
        record.add_stage(name, began, ended)


def remember(**facts: Any) -> None:
    """Add to the log line of the request at hand, if there is one."""
    if record := current_record():
        record.facts.update(facts)
