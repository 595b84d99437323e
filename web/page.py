"""Serve the pages and the catalogue images."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, send_from_directory
from flask.typing import ResponseReturnValue

from houndstooth.mappings.picture_formats import MEDIA_TYPES, SUFFIXES
from houndstooth.web.access.guard import requires
from houndstooth.web.backend import Backend
from houndstooth.web.media import MEDIA, is_servable

IMAGE_SECONDS = 3600


def page_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/``, ``/ingest`` and ``/media``; the pages load data by REST."""
    page = Blueprint("page", __name__)

    @page.get("/")
    @requires("search")
    def index() -> ResponseReturnValue:
        return render_template(
            "index.html",
            appearance_weight=backend.settings.appearance_weight,
            indexing=backend.progress is not None,
            accept=",".join((*MEDIA_TYPES, *(f".{suffix}" for suffix in SUFFIXES))),
        )

    @page.get("/ingest")
    @requires("ingest")
    def ingest() -> ResponseReturnValue:
        return render_template("ingest.html")

    @page.get(f"{MEDIA}/<path:image>")
    def media(image: str) -> ResponseReturnValue:
        folder = backend.settings.images
        if folder is None or not is_servable(image):
            abort(404)
        return send_from_directory(folder.resolve(), image, max_age=IMAGE_SECONDS)

    return page
