"""Where trained files are: in the folder that is written to, else among the shipped ones."""

from __future__ import annotations

from pathlib import Path

from houndstooth.models.runtime.card import WEIGHTS


def trained_file(out: Path, name: str) -> Path:
    """The file of a name in ``out`` if it is there, else where the shipped one would be."""
    own = out / name
    return own if own.exists() else WEIGHTS / name
