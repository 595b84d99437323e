"""Store and search documents; ``open_engine`` opens an engine by its URL."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from houndstooth.mappings.document import VISUAL, is_visual
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.shop_index import ShopIndex
from houndstooth.plugin.engines.sqlite import SQLiteEngine

PRODUCTS = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}
"""Search servers by the scheme of their URLs; an ``s`` at its end stands for TLS."""

FORMS = (
    "sqlite:///file.db, opensearch://host:port/index or "
    "opensearchs://user:word@host:port,host:port/index"
)


def open_engine(url: str) -> Engine:
    """Open the engine at a URL, without connecting to it yet.

    - ``sqlite:///var/catalogue.db``: a path relative to the working directory;
    - ``sqlite:////srv/c.db``: an absolute path;
    - ``opensearch://host:port/index`` or ``elasticsearch://host:port/index``; ``opensearchs`` and
      ``elasticsearchs`` for the same over TLS. There may be
      more hosts of that cluster, separated by commas; one user, for all, comes before the first:
      ``opensearch://user:word@h1:9200,h2:9200/index``. With ``?visual=visual_2`` the features are
      stored in an object of that name, beside ``visual``.

    Raises:
        InvalidConfig: There is no such engine, or a part of the URL is missing.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            return _open_sqlite(url, parts)
        if parts.scheme.removesuffix("s") in PRODUCTS:
            return _open_cluster(parts)
    except ValueError as error:
        raise InvalidConfig(f"expected an engine URL {FORMS}; {error}") from None
    raise InvalidConfig(f"expected an engine URL {FORMS}; got scheme {parts.scheme!r}")


def open_shop_index(url: str) -> ShopIndex:
    """Open the engine of an index that a shop fills itself; see ``open_engine``.

    Raises:
        InvalidConfig: There is no such engine, or it is one of files.
    """
    engine = open_engine(url)
    if engine.embedded:
        raise InvalidConfig(
            f"expected the index of a shop, such as {next(iter(PRODUCTS))}://host:port/index; "
            f"got {url}"
        )
    return cast(ShopIndex, engine)


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


def _open_cluster(parts: SplitResult) -> Engine:
    index = unquote(parts.path).strip("/")
    user, hosts = _hosts(parts.netloc)
    if not index or "/" in index:
        raise ValueError("a cluster takes a host and one index")
    visual = _options(parts, ("visual",)).get("visual", VISUAL)
    if not is_visual(visual):
        raise ValueError(f"expected visual={VISUAL} or visual={VISUAL}_2 and so on; got {visual!r}")
    # Imported here: the client takes 0.2 s that users of SQLite need not spend.
    from houndstooth.plugin.engines.cluster.client import Cluster
    from houndstooth.plugin.engines.cluster.engine import ClusterEngine

    name, _, password = user.partition(":")
    tls = parts.scheme.endswith("s")
    product = PRODUCTS[parts.scheme.removesuffix("s")]
    cluster = Cluster(product, hosts, tls, unquote(name), unquote(password))
    return ClusterEngine(cluster, index, visual)


def _hosts(netloc: str) -> tuple[str, list[tuple[str, int]]]:
    """Split ``user:word@host:port,host:port`` into the user with the password, and the hosts."""
    user, _, names = netloc.rpartition("@")
    if "@" in user and "," in user:
        raise ValueError("a cluster takes one user, for all hosts, before the first of them")
    hosts = []
    for name in names.split(","):
        host = urlsplit(f"//{name}")
        if not host.hostname or host.path:
            raise ValueError("a cluster takes a host, or several separated by commas")
        hosts.append((host.hostname, host.port or 9200))
    return user, list(dict.fromkeys(hosts))


def _options(parts: SplitResult, known: Collection[str]) -> dict[str, str]:
    """Return the query parameters of a URL; refuse unknown ones."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - known):
        raise ValueError(f"{parts.scheme} takes no parameter {unknown[0]!r}")
    return options
