"""Convert the errors of the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import NotFoundError, SerializationError, SSLError, TransportError

from houndstooth.mappings.errors import CatalogueNotFound, EngineUnavailable, InvalidFilter

QUERY_ERRORS = (
    *("search_phase_execution_exception", "parsing_exception", "query_shard_exception"),
    "x_content_parse_exception",
)

LOST_CONTEXT = "search_context_missing_exception"
"""Cause of a 404 where a node was started again between the two phases of a search."""


@contextmanager
def client_errors(address: str, index: str) -> Iterator[None]:
    """Raise the client's errors as those of the Engine protocol.

    Raises:
        EngineUnavailable: The cluster cannot be reached or refuses.
        CatalogueNotFound: It has no such index.
        InvalidFilter: The cluster refuses the query.
    """
    try:
        yield
    except SSLError as error:
        raise EngineUnavailable(
            f"{address} cannot be reached over TLS: {error.error}; HOUNDSTOOTH_ENGINE_CA names the "
            "certificate of a private authority, HOUNDSTOOTH_ENGINE_CERTIFICATE that of the client"
        ) from error
    except NoConnection as error:
        raise EngineUnavailable(f"{address} cannot be reached: {error.error}") from error
    except NotFoundError as error:
        if not isinstance(error.info, dict) or "error" not in error.info:
            raise EngineUnavailable(
                f"expected OpenSearch or Elasticsearch at {address}; got another server, which "
                "answers 404"
            ) from error
        if LOST_CONTEXT in str(error.info):
            raise EngineUnavailable(f"{address} lost a search: {reason(error.info)}") from error
        raise CatalogueNotFound(
            f"{address} has no index {index!r} yet: {reason(error.info)}"
        ) from error
    except TransportError as error:
        # Failures of all shards have the same name, but another status.
        if error.status_code == 400 and error.error in QUERY_ERRORS:
            raise InvalidFilter(f"the engine refused: {reason(error.info)}") from error
        raise EngineUnavailable(
            f"{address} refused, status {error.status_code}: {reason(error.info)}"
        ) from error
    except SerializationError as error:
        raise EngineUnavailable(f"{address} does not answer in JSON") from error


def reason(info: Any) -> str:
    """Join the reasons in an error of the cluster, down to its innermost cause."""
    cause = info.get("error", info) if isinstance(info, dict) else info
    if not isinstance(cause, dict):
        return str(cause or "no reason given")
    if cause.get("failed_shards"):
        cause = cause["failed_shards"][0]["reason"]
    reasons = [str(cause.get("reason"))]
    while isinstance(cause.get("caused_by"), dict):
        cause = cause["caused_by"]
        reasons.append(str(cause.get("reason")))
    return ": ".join(dict.fromkeys(reasons))
