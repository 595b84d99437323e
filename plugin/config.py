"""Read the settings; no other module reads environment variables.

============================== ======================================  ============================
variable                       meaning                                 default
============================== ======================================  ============================
HOUNDSTOOTH_ENGINE             engine URL: ``sqlite:///file.db`` or    ``sqlite:///var/catalogue.db``
                               ``opensearch://host:port/index``; see
                               ``plugin.engines.open_engine``
HOUNDSTOOTH_ENGINE_USER        user of the cluster                     none
HOUNDSTOOTH_ENGINE_PASSWORD    the user's password                     none
HOUNDSTOOTH_ENGINE_API_KEY     API key of the cluster, encoded         none
HOUNDSTOOTH_ENGINE_CA          PEM file of a private authority         those of the system
HOUNDSTOOTH_ENGINE_CERTIFICATE PEM file of a client certificate        none
HOUNDSTOOTH_ENGINE_KEY         PEM file of its private key, if it is   none
                               not in the same file
HOUNDSTOOTH_ENGINE_AWS_REGION  region of AWS: requests are signed      none
HOUNDSTOOTH_ENGINE_AWS_SERVICE ``es``, or ``aoss``: serverless         ``es``
HOUNDSTOOTH_ENGINE_PATIENCE    seconds for which an ingest waits for  900
                               an engine that is away or takes no
                               writes; 0: not at all
HOUNDSTOOTH_TAXONOMY           path of a shop's own taxonomy           the shipped one
HOUNDSTOOTH_MODEL              path of a shop's own recogniser: its    the shipped one
                               card, ``NAME-VERSION.json``
HOUNDSTOOTH_DETECTOR           path of the card of a shop's own        the shipped one
                               detector
HOUNDSTOOTH_ENCODER            path of the card of an image encoder    the recogniser's features
                               for binary codes
HOUNDSTOOTH_IMAGES             folder of the feed's images, which the  none: images are not served
                               page shows
HOUNDSTOOTH_REDIS              URL of the Redis that workers share     ``redis://127.0.0.1:6379/0``
HOUNDSTOOTH_FEEDS              folder for feeds that are given by      ``var/feeds``
                               URL; workers must see it too
HOUNDSTOOTH_JOBS               folder in which workers and commands    ``var/jobs``
                               keep what became of jobs
HOUNDSTOOTH_VIEWS              images of a product by which it is      4
                               found, 1 to 8; 1: the first alone
HOUNDSTOOTH_SHARED_PICTURE     unlike products of which one picture    5
                               shows none, if it is under so many; 0:
                               no such pictures are looked for
HOUNDSTOOTH_IMAGE_HOSTS        the shop's own image hosts, separated   none: only public addresses
                               by commas; their addresses may be
                               private
HOUNDSTOOTH_FIELDS             allowlist of shop fields, separated by  none: all fields
                               commas: the web service shows, filters,
                               sorts and counts no others
HOUNDSTOOTH_VARIANT_FIELD      shop field that is equal for all        ``group``
                               variants of a product; one of them is
                               a hit
HOUNDSTOOTH_LOOK_EVENTS        shoppers' events in the form of UBI,    none: pictures alone tell
                               by which looks are completed: a file
                               or cluster, as HOUNDSTOOTH_EVENTS
HOUNDSTOOTH_COLUMNS            folder for the columns, from which all  ``var/columns``
                               products are ranked (about 320 bytes
                               a product); ``no``: OpenSearch ranks
                               by itself
HOUNDSTOOTH_CANDIDATES         products that OpenSearch ranks by       1000
                               itself, 1 to 10000
HOUNDSTOOTH_APPEARANCE_WEIGHT  weight of the appearance distance, 0    0.7
                               to 1, if a request gives none; the
                               rest is colour
HOUNDSTOOTH_ATTRIBUTE_WEIGHT   weight of agreeing attributes in the    0.5
                               score, 0 to 1
HOUNDSTOOTH_RULES              file of merchandising rules             none: no rules
HOUNDSTOOTH_ARMS               file of the arms of A/B tests           none: no tests
HOUNDSTOOTH_EVENTS             where queries and clicks are recorded,  none: nowhere
                               by UBI: a file of JSON lines, or a
                               cluster, ``opensearch://host:port``
HOUNDSTOOTH_EVENT_CLIENTS      ``yes``: the page makes an id of the    ``no``
                               browser, and it is recorded
HOUNDSTOOTH_MAX_UPLOAD_BYTES   largest image file, in bytes            12000000
HOUNDSTOOTH_MAX_PIXELS         largest image, in pixels                50000000
HOUNDSTOOTH_LOG                log lines of web service and workers:   ``json``
                               ``json``, or ``text``
HOUNDSTOOTH_TRACES             ``yes``: the web service sends traces   ``no``
                               by OpenTelemetry, where its variables
                               ``OTEL_*`` say
HOUNDSTOOTH_PAPER_THRESHOLD    ``yes``: binarise at 0, as the paper    ``no``: at each dimension's
                               does (set it for ingest and search)     median
HOUNDSTOOTH_PAPER_HISTOGRAM    ``yes``: colours in HSV bins, as the    ``no``: in CIELAB
                               paper (set it for ingest and search)
HOUNDSTOOTH_KEYS               file of the API keys, which              ``var/keys.json``
                               ``houndstooth keys`` writes
HOUNDSTOOTH_KEY_RECORDS        API keys without a file: what            none
                               ``houndstooth keys create --record``
                               prints, separated by white space
HOUNDSTOOTH_SEARCH_KEYS        ``yes``: searches need a key too         ``no``
HOUNDSTOOTH_RATE_LIMIT         requests of one address without a key,   none: no limit
                               such as ``60/minute``
HOUNDSTOOTH_KEY_RATE_LIMIT     requests with one key                    none: no limit
HOUNDSTOOTH_RATE_REDIS         URL of a Redis in which services count   none: each process counts
                               requests together                        by itself
HOUNDSTOOTH_PROXIES            addresses and networks of the proxies    none
                               before the service, separated by
                               commas; their ``X-Forwarded-For`` is
                               believed
HOUNDSTOOTH_CORS_ORIGINS       origins whose pages may call REST from   none
                               a browser, separated by commas
HOUNDSTOOTH_SHOPIFY_SECRET     secret that signs Shopify's webhooks    none: they are not taken
HOUNDSTOOTH_WOOCOMMERCE_SECRET secret that signs WooCommerce's         none: they are not taken
============================== ======================================  ============================

An empty variable counts as unset. A secret, such as PASSWORD or API_KEY, can come from a file that
a variable with ``_FILE`` behind its name names instead: HOUNDSTOOTH_ENGINE_PASSWORD_FILE.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from houndstooth.mappings.search import MAX_CANDIDATES, SearchRequest
from houndstooth.plugin import setting_readers as readers
from houndstooth.plugin.access import ACCESS, READERS, WEBHOOK_SECRETS, Access
from houndstooth.plugin.credentials import ANONYMOUS, SECRETS, Credentials, variable_name
from houndstooth.plugin.variables import (
    PREFIX,
    Reader,
    Variable,
    find_unknown,
    hide_password,
    read_variable,
    values_of,
)

__all__ = ["ATTRIBUTE_WEIGHT", "Settings", "Variable", "hide_password", "read_variables"]

ATTRIBUTE_WEIGHT = 0.5
"""Weight of agreeing attributes in the score; the rest is appearance and colour."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """The settings of a deployment; the module's table explains each of them."""

    engine: str = "sqlite:///var/catalogue.db"
    engine_patience: int = 900
    taxonomy: Path | None = None
    model: Path | None = None
    detector: Path | None = None
    encoder: Path | None = None
    images: Path | None = None
    redis: str = "redis://127.0.0.1:6379/0"
    feeds: Path = Path("var/feeds")
    jobs: Path = Path("var/jobs")
    views: int = 4
    shared_picture: int = 5
    image_hosts: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    variant_field: str = "group"
    look_events: str = ""
    columns: Path | None = Path("var/columns")
    candidates: int = 1000
    appearance_weight: float = SearchRequest.appearance_weight
    attribute_weight: float = ATTRIBUTE_WEIGHT
    rules: Path | None = None
    arms: Path | None = None
    events: str = ""
    event_clients: bool = False
    max_upload_bytes: int = 12_000_000
    max_pixels: int = 50_000_000
    log: str = "json"
    traces: bool = False
    paper_threshold: bool = False
    paper_histogram: bool = False
    credentials: Credentials = ANONYMOUS
    access: Access = ACCESS

    @property
    def allowed_fields(self) -> frozenset[str]:
        """Shop fields that may be shown and asked for; none = all of them."""
        return self.fields and self.fields | {self.variant_field}

    @property
    def index(self) -> str:
        """Name of the index, or of SQLite's file."""
        return urlsplit(self.engine).path.rpartition("/")[2]

    @property
    def extractor_options(self) -> dict[str, Any]:
        """Keyword arguments for ``models.loading.load_extractor``."""
        named = {"model": self.model, "detector": self.detector, "encoder": self.encoder}
        return {
            "max_pixels": self.max_pixels,
            "paper_threshold": self.paper_threshold,
            "paper_histogram": self.paper_histogram,
            **{name: card.with_suffix("") for name, card in named.items() if card},
        }

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, *, warn: bool = True) -> Settings:
        """Read the settings from environment variables, with defaults for the rest.

        Args:
            environ: The variables.
            warn: Whether to log those that are no settings, as a misspelt one is.

        Raises:
            InvalidConfig: A variable is not valid; the message names it.
        """
        for text in unknown_variables(environ) if warn else ():
            _LOG.warning("%s", text)
        credentials = Credentials(**values_of(_read_credentials(environ)))
        access = Access(**values_of(_read_access(environ)))
        return cls(**values_of(_read_settings(environ)), credentials=credentials, access=access)


def read_variables(environ: Mapping[str, str] = os.environ) -> Iterator[Variable]:
    """Read all variables, in the order of their table; an invalid one has an ``error``."""
    yield from _read_settings(environ)
    yield from _read_credentials(environ)
    yield from _read_access(environ)


def unknown_variables(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Say of each variable ``HOUNDSTOOTH_…`` that is no setting so."""
    return find_unknown(environ, read_variables({}))


def _read_settings(environ: Mapping[str, str]) -> Iterator[Variable]:
    for name, read in _READERS.items():
        variable = Variable(f"{PREFIX}{name.upper()}", name, getattr(Settings, name), False)
        yield read_variable(variable, environ, read)


def _read_credentials(environ: Mapping[str, str]) -> Iterator[Variable]:
    for name, read in _CREDENTIALS.items():
        default, is_secret = getattr(Credentials, name), name in SECRETS
        variable = Variable(variable_name(name), name, default, False, is_secret=is_secret)
        yield read_variable(variable, environ, read)


def _read_access(environ: Mapping[str, str]) -> Iterator[Variable]:
    for name, read in READERS.items():
        default, is_secret = getattr(Access, name), name in WEBHOOK_SECRETS
        variable = Variable(f"{PREFIX}{name.upper()}", name, default, False, is_secret=is_secret)
        yield read_variable(variable, environ, read)


_READERS: Mapping[str, Reader] = {
    "engine": readers.url,
    "engine_patience": readers.integer(0, 7 * 86_400),
    "taxonomy": readers.file,
    "model": readers.card,
    "detector": readers.card,
    "encoder": readers.card,
    "images": readers.folder,
    "redis": readers.redis,
    "feeds": Path,
    "jobs": Path,
    "views": readers.integer(1, 8),
    "shared_picture": readers.integer(0, 10_000),
    "image_hosts": readers.hosts,
    "fields": readers.names,
    "variant_field": readers.field,
    "look_events": readers.events,
    "columns": readers.folder_or_no,
    "candidates": readers.integer(1, MAX_CANDIDATES),
    "appearance_weight": readers.fraction,
    "attribute_weight": readers.fraction,
    "rules": Path,
    "arms": readers.file,
    "events": readers.events,
    "event_clients": readers.yes_or_no,
    "max_upload_bytes": readers.integer(1, 10**9),
    "max_pixels": readers.integer(1, 10**9),
    "log": readers.one_of("json", "text"),
    "traces": readers.yes_or_no,
    "paper_threshold": readers.yes_or_no,
    "paper_histogram": readers.yes_or_no,
}

_CREDENTIALS: Mapping[str, Reader] = {
    "user": str,
    "password": str,
    "api_key": readers.api_key,
    "ca": readers.file,
    "certificate": readers.file,
    "key": readers.file,
    "aws_region": readers.aws_region,
    "aws_service": readers.aws_service,
}
