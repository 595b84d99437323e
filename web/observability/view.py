"""Serve the metrics to Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from houndstooth.web.access.guard import requires

METRICS = "/metrics"


def metrics_blueprint(registry: CollectorRegistry) -> Blueprint:
    """Create the blueprint of ``/metrics``: in Prometheus's text format or that of OpenMetrics.

    As soon as there are API keys, it takes one of the scope ``admin``.
    """
    view = Blueprint("metrics", __name__)

    @view.get(METRICS)
    @requires("admin")
    def metrics() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    return view
