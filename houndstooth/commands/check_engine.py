"""Check the engine and what is in it, for ``houndstooth doctor``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from houndstooth.commands.finding import Finding, Findings, Level
from houndstooth.mappings.errors import CatalogueNotFound, EngineUnavailable, InvalidConfig

if TYPE_CHECKING:
    from houndstooth.mappings.engine import Engine
    from houndstooth.plugin.config import Settings

_AWAY = "See that it runs and that HOUNDSTOOTH_ENGINE names it."
_EMPTY = "houndstooth ingest FEED makes it. Is there another? Let HOUNDSTOOTH_ENGINE name it."


def check_engine(settings: Settings, model: str | None) -> Findings:
    """Check that the engine answers, has the index, and has products by this model.

    Args:
        model: of the networks that run; None where none do.
    """
    from houndstooth.mappings.engine import CandidateQuery
    from houndstooth.plugin.engines import open_engine

    name = "engine"
    try:
        with closing(open_engine(settings.engine, settings.credentials)) as engine:
            yield from _server(engine)
            engine.ping()
            total = engine.count()
            known = engine.count(CandidateQuery(model)) if model else None
    except InvalidConfig as error:
        advice = "Correct HOUNDSTOOTH_ENGINE, or what belongs to it."
        yield Finding("FAIL", name, str(error), advice)
        return
    except CatalogueNotFound as error:
        yield Finding("warn", name, str(error), _EMPTY)
        return
    except EngineUnavailable as error:
        yield Finding("FAIL", name, str(error), _AWAY)
        return
    yield Finding("ok", name, f"{settings.engine} answers, and its index is there")
    if known is None:
        yield Finding("warn", "products", f"{total:,}, of whatever model", "See the networks.")
        return
    others = total - known
    text = f"{known:,} by {model}, {others:,} by others or not recognised"
    level: Level = "ok" if known and not others else "warn" if known or not total else "FAIL"
    advice = "Give the feed (again): houndstooth ingest FEED."
    yield Finding(level, "products", text, "" if level == "ok" else advice)


def _server(engine: Engine) -> Findings:
    """Name the product and version of a cluster."""
    from houndstooth.plugin.engines.cluster.engine import ClusterEngine
    from houndstooth.plugin.engines.cluster.server import TESTED

    if not isinstance(engine, ClusterEngine):
        return
    name = "server"
    server = engine.server()
    if server is None:
        text = f"expected {engine.product}; the cluster does not say what it is"
        yield Finding("warn", name, text, "Allow the user cluster:monitor/main, to know it.")
        return
    text = f"{server.product} {server.version}"
    if server.product != engine.product:
        scheme = server.product.lower()
        advice = f"Begin HOUNDSTOOTH_ENGINE with {scheme}:// or, with TLS, {scheme}s://."
        yield Finding("warn", name, f"{text}, and the URL says {engine.product}", advice)
    elif not server.is_tested:
        tested = " and ".join(TESTED[server.product])
        text += f"; tested are {tested}"
        yield Finding("warn", name, text, "Try it before you rely on it: docs/engines.md.")
    else:
        yield Finding("ok", name, text)
