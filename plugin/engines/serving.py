"""Follow the version of ``visual`` that an index serves: its object, and its image encoder.

An engine URL that names no version follows the index. ``houndstooth migrate`` states in the index
which version serves; where nothing is stated, it is ``visual`` and the encoder of the settings.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from houndstooth.mappings.document import VISUAL
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.shop_index import Serving, ShopIndex, Version
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine


def follows(url: str) -> bool:
    """Tell whether an engine URL leaves it to the index which version is meant."""
    parts = urlsplit(url)
    return parts.scheme != "sqlite" and "visual" not in dict(parse_qsl(parts.query))


def version_of(settings: Settings) -> Version:
    """Return the version that settings mean: of an engine URL without one, ``visual``."""
    visual = dict(parse_qsl(urlsplit(settings.engine).query)).get("visual", VISUAL)
    return Version(visual, None if settings.encoder is None else str(settings.encoder))


def read_serving(engine: Engine) -> Serving | None:
    """Read what the index of an engine serves; None if it does not say so.

    Raises:
        EngineUnavailable: The engine cannot be reached, or has no such index.
    """
    return None if engine.embedded else cast(ShopIndex, engine).serving()


def followed(settings: Settings) -> Settings:
    """Return settings with the version that the index serves, by its object and its encoder.

    Of an engine that cannot be reached, or has no such index yet, they are returned as they are.

    Raises:
        InvalidConfig: The URL or the credentials cannot be used.
    """
    if not follows(settings.engine):
        return settings
    with closing(open_engine(settings.engine, settings.credentials)) as engine:
        try:
            return with_serving(settings, read_serving(engine))
        except EngineUnavailable:
            return settings


def with_serving(settings: Settings, serving: Serving | None) -> Settings:
    """Return settings with a version of the index.

    A card of the same file name in the settings stands for the one that the index names, as its
    folder may be another one on this machine.
    """
    if serving is None:
        return settings
    url = f"{settings.engine.rstrip('?')}?visual={serving.visual}"
    card = None if serving.encoder is None else Path(serving.encoder)
    if card and settings.encoder and settings.encoder.name == card.name:
        card = settings.encoder
    return replace(settings, engine=url, encoder=card)
