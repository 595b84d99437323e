"""The engines: where documents live. ``open_engine`` opens one by its URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from mappings.errors import InvalidConfig
from mappings.search import Engine
from plugin.engines.sqlite import SQLiteEngine

FORMS = "sqlite:///file.db, opensearch://host:port/index or opensearchs://user:word@host:port/index"


def open_engine(url: str) -> Engine:
    """Open the engine at a URL; nothing is read or connected to yet.

    ``sqlite:///var/catalogue.db`` is relative to the working directory, ``sqlite:////srv/c.db``
    absolute; ``opensearchs`` is OpenSearch over TLS.

    Raises:
        InvalidConfig: no such kind of engine, or a part of the URL is missing.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            return _open_sqlite(parts)
        if parts.scheme in ("opensearch", "opensearchs"):
            return _open_opensearch(parts)
    except ValueError as error:
        raise InvalidConfig(f"expected an engine URL {FORMS}; {error}") from None
    raise InvalidConfig(f"expected an engine URL {FORMS}; got scheme {parts.scheme!r}")


def prepare(engine: Engine, there: bool) -> None:
    """Make an engine ready to take documents.

    Args:
        there: its products must be there already.

    Raises:
        EngineUnavailable: it cannot be reached, or nothing is there.
        InvalidConfig: it cannot take them.
    """
    if there:
        engine.ping()
    engine.prepare()


def _open_sqlite(parts: SplitResult) -> Engine:
    path = unquote(parts.path).removeprefix("/")
    if parts.netloc or not path:
        raise ValueError("sqlite takes three slashes and a path, four if it is absolute")
    return SQLiteEngine(Path(path))


def _open_opensearch(parts: SplitResult) -> Engine:
    index = unquote(parts.path).strip("/")
    if not parts.hostname or not index or "/" in index:
        raise ValueError("opensearch takes a host and one index")
    # Imported here: the client takes 0.2 s that users of SQLite need not spend.
    from plugin.engines.opensearch import OpenSearchEngine

    return OpenSearchEngine(
        host=parts.hostname,
        port=parts.port or 9200,
        index=index,
        tls=parts.scheme == "opensearchs",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
