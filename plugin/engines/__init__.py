"""Store and search documents; ``open_engine`` opens an engine by its URL."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from houndstooth.mappings.document import VISUAL, is_visual
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.shop_index import ShopIndex
from houndstooth.plugin.credentials import ANONYMOUS, Credentials
from houndstooth.plugin.engines.sqlite import SQLiteEngine

if TYPE_CHECKING:
    from houndstooth.plugin.engines.cluster.client import Cluster

PRODUCTS = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}
"""Search servers by the scheme of their URLs; an ``s`` at its end stands for TLS."""

Host = tuple[str, int]
"""Name and port of a host."""

CLOUD = "elasticcloud"
"""Scheme of the URLs that name a deployment of Elastic Cloud by its cloud id."""

FORMS = (
    "sqlite:///file.db, opensearch://host:port,host:port/index, elasticsearch://host:port/index, "
    f"opensearchs:// or elasticsearchs:// with TLS, or {CLOUD}://CLOUD-ID/index"
)

NO_LOGIN = (
    "one without a user, a password or @, as it is stored with jobs; HOUNDSTOOTH_ENGINE_USER and "
    "HOUNDSTOOTH_ENGINE_PASSWORD (or HOUNDSTOOTH_ENGINE_PASSWORD_FILE) take these"
)


def open_engine(url: str, credentials: Credentials = ANONYMOUS) -> Engine:
    """Open the engine at a URL, without connecting to it yet.

    - ``sqlite:///var/catalogue.db``: a path relative to the working directory;
    - ``sqlite:////srv/c.db``: an absolute path;
    - ``opensearch://host:port/index`` or ``elasticsearch://host:port/index``; ``opensearchs`` and
      ``elasticsearchs`` for the same over TLS. There may be more hosts of that cluster, separated
      by commas: ``opensearch://h1:9200,h2:9200/index``;
    - ``elasticcloud://CLOUD-ID/index``: a deployment of Elastic Cloud.

    With ``?visual=visual_2`` a cluster's features are stored in an object of that name, beside
    ``visual``.

    Args:
        url: The URL. It holds no password, so it can be shown and stored.
        credentials: Credentials for a cluster; SQLite needs none.

    Raises:
        InvalidConfig: There is no such engine, a part of the URL is missing, or the credentials
            cannot be used.
    """
    try:
        # Before it is split: the errors of that show parts of the password.
        if "@" in url and not url.startswith("sqlite:"):
            raise ValueError(NO_LOGIN)
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            return _open_sqlite(url, parts)
        if parts.scheme == CLOUD:
            return _open_cluster("elasticsearchs", [_cloud_host(parts.netloc)], parts, credentials)
        if parts.scheme.removesuffix("s") in PRODUCTS:
            return _open_cluster(parts.scheme, _hosts(parts.netloc), parts, credentials)
    except ValueError as error:
        raise InvalidConfig(f"expected an engine URL {FORMS}; {error}") from None
    raise InvalidConfig(f"expected an engine URL {FORMS}; got scheme {parts.scheme!r}")


def open_shop_index(url: str, credentials: Credentials = ANONYMOUS) -> ShopIndex:
    """Open the engine of an index that a shop fills itself; see ``open_engine``.

    Raises:
        InvalidConfig: There is no such engine, or it is one of files.
    """
    engine = open_engine(url, credentials)
    if engine.embedded:
        raise InvalidConfig(
            f"expected the index of a shop, such as {next(iter(PRODUCTS))}://host:port/index; "
            f"got {url}"
        )
    return cast(ShopIndex, engine)


def open_cluster(url: str, credentials: Credentials = ANONYMOUS) -> Cluster:
    """Make the client of a cluster without an index, such as ``opensearch://host:port``.

    Raises:
        InvalidConfig: It is no such URL, or the credentials cannot be used.
    """
    from houndstooth.plugin.engines.cluster.client import connect

    parts = urlsplit(url)
    product = PRODUCTS.get(parts.scheme.removesuffix("s"))
    try:
        if product is None or parts.path.strip("/") or "@" in parts.netloc:
            raise ValueError("a product and a host alone")
        hosts = _hosts(parts.netloc)
    except ValueError as error:
        raise InvalidConfig(f"expected a cluster such as opensearch://host:port; {error}") from None
    return connect(product, hosts, parts.scheme.endswith("s"), credentials)


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


def _open_cluster(
    scheme: str, hosts: Sequence[Host], parts: SplitResult, credentials: Credentials
) -> Engine:
    index = unquote(parts.path).strip("/")
    if not index or "/" in index:
        raise ValueError("a cluster takes a host and one index")
    visual = _options(parts, ("visual",)).get("visual", VISUAL)
    if not is_visual(visual):
        raise ValueError(f"expected visual={VISUAL} or visual={VISUAL}_2 and so on; got {visual!r}")
    # Imported here: the client takes 0.2 s that users of SQLite need not spend.
    from houndstooth.plugin.engines.cluster.client import connect
    from houndstooth.plugin.engines.cluster.engine import ClusterEngine

    product, tls = PRODUCTS[scheme.removesuffix("s")], scheme.endswith("s")
    return ClusterEngine(connect(product, hosts, tls, credentials), index, visual)


def _hosts(netloc: str) -> list[Host]:
    """Split ``host:port,host:port`` into the hosts."""
    hosts = []
    for name in netloc.split(","):
        host = urlsplit(f"//{name}")
        if not host.hostname or host.path:
            raise ValueError("a cluster takes a host, or several separated by commas")
        hosts.append((host.hostname, host.port or 9200))
    return list(dict.fromkeys(hosts))


def _cloud_host(cloud_id: str) -> Host:
    """Decode a cloud id, ``name:`` and base64 of ``domain:port$elasticsearch$kibana``."""
    try:
        domain, deployment, *_ = b64decode(cloud_id.rpartition(":")[2]).decode().split("$")
    except ValueError:
        domain = deployment = ""
    host = urlsplit(f"//{deployment}.{domain}")
    if not domain or not deployment or not host.hostname:
        raise ValueError("a cloud id is copied from the page of the deployment")
    return host.hostname, host.port or 443


def _options(parts: SplitResult, known: Collection[str]) -> dict[str, str]:
    """Return the query parameters of a URL; refuse unknown ones."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - known):
        raise ValueError(f"{parts.scheme} takes no parameter {unknown[0]!r}")
    return options
