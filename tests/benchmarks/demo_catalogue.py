"""The catalogue that a demo has left in its folder."""

from __future__ import annotations

from pathlib import Path


def database_of(folder: Path) -> Path:
    """Return the absolute path of a demo's SQLite file.

    Raises:
        SystemExit: there is none; the message says how to make one.
    """
    for path in sorted(folder.glob("demo-*.db")):
        return path.resolve()
    raise SystemExit(f"expected demo-*.db in {folder}, which houndstooth demo makes; got none")
