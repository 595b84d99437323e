"""What keeps files readable: their length, and docstrings that open with a verb or a noun."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("houndstooth", "mappings", "models", "plugin", "ingest", "web")
MAX_LINES, MAX_TEST_LINES = 300, 499
RIDDLES = {
    *("Of", "That", "Those", "By", "As", "What", "Whether", "Where", "Which", "Who", "How"),
    *("When", "Whose", "Why", "So", "For", "With", "Without", "From", "In", "On", "At", "To"),
}
"""Words with which a docstring says neither what a thing is nor what it does."""


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def files(folder: str) -> list[Path]:
    """Python and JavaScript; links are not followed, so that each file comes once."""
    found = [path for suffix in ("py", "js") for path in (ROOT / folder).rglob(f"*.{suffix}")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """The docstrings of a file's public classes, functions and methods, by line."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                if node.name.startswith("_"):
                    continue
                if text := ast.get_docstring(node):
                    yield node.lineno, text
                if isinstance(node, ast.ClassDef):
                    waiting.append(node)


@pytest.mark.parametrize("folder", PACKAGES)
def test_no_file_is_long(folder: str) -> None:
    long = {str(path.relative_to(ROOT)): lines(path) for path in files(folder)}
    assert {path: n for path, n in long.items() if n > MAX_LINES} == {}


def test_no_file_of_tests_is_very_long() -> None:
    long = {str(path.relative_to(ROOT)): lines(path) for path in files("tests")}
    assert {path: n for path, n in long.items() if n > MAX_TEST_LINES} == {}


@pytest.mark.parametrize("folder", PACKAGES)
def test_public_docstrings_open_with_a_verb_or_a_noun(folder: str) -> None:
    riddles = [
        f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for path in files(folder)
        if path.suffix == ".py"
        for line, text in docstrings(path)
        if text.split(maxsplit=1)[0].strip(",:;.") in RIDDLES
    ]
    assert riddles == []
