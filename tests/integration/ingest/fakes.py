"""Extractors and engines that fail, refuse, count or wait on purpose."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

from PIL import Image

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, InvalidImage
from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.writes import IndexDocument, StoredState, WriteOutcome
from tests.fakes import FakeExtractor
from tests.integration.ingest.shop import COLOURS


class Counting(FakeExtractor):
    """Counts what it decodes and looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.decoded = self.looks = 0

    def decode(self, data: bytes) -> Image.Image:
        self.decoded += 1
        return super().decode(data)

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        self.looks += len(images)
        return super().extract(images, categories, boxes, with_others)


class Unwilling(FakeExtractor):
    """Nothing is left for the networks to do."""

    def extract(self, *_: Any, **__: Any) -> list[Features]:
        raise AssertionError("expected no image to be recognised")


class Relabelled(FakeExtractor):
    model = "fake-2"


class DislikesGreen(FakeExtractor):
    """Refuses a batch with a green image in it, as an extractor may that sees too late."""

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        if any(picture.getpixel((0, 0)) == COLOURS["green"] for picture in images):
            raise InvalidImage("expected no green")
        return super().extract(images, categories, boxes, with_others)


class WaitsForNextBatch(FakeExtractor):
    """Extracts only when the images of the batch after it have been loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded = threading.Semaphore(0)
        self.batches = 0

    def extract(self, *arguments: Any, **options: Any) -> list[Features]:
        self.batches += 1
        for _ in range(4 if self.batches == 1 else 0):
            assert self.loaded.acquire(timeout=30)
        return super().extract(*arguments, **options)


class Picky:
    """An engine that refuses one product."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"expected no use of {name}")

    def stored(self, product_ids: Sequence[str]) -> dict[str, StoredState]:
        return {}

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        return [
            WriteOutcome(d.product_id, "too busy" if d.product_id == "bad" else None, True)
            for d in documents
        ]


class Vanishing:
    """An engine that is away from its third write on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        self.writes += 1
        if self.writes > 2:
            raise EngineUnavailable("gone")
        return self.engine.write(documents)
