"""Run code with this working tree and with an older commit, in turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[dict[str, Path]]:
    """Check a commit out to a folder; give the trees by name: the commit's, and ``this``."""
    tree = folder / "tree"
    git = ("git", "-C", str(ROOT), "worktree")
    subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
    try:
        yield {commit: tree, "this": ROOT}
    finally:
        subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def run(tree: Path, code: str, *arguments: str) -> Any:
    """Run code in a process of its own with a tree's packages; return its last line, JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
