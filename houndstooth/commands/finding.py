"""Define a line of the report of ``houndstooth doctor``, and print it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import click

Level = Literal["ok", "warn", "FAIL"]


@dataclass(frozen=True)
class Finding:
    """A line of the report.

    Attributes:
        advice: what to do about it, a sentence; empty where nothing is to be done.
    """

    level: Level
    name: str
    text: str
    advice: str = ""


Findings = Iterator[Finding]


def show(finding: Finding, width: int, echo: Callable[[str], None]) -> None:
    """Print a finding, and under it what to do."""
    colour = {"ok": "green", "warn": "yellow", "FAIL": "red"}[finding.level]
    level = click.style(f"{finding.level:<4}", fg=colour)
    echo(f"{level}  {finding.name:<{width}}  {finding.text}")
    if finding.advice:
        echo(f"      {'':<{width}}  → {finding.advice}")
