"""Give each request an id, and record it: in the log, the metrics and, if asked for, a trace."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from functools import lru_cache
from time import perf_counter
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from houndstooth.mappings.search import SearchAnswer
from houndstooth.web.observability.metrics import Metrics
from houndstooth.web.observability.record import (
    REQUEST_ID_HEADER,
    WAITED,
    Record,
    begin_record,
    current_record,
    read_request_id,
    remember,
)
from houndstooth.web.observability.traces import Traces

_LOG = logging.getLogger(__name__)

NO_ROUTE = "none"
"""Route of requests for which there is none."""


QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes without log lines and traces while all is well; they are asked every few seconds."""


class Requests:
    """Observes the requests of an application, also those that are refused before it.

    Args:
        app: The application; nothing that answers for it is registered before this.
        metrics: Counts them.
        traces: Traces them; None = no traces.
    """

    def __init__(self, app: Flask, metrics: Metrics, traces: Traces | None = None) -> None:
        self.metrics = metrics
        self.traces = traces
        self._routes = app.url_map.bind("")
        app.before_request(self._begin)
        app.after_request(self._end)

    def refuse(self, method: str, path: str, status: int, code: str, request_id: str) -> None:
        """Record a request that was refused without the application.

        Args:
            method, path: Those of the request; empty if they could not be read.
            status, code: Those of the answer's error.
            request_id: See ``read_request_id``.
        """
        route = NO_ROUTE
        if path:
            with suppress(HTTPException):
                rule, _ = self._routes.match(path, method, return_rule=True)
                route = _template(rule.rule)
        self.metrics.refusal(route, method, status, code)
        _log(Record(request_id, facts={"error": code}), method, route, status, 0.0)

    def _begin(self) -> None:
        headers = request.headers
        request_id = read_request_id(headers.get(REQUEST_ID_HEADER), headers.get("traceparent"))
        record = Record(request_id, request.environ.get(WAITED, 0.0))
        if self.traces and _route() not in QUIET:
            self.traces.begin(record, request.method, headers)
        begin_record(record)

    def _end(self, response: Response) -> Response:
        record = current_record()
        if record is None:
            return response
        seconds = perf_counter() - record.began
        route = _route()
        response.headers[REQUEST_ID_HEADER] = record.request_id
        self.metrics.request(route, request.method, response.status_code, seconds, record)
        if self.traces and record.span:
            self.traces.end(record, request.method, route, response.status_code)
        if route not in QUIET or response.status_code >= 400:
            _log(record, request.method, route, response.status_code, seconds)
        return response


def note_search(metrics: Metrics, by: str, answer: SearchAnswer) -> None:
    """Count a search that was answered, by ``photo`` or ``product``, and note it in the log."""
    metrics.search(by, answer)
    remember(hits=len(answer.hits), relaxed=answer.relaxed, model=answer.model)


class AddRequestId(logging.Filter):
    """Adds the id of the request at hand to every line that is logged meanwhile."""

    def filter(self, line: logging.LogRecord) -> bool:
        """Add the id, and keep the line."""
        if (record := current_record()) and not hasattr(line, "request_id"):
            line.request_id = record.request_id
        return True


def _log(record: Record, method: str, route: str, status: int, seconds: float) -> None:
    if not _LOG.isEnabledFor(logging.INFO):
        return
    ms = _ms(seconds)
    line: dict[str, Any] = {
        "request_id": record.request_id,
        "method": method,
        "route": route,
        "status": status,
        "ms": ms,
        "waited_ms": _ms(record.waited),
        **record.facts,
    }
    if record.stages:
        line["stages_ms"] = {stage: _ms(took) for stage, took in record.stages.items()}
    if record.engine_requests:
        line["engine_ms"] = _ms(record.engine_seconds)
        line["engine_requests"] = record.engine_requests
    text = "%s %s %d in %.0f ms, request %s"
    _LOG.info(text, method, route, status, ms, record.request_id, extra=line)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _route() -> str:
    return _template(request.url_rule.rule) if request.url_rule else NO_ROUTE


@lru_cache(256)
def _template(rule: str) -> str:
    """Convert a rule of Flask to a path of OpenAPI: ``/products/{product_id}``."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
