"""Store and search documents; ``open_engine`` opens an engine by its URL."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from houndstooth.mappings.document import VISUAL, is_visual
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.plugin.engines.sqlite import SQLiteEngine

FORMS = "sqlite:///file.db, opensearch://host:port/index or opensearchs://user:word@host:port/index"


def open_engine(url: str) -> Engine:
    """Open the engine at a URL, without connecting to it yet.

    - ``sqlite:///var/catalogue.db``: a path relative to the working directory;
    - ``sqlite:////srv/c.db``: an absolute path;
    - ``opensearch://host:port/index``, or ``opensearchs`` for OpenSearch over TLS. With
      ``?visual=visual_2`` the features are stored in an object of that name, beside ``visual``.

    Raises:
        InvalidConfig: There is no such engine, or a part of the URL is missing.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            return _open_sqlite(url, parts)
        if parts.scheme in ("opensearch", "opensearchs"):
            return _open_opensearch(parts)
    except ValueError as error:
        raise InvalidConfig(f"expected an engine URL {FORMS}; {error}") from None
    raise InvalidConfig(f"expected an engine URL {FORMS}; got scheme {parts.scheme!r}")


def prepare(engine: Engine, must_exist: bool) -> None:
    """Make an engine ready to take documents.

    Args:
        must_exist: Refuse to create an engine's index or file.

    Raises:
        EngineUnavailable: The engine cannot be reached, or it does not exist.
        InvalidConfig: The engine cannot take the documents.
    """
    if must_exist:
        engine.ping()
    engine.prepare()


def _open_sqlite(url: str, parts: SplitResult) -> Engine:
    path = unquote(parts.path).removeprefix("/")
    _options(parts, ())
    # With one slash the path would look absolute and be taken as relative.
    if parts.netloc or not path or "://" not in url:
        raise ValueError("sqlite takes three slashes and a path, four if it is absolute")
    return SQLiteEngine(Path(path))


def _open_opensearch(parts: SplitResult) -> Engine:
    index = unquote(parts.path).strip("/")
    if not parts.hostname or not index or "/" in index:
        raise ValueError("opensearch takes a host and one index")
    visual = _options(parts, ("visual",)).get("visual", VISUAL)
    if not is_visual(visual):
        raise ValueError(f"expected visual={VISUAL} or visual={VISUAL}_2 and so on; got {visual!r}")
    # Imported here: the client takes 0.2 s that users of SQLite need not spend.
    from houndstooth.plugin.engines.opensearch import OpenSearchEngine

    return OpenSearchEngine(
        host=parts.hostname,
        port=parts.port or 9200,
        index=index,
        tls=parts.scheme == "opensearchs",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        visual=visual,
    )


def _options(parts: SplitResult, known: Collection[str]) -> dict[str, str]:
    """Return the query parameters of a URL; refuse unknown ones."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - known):
        raise ValueError(f"{parts.scheme} takes no parameter {unknown[0]!r}")
    return options
