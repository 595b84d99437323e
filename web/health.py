"""Answer health checks of load balancers and containers."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.plugin.engines.patience import patience
from houndstooth.web.backend import Backend
from houndstooth.web.errors import error_response

READY_SECONDS = 1
"""Time that the engine has to show that it can be searched."""


def health_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/healthz`` (the process runs) and ``/readyz``.

    ``/readyz`` answers 503 if the engine cannot be reached or has no products.
    """
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @health.get("/readyz")
    def readyz() -> ResponseReturnValue:
        parts = backend.parts
        model = parts.extractor.model
        with patience(READY_SECONDS):
            parts.engine.ping()
            documents = parts.engine.count(CandidateQuery(model=model))
        if not documents:
            coming = backend.progress is not None and backend.progress.running
            what = "the first are being indexed" if coming else "give the feed (again)"
            message = f"expected products indexed by {model}; there are none: {what}"
            return error_response("nothing_indexed", message, 503)
        return {"status": "ready", "documents": documents, "model": model}

    return health
