"""Let a request in if its key may do what the route does, and if there are not too many.

A key comes as ``Authorization: Bearer KEY``. In a browser it may be the password of HTTP Basic,
with any user name; but not where something is written: a browser would send it along with the form
of a foreign page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from limits import parse
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from houndstooth.plugin.config import Settings
from houndstooth.plugin.keys import Key, Keys, Scope
from houndstooth.web.access.addresses import believe_proxies
from houndstooth.web.access.cors import allow_origins
from houndstooth.web.access.rates import Rates, Unsigned

REALM = "Houndstooth API"
UNLIMITED = ("health", "metrics", "webhooks", "widget")
"""Blueprints that are not counted: load balancers and Prometheus ask, shops send what is signed,
and a shop's page loads a dozen files of the widget. What comes without a right signature is
counted, as ``Unsigned``."""

UNSIGNED = "houndstooth_unsigned"
"""Name of the application's extension that counts it."""

FILES = ("static", "page.media")
"""Endpoints of files, which are not counted either: a page asks for dozens."""

PAGES = ("page", "shop")
"""Blueprints of pages, whose visitors are asked for a key by the browser's own window."""

View = TypeVar("View", bound=Callable[..., Any])


def requires(scope: Scope, *, always: bool = False) -> Callable[[View], View]:
    """Mark a view as one that needs a key with a scope.

    As long as a service has no keys, anybody may call it, unless it always needs one.

    Args:
        scope: The scope. Views of ``search`` need it only if the settings say so.
        always: Whether it needs a key in any case, in ``Authorization: Bearer``, as what changes
            the catalogue does.
    """

    def mark(view: View) -> View:
        view.required = scope, always  # type: ignore[attr-defined]
        return view

    return mark


def at_most(rate: str) -> Callable[[View], View]:
    """Mark a view as one that takes so many requests of an address without a key.

    Args:
        rate: Such as ``60/minute``. It counts beside the limits of the settings.
    """

    def mark(view: View) -> View:
        view.rate = parse(rate)  # type: ignore[attr-defined]
        return view

    return mark


def control_access(app: Flask, settings: Settings) -> None:
    """Check the key and the rate of every request, and answer pages of other origins.

    Raises:
        InvalidConfig: The file of keys cannot be used.
    """
    access = settings.access
    app.extensions[UNSIGNED] = Unsigned()
    believe_proxies(app, access.proxies)
    allow_origins(app, access.cors_origins)
    guard = _Guard(Keys(access.keys, access.key_records), access.search_keys, Rates(access))
    app.before_request(guard.admit)


def current_key() -> Key | None:
    """Return the key of the request at hand; None if it has none."""
    key: Key | None = g.get("key")
    return key


class _Guard:
    def __init__(self, keys: Keys, search_keys: bool, rates: Rates) -> None:
        self._keys, self._search_keys, self._rates = keys, search_keys, rates

    def admit(self) -> None:
        if request.method == "OPTIONS" or request.endpoint in FILES:
            return
        view = current_app.view_functions.get(request.endpoint or "")
        scope, always = getattr(view, "required", (None, False))
        text = _sent_key(always)
        g.key = self._keys.find(text) if text else None
        if request.blueprint not in UNLIMITED:
            self._rates.count(g.key, request.remote_addr or "", getattr(view, "rate", None))
        if scope and self._needs_key(scope, always):
            self._check(scope, text)

    def _needs_key(self, scope: Scope, always: bool) -> bool:
        if scope == "search":
            return self._search_keys
        return always or self._keys.exist

    def _check(self, scope: Scope, text: str) -> None:
        key: Key | None = g.key
        wanted = f"expected a key with the scope {scope} in the header Authorization: Bearer KEY"
        if key is None:
            got = "this one is not known" if text else "there is none"
            make = "" if self._keys.exist else f" (make one: houndstooth keys create {scope})"
            raise Unauthorized(f"{wanted}; {got}{make}", www_authenticate=_challenge(text))
        if not key.allows(scope):
            raise Forbidden(f"expected a key with the scope {scope}; this one has {_scopes(key)}")


def _sent_key(always: bool) -> str:
    """Return the key of the request's header; "" if there is none."""
    sent = request.authorization
    if sent is None:
        return ""
    if sent.type == "bearer":
        return sent.token or ""
    if sent.type == "basic" and not always:
        return sent.password or ""
    return ""


def _challenge(text: str) -> WWWAuthenticate:
    """Ask for a key: a page's visitor by the browser's own window, others in words."""
    if request.blueprint in PAGES:
        return WWWAuthenticate("basic", {"realm": REALM, "charset": "UTF-8"})
    return WWWAuthenticate(
        "bearer", {"realm": REALM, **({"error": "invalid_token"} if text else {})}
    )


def _scopes(key: Key) -> str:
    return " and ".join(key.scopes)
