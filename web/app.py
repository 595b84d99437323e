"""Create the web application from an extractor and an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask import Flask, Response
from werkzeug.routing import PathConverter

from houndstooth import __version__
from houndstooth.ingest.jobs import Jobs
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.arms import Arms
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from houndstooth.plugin.engines.patience import patience
from houndstooth.plugin.engines.serving import followed, follows
from houndstooth.plugin.events.recorder import Recorder
from houndstooth.plugin.events.sessions import sessions_of
from houndstooth.plugin.events.stores import open_store
from houndstooth.plugin.looks import Looks
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.text_search import TextSearch
from houndstooth.plugin.together import Together
from houndstooth.web.access.guard import control_access
from houndstooth.web.api import api_blueprint
from houndstooth.web.backend import Backend, Parts
from houndstooth.web.compression import compress
from houndstooth.web.errors import answer_errors
from houndstooth.web.events_view import events_blueprint
from houndstooth.web.health import health_blueprint
from houndstooth.web.ingest_view import ingest_blueprint
from houndstooth.web.observability.engine import observed
from houndstooth.web.observability.gauges import Gauges
from houndstooth.web.observability.metrics import Metrics
from houndstooth.web.observability.record import observe_stage
from houndstooth.web.observability.requests import Requests
from houndstooth.web.observability.traces import open_traces
from houndstooth.web.observability.view import metrics_blueprint
from houndstooth.web.page import page_blueprint
from houndstooth.web.progress import Progress
from houndstooth.web.rules_view import rules_blueprint
from houndstooth.web.version_follower import VersionFollower
from houndstooth.web.webhooks_view import webhooks_blueprint
from houndstooth.web.widget import widget_blueprint
from houndstooth.web.writes_view import writes_blueprint
from houndstooth.web.writing import product_writer

FORM_BYTES = 1_000_000
"""Maximum size of a request without its image."""

ENGINE_SECONDS = 6
"""Time that the engine has to answer all that a request asks of it; half of it for one answer."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data: http: https:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class ProductIdConverter(PathConverter):
    """Matches a product id in a path: any text, slashes included, even a leading one."""

    part_isolating = False
    regex = "(?s:.+?)"


def create_app(
    settings: Settings | None = None,
    *,
    extractor: Extractor | None = None,
    engine: Engine | None = None,
    taxonomy: Taxonomy | None = None,
    progress: Progress | None = None,
) -> Flask:
    """Create the application, for any WSGI server.

    Args:
        settings: The settings; None = those of the environment.
        extractor, engine, taxonomy: None = those of the settings.
        progress: Progress of the indexing in this process, which the page shows; None = none.

    Raises:
        InvalidConfig: A setting is not valid.
        InvalidTaxonomy: The shop's taxonomy is not valid.
    """
    stated = settings or Settings.from_env()
    follows_index = extractor is None and engine is None and follows(stated.engine)
    seen = sessions_of(stated.look_events, stated.credentials) if stated.look_events else ()
    together = Together(seen)
    backend = _wire(
        followed(stated) if follows_index else stated,
        together,
        extractor,
        engine,
        taxonomy,
        progress,
    )
    backend.search.follow()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = backend.settings.max_upload_bytes + FORM_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["product_id"] = ProductIdConverter
    app.url_map.merge_slashes = False
    app.extensions["houndstooth"] = backend
    traces = open_traces() if backend.settings.traces else None
    app.extensions["houndstooth_requests"] = Requests(app, backend.metrics, traces)
    backend.metrics.registry.register(Gauges(backend))
    app.wsgi_app = _impatient(app.wsgi_app)  # type: ignore[method-assign]
    answer_errors(app)
    app.after_request(_secure)
    control_access(app, backend.settings)
    app.after_request(compress)
    app.register_blueprint(api_blueprint(backend))
    writer = product_writer(backend)
    app.register_blueprint(writes_blueprint(backend, writer))
    app.register_blueprint(webhooks_blueprint(backend, writer))
    app.register_blueprint(events_blueprint(backend))
    app.register_blueprint(rules_blueprint(backend))
    app.register_blueprint(ingest_blueprint(backend))
    app.register_blueprint(health_blueprint(backend))
    app.register_blueprint(metrics_blueprint(backend.metrics.registry))
    app.register_blueprint(page_blueprint(backend))
    app.register_blueprint(widget_blueprint())
    if follows_index:
        reopen = partial(
            _open_parts, taxonomy=backend.taxonomy, metrics=backend.metrics, together=together
        )
        VersionFollower(stated, backend, reopen, writer).start()
    return app


def _wire(
    settings: Settings,
    together: Together,
    extractor: Extractor | None,
    engine: Engine | None,
    taxonomy: Taxonomy | None,
    progress: Progress | None,
) -> Backend:
    taxonomy = taxonomy or Taxonomy.load(settings.taxonomy)
    extractor = extractor or _open_extractor(settings, taxonomy)
    metrics = Metrics(__version__, extractor.model)
    parts = _open_parts(
        settings,
        taxonomy=taxonomy,
        metrics=metrics,
        together=together,
        extractor=extractor,
        engine=engine,
    )
    jobs = Jobs(settings.jobs)
    arms, events = Arms.read(settings.arms), None
    if settings.events:
        store = open_store(settings.events, settings.credentials)
        store.check()
        events = Recorder(store, metrics.event)
    return Backend(
        settings=settings,
        taxonomy=taxonomy,
        parts=parts,
        jobs=jobs,
        metrics=metrics,
        arms=arms,
        events=events,
        progress=progress,
    )


def _open_extractor(settings: Settings, taxonomy: Taxonomy) -> Extractor:
    from houndstooth.models.loading import load_extractor

    return load_extractor(taxonomy, **settings.extractor_options)


def _open_parts(
    settings: Settings,
    *,
    taxonomy: Taxonomy,
    metrics: Metrics,
    together: Together,
    extractor: Extractor | None = None,
    engine: Engine | None = None,
) -> Parts:
    """Open the parts of a backend that belong to one version of ``visual``."""
    extractor = extractor or _open_extractor(settings, taxonomy)
    engine = observed(engine or open_engine(settings.engine, settings.credentials), metrics)
    if settings.allowed_fields:
        engine = FieldAllowlist(engine, settings.allowed_fields)
    search = VisualSearch(extractor, engine, taxonomy, settings, observe_stage)
    return Parts(extractor, engine, search, Looks(search, together), TextSearch(search))


def _impatient(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Bound the time that each request waits for the engine."""

    def bounded(*arguments: Any) -> Iterable[bytes]:
        with patience(ENGINE_SECONDS):
            return application(*arguments)

    return bounded


def _secure(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
