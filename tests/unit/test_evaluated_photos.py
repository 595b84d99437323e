"""Which photos an evaluation judges."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from PIL import Image

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.photo_run import decodable
from houndstooth.models.training.samples import Sample
from tests.fakes import FakeExtractor


def sample(path: Path) -> Sample:
    return Sample(path=path, category="shirt", terms={}, known=frozenset(), group="1", split="test")


def test_a_broken_photo_is_left_out_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "whole.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    samples = [sample(tmp_path / name) for name in ("whole.png", "broken.png", "absent.png")]
    with caplog.at_level(logging.WARNING):
        assert decodable(samples, FakeExtractor()) == samples[:1]
    assert "broken.png" in caplog.text and "absent.png" in caplog.text
    with pytest.raises(InvalidFeed, match="got none of 2"):
        decodable(samples[1:], FakeExtractor())
