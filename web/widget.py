"""Serve the widget: the script that a shop puts into its own page, and the files that it loads.

The script is small and asked for again after minutes. It names the version of all other files, a
hash of them, so that browsers may keep those for a year.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue

from houndstooth.web.languages import ENGLISH, LANGUAGES

STATIC = Path(__file__).parent / "static"
ELEMENTS, DIALOG = "widget/elements.js", "widget/dialog.js"
"""The modules that are loaded with the page, and when the dialog is first opened."""
STYLES = ("picture.css", "plate.css", "widget/widget.css")
LOADER = """\
{
  const script = document.currentScript?.src; // null where a shop writes type="module"
  for (const name of %s) {
    const file = `./widget/%s/${name}`;
    import(script ? new URL(file, script).href : file);
  }
}
"""
"""Loads all modules at the same time. A script of another origin has no base address of its own."""
SCRIPT_SECONDS = 300
FILE_SECONDS = 365 * 24 * 3600

_IMPORT = re.compile(r'^(?:import|export) [^;]*? from "(\.[^"]+)";$', re.MULTILINE)


def imported(module: str) -> list[str]:
    """List a module and those that it imports, theirs included, as paths in ``static``."""
    found = [module]
    for name in found:
        text = (STATIC / name).read_text(encoding="utf-8")
        paths = [(STATIC / name).parent / other for other in _IMPORT.findall(text)]
        others = [path.resolve().relative_to(STATIC.resolve()).as_posix() for path in paths]
        found.extend(one for one in others if one not in found)
    return sorted(found)


def widget_blueprint() -> Blueprint:
    """Create the blueprint of ``/widget.js`` and ``/widget/VERSION/``.

    Pages of any origin may load these files; which of them may search is decided at each search.
    """
    widget = Blueprint("widget", __name__)
    at_once = imported(ELEMENTS)
    files = frozenset({*at_once, *imported(DIALOG), *STYLES})
    current = _version(files)
    script = LOADER % (json.dumps(at_once), current)

    @widget.get("/widget.js")
    def loader() -> ResponseReturnValue:
        response = Response(script, mimetype="text/javascript")
        response.add_etag()
        response.cache_control.max_age = SCRIPT_SECONDS
        response.cache_control.public = True
        return response.make_conditional(request)

    @widget.get("/widget/<version>/words/<language>.json")
    def words(version: str, language: str) -> ResponseReturnValue:
        spoken = LANGUAGES.get(language, LANGUAGES[ENGLISH])
        return _kept(jsonify(language=spoken.code, words=spoken.words), version == current)

    @widget.get("/widget/<version>/<path:name>")
    def part(version: str, name: str) -> ResponseReturnValue:
        if name not in files:
            abort(404)
        return _kept(send_from_directory(STATIC, name), version == current)

    @widget.after_request
    def for_any_origin(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return widget


def _version(files: Iterable[str]) -> str:
    digest = sha256()
    for name in sorted(files):
        digest.update((STATIC / name).read_bytes())
    for language in LANGUAGES.values():
        digest.update(json.dumps([language.code, language.words], sort_keys=True).encode())
    return digest.hexdigest()[:12]


def _kept(response: Response, current: bool) -> Response:
    """Let browsers keep a file of this version.

    While services of two versions stand behind one address, another version is asked for too. It
    gets this one, which is not kept.
    """
    kept = f"public, max-age={FILE_SECONDS}, immutable"
    response.headers["Cache-Control"] = kept if current else "no-store"
    return response
