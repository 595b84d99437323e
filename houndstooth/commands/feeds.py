"""Find the feed that a command is given: a file, or a URL from which it is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import click

if TYPE_CHECKING:
    from houndstooth.plugin.config import Settings


def local_feed(feed: str, settings: Settings) -> Path:
    """Return the path of a feed; one at a URL is downloaded if it has changed.

    Args:
        feed: a path or an http(s) URL.
        settings: name the folder of downloaded feeds, and the hosts that may be private.

    Raises:
        InvalidFeed: it cannot be downloaded.
    """
    from houndstooth.ingest.feed_url import fetch_feed
    from houndstooth.ingest.images import is_url

    if not is_url(feed):
        return Path(feed)
    click.echo(f"downloading {feed}, unless it is the version of last time", err=True)
    return fetch_feed(feed, settings.feeds, settings.image_hosts)


def default_image_base(feed: str) -> str | None:
    """Return what image paths of a feed are relative to: of a feed at a URL, its server."""
    from houndstooth.ingest.images import is_url

    return urljoin(feed, "/") if is_url(feed) else None
