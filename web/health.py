"""Health and readiness, for load balancers and container health checks."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from mappings.search import CandidateQuery
from web.backend import Backend


def health_blueprint(backend: Backend) -> Blueprint:
    """``/healthz``: the process is up. ``/readyz``: the engine answers too, else 503."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @health.get("/readyz")
    def readyz() -> ResponseReturnValue:
        backend.engine.ping()
        model = backend.extractor.model
        documents = backend.engine.count(CandidateQuery(model=model))
        return {"status": "ready", "documents": documents, "model": model}

    return health
