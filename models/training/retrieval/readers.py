"""Readers of the retrieval benchmarks, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from houndstooth.models.training.retrieval.benchmark import Benchmark
from houndstooth.models.training.retrieval.fashion200k import read_fashion200k
from houndstooth.models.training.retrieval.holidays import read_holidays
from houndstooth.models.training.retrieval.in_shop import read_in_shop
from houndstooth.models.training.retrieval.street2shop import read_street2shop
from houndstooth.models.training.retrieval.ukbench import read_ukbench

READERS: dict[str, Callable[[Path], Benchmark]] = {
    "in-shop": read_in_shop,
    "street2shop": read_street2shop,
    "fashion200k": read_fashion200k,
    "holidays": read_holidays,
    "ukbench": read_ukbench,
}
"""Each reads a folder and raises InvalidFeed where it is laid out otherwise."""
