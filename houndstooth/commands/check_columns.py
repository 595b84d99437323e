"""Check the folder of the columns, for ``houndstooth doctor``."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from houndstooth.commands.finding import Finding, Findings

if TYPE_CHECKING:
    from houndstooth.plugin.config import Settings

LOW_BYTES = 2_000_000_000
"""Free bytes below which a warning is given: columns of 3,000,000 products, written anew."""


def check_columns(settings: Settings) -> Findings:
    """Check that columns can be saved, and that distances are computed quickly."""
    folder = settings.columns
    if folder is None:
        text = "none (HOUNDSTOOTH_COLUMNS=no): OpenSearch ranks by itself"
        yield Finding("warn", "columns", text, "Name a folder, for exact answers.")
    else:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        free = shutil.disk_usage(there).free
        text = f"{folder}, {_saved(folder)}; {free / 1e9:.1f} GB free"
        if not os.access(there, os.W_OK | os.X_OK):
            text = f"expected a folder that can be written to; got {folder}"
            advice = "Each process keeps columns in its memory: name another folder."
            yield Finding("warn", "columns", text, advice)
        elif free < LOW_BYTES:
            yield Finding("warn", "columns", text, "3,000,000 products take 1 GB, twice at times.")
        else:
            yield Finding("ok", "columns", text)
    if find_spec("simsimd") is None:
        advice = "pip install simsimd: searches are about three times faster."
        yield Finding("warn", "distances", "by numpy, as simsimd is not installed", advice)
    else:
        yield Finding("ok", "distances", "by simsimd")


def _saved(folder: Path) -> str:
    sizes = [path.stat().st_size for path in folder.glob("*.columns")]
    return f"{sum(sizes) / 1e9:.1f} GB in {len(sizes)} files" if sizes else "nothing saved yet"
