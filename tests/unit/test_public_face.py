"""The names that a shop's own program imports from houndstooth."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import houndstooth
from houndstooth.mappings import errors

ROOT = Path(__file__).parents[2]


def test_names_are_sorted_and_once_each() -> None:
    assert houndstooth.__all__ == sorted(set(houndstooth.__all__))
    assert dir(houndstooth) == houndstooth.__all__


@pytest.mark.parametrize("name", houndstooth.__all__)
def test_every_name_is_importable(name: str) -> None:
    value = getattr(houndstooth, name)
    if name != "__version__":
        assert callable(value) and value.__name__ == name
        assert value.__module__.startswith("houndstooth.") and value.__doc__
    namespace: dict[str, object] = {}
    exec(f"from houndstooth import {name}", namespace)
    assert namespace[name] is value


def test_every_error_is_public() -> None:
    own = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert own <= set(houndstooth.__all__)


def test_another_name_is_none() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nobody'"):
        houndstooth.Nobody  # noqa: B018
    with pytest.raises(ImportError):
        importlib.import_module("houndstooth.Nobody")


def test_the_version_is_the_distributions() -> None:
    """The wheel takes it from the package; tests/integration/test_wheel.py sees it there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    attribute = project["tool"]["setuptools"]["dynamic"]["version"]["attr"]
    assert attribute == "houndstooth.__version__"
    assert [part.isdecimal() for part in houndstooth.__version__.split(".")] == [True] * 3


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "import houndstooth; houndstooth.__version__",
            {"numpy", "PIL", "onnxruntime", "celery", "opensearchpy", "flask", "torch"},
        ),
        (
            "from houndstooth import Taxonomy, SearchRequest, InvalidImage; Taxonomy.load()",
            {"onnxruntime", "celery", "opensearchpy", "flask", "torch"},
        ),
        ("from houndstooth import load_extractor", {"celery", "opensearchpy", "flask", "torch"}),
        ("from houndstooth import open_engine", {"onnxruntime", "celery", "flask", "torch"}),
        ("from houndstooth import VisualSearch", {"onnxruntime", "celery", "flask", "torch"}),
    ],
)
def test_importing_loads_no_more_than_it_needs(code: str, absent: set[str]) -> None:
    code = f"import sys\n{code}\nprint(sorted({absent!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
