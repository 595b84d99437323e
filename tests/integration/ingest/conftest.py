"""A shop in a folder of its own, and its engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.plugin.engines import open_engine
from tests.integration.ingest.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def engine(shop: Shop) -> Iterator[Engine]:
    opened = open_engine(shop.url)
    opened.prepare()
    yield opened
    opened.close()
