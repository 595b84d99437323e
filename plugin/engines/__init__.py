"""The engines: where documents live. ``open_engine`` opens one by its URL."""

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
    """Open the engine at a URL; nothing is read or connected to yet.

    ``sqlite:///var/catalogue.db`` is relative to the working directory, ``sqlite:////srv/c.db``
    absolute; ``opensearchs`` is OpenSearch over TLS. ``opensearch://host:port/index?visual=visual_2``
    keeps what is recognised in an object of that name, beside ``visual`` or any other number.

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
    _options(parts, ())
    if parts.netloc or not path:
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
    """The parameters of a URL."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - known):
        raise ValueError(f"{parts.scheme} takes no parameter {unknown[0]!r}")
    return options
