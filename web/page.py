"""Serve the pages and the catalogue images."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    render_template,
    request,
    send_from_directory,
)
from flask.typing import ResponseReturnValue

from houndstooth.mappings.picture_formats import MEDIA_TYPES, SUFFIXES
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.languages import ENGLISH, LANGUAGES, Language, choose_language
from houndstooth.web.media import MEDIA, is_servable

IMAGE_SECONDS = 3600
OF_WIDGET = "widget."
"""Begins the keys of words that the widget alone uses."""


def page_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/``, ``/ingest`` and ``/media``; the pages load data by REST.

    ``/`` is for shoppers, in their browser's language; ``/ingest`` is for the staff, in English.
    """
    page = Blueprint("page", __name__)

    @page.get("/")
    @requires("search")
    def index() -> ResponseReturnValue:
        return _page(
            "index.html",
            choose_language(request.accept_languages),
            appearance_weight=backend.settings.appearance_weight,
            indexing=backend.progress is not None,
            events=_events(backend),
            accept=",".join((*MEDIA_TYPES, *(f".{suffix}" for suffix in SUFFIXES))),
        )

    @page.get("/ingest")
    @requires("ingest")
    def ingest() -> ResponseReturnValue:
        return _page("ingest.html", LANGUAGES[ENGLISH])

    @page.get(f"{MEDIA}/<path:image>")
    def media(image: str) -> ResponseReturnValue:
        folder = backend.settings.images
        if folder is None or not is_servable(image):
            abort(404)
        return send_from_directory(folder.resolve(), image, max_age=IMAGE_SECONDS)

    return page


def _events(backend: Backend) -> str:
    """Tell what the page sends of clicks: nothing, clicks, or clicks with an id of the browser."""
    if backend.events is None:
        return ""
    return "clients" if backend.settings.event_clients else "clicks"


def _page(template: str, language: Language, **values: Any) -> Response:
    words = {key: text for key, text in language.words.items() if not key.startswith(OF_WIDGET)}
    text = render_template(template, language=language.code, words=words, **values)
    response = make_response(text)
    response.vary.add("Accept-Language")
    response.content_language.add(language.code)
    return response
