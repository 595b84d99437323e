"""The wheel as a stranger installs it: what is in it, and what it does in an empty environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import houndstooth
from tests.conftest import free_port

T = TypeVar("T")
UP_WITHIN = 15.0
"""Seconds from the command to the page."""

ROOT = Path(__file__).parents[2]
FOLDERS = ("commands", "ingest", "mappings", "models", "plugin", "web")
TRAINING = {"torch", "torchvision", "onnx", "scipy", "matplotlib"}
TESTS = {"pytest", "ruff", "mypy", "selenium"}
# Neither caches nor what training left is in a fresh checkout.
LEFT_OUT = ("__pycache__", ".*", "*.pyc", "*.egg-info", "build", "dist", "var", "*.checkpoint.pt")


def uv(*words: str | Path, cwd: Path) -> None:
    """Run uv, as ``.ci/setup`` installs it; its cache makes the second time quick."""
    beside = Path(sys.executable).with_name("uv")
    command = str(beside) if beside.exists() else shutil.which("uv")
    assert command, "expected uv beside python; set it up by: make dev"
    run = subprocess.run([command, *map(str, words)], cwd=cwd, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, links kept, since a build leaves files beside the sources."""
    copy = tmp_path_factory.mktemp("checkout") / "source"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return copy


@pytest.fixture(scope="module")
def dist(source: Path) -> Path:
    """The folder of a source distribution, and of the wheel that is built from it."""
    uv("build", "--quiet", "--out-dir", "dist", cwd=source)
    return source / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    [path] = dist.glob("*.whl")
    return path


def package(source: Path) -> set[str]:
    """The files of the package, those in linked folders under their own names in it."""
    files = {path for path in (source / "houndstooth").glob("*.*") if path.is_file()}
    for folder in FOLDERS:
        top = (source / "houndstooth" / folder).resolve()
        inside = (path.relative_to(top) for path in top.rglob("*") if path.is_file())
        files |= {source / "houndstooth" / folder / path for path in inside}
    return {path.relative_to(source).as_posix() for path in files}


def test_the_wheel_is_the_package_and_nothing_else(source: Path, wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    information = f"houndstooth-{houndstooth.__version__}.dist-info"
    own = {name for name in names if not name.startswith(f"{information}/")}
    assert own == package(source)
    assert {name.partition("/")[0] for name in own} == {"houndstooth"}
    assert not [name for name in own if "test" in Path(name).name or "/tests/" in name]


@pytest.mark.parametrize(
    "pattern",
    [
        "houndstooth/py.typed",
        "houndstooth/__main__.py",
        "houndstooth/mappings/taxonomy.json",
        "houndstooth/models/weights/*.onnx",
        "houndstooth/models/weights/*.json",
        "houndstooth/models/encoder/*.png",
        "houndstooth/models/training/recipes/*.toml",
        "houndstooth/models/synthetic/wardrobe.toml",
        "houndstooth/web/templates/*.html",
        "houndstooth/web/static/*.css",
        "houndstooth/web/static/js/*.js",
        "houndstooth/web/static/widget/*.js",
        "houndstooth/web/openapi.json",
    ],
)
def test_the_wheel_has_what_is_no_code(pattern: str, wheel: Path) -> None:
    names = map(Path, zipfile.ZipFile(wheel).namelist())
    assert [name for name in names if name.match(pattern)]


def test_the_source_distribution_follows_the_links(source: Path, dist: Path) -> None:
    """The folders of the package are links to those at the top; a build copies what is there."""
    for folder in FOLDERS[1:]:
        assert (source / "houndstooth" / folder).is_symlink()
    [path] = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    assert not [member.name for member in members if member.issym() or member.islnk()]
    names = {member.name.partition("/")[2] for member in members if member.isfile()}
    assert package(source) <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_metadata_names_version_command_and_packages(wheel: Path) -> None:
    information = f"houndstooth-{houndstooth.__version__}.dist-info"
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(f"{information}/METADATA").decode()
    assert f"\nVersion: {houndstooth.__version__}\n" in metadata
    needed = re.findall(r"^Requires-Dist: ([\w-]+)(.*)$", metadata, re.MULTILINE)
    plain = {name for name, rest in needed if "extra ==" not in rest}
    assert plain >= {"numpy", "onnxruntime", "pillow"} and not plain & (TRAINING | TESTS)
    train = {name for name, rest in needed if re.search(r"extra == .train.", rest)}
    assert train >= TRAINING and not train & TESTS
    assert archive.read(f"{information}/top_level.txt").decode().split() == ["houndstooth"]
    points = archive.read(f"{information}/entry_points.txt").decode()
    assert "houndstooth = houndstooth.commands:main" in points


# --- installed ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and what it depends on, and an empty folder to work in."""

    environment: Path
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """This process's variables, without those that would lead to the checkout."""
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "HOUNDSTOOTH", "COV_", "VIRTUAL_ENV"))
        }

    def run(self, command: str, *words: str) -> str:
        run = subprocess.run(
            [self.environment / "bin" / command, *words],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.environment / "bin" / command, *words],
            cwd=self.folder,
            env=self.variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "environment"
    uv("venv", "--quiet", "--python", sys.executable, environment, cwd=folder)
    python = environment / "bin" / "python"
    locked = ("--constraint", ROOT / "requirements.lock")
    uv("pip", "install", "--quiet", "--python", python, *locked, wheel, cwd=folder)
    (folder / "empty").mkdir()
    return Installed(environment, folder / "empty")


def test_the_command_says_its_version(installed: Installed) -> None:
    assert installed.run("houndstooth", "--version").split()[-1] == houndstooth.__version__


@pytest.mark.parametrize("command", ["search", "demo", "train"])
def test_the_command_helps(installed: Installed, command: str) -> None:
    text = installed.run("houndstooth", command, "--help")
    assert f"houndstooth {command}" in text and "--" in text


def test_without_its_packages_training_says_so_in_a_line(installed: Installed) -> None:
    run = installed.start("houndstooth", "train", "attribute-heads", "--products", "none.csv")
    _, errors = run.communicate(timeout=60)
    assert run.returncode != 0 and "pip install '.[train]'" in errors and "Traceback" not in errors


def test_the_demo_is_up_within_seconds_and_brings_every_product_in(installed: Installed) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    began = time.monotonic()
    demo = installed.start("houndstooth", "demo", "--port", str(port), "--count", "12")
    try:
        page = wait_for(lambda: fetched(f"{address}/"), demo, began + UP_WITHIN)
        assert "<html" in page

        def finished() -> dict[str, object] | None:
            progress = json.loads(fetched(f"{address}/api/v1/progress") or "{}").get("progress")
            return progress if progress and progress["state"] != "running" else None

        progress = wait_for(finished, demo, began + 120)
        assert progress == {"total": 12, "done": 12, "failed": 0, "state": "finished"}
    finally:
        demo.send_signal(signal.SIGINT)
        output, errors = demo.communicate(timeout=60)
    assert demo.returncode == 0, output + errors
    assert "Traceback" not in errors


def fetched(url: str) -> str | None:
    """The answer's text, or None where nobody answers yet."""
    try:
        with urlopen(url, timeout=5) as answer:
            text: str = answer.read().decode()
            return text
    except (URLError, ConnectionError, TimeoutError):
        return None


def wait_for(condition: Callable[[], T | None], demo: subprocess.Popen[str], deadline: float) -> T:
    """What the condition is once it is something."""
    while (value := condition()) is None:
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < deadline, "expected it by now"
        time.sleep(0.1)
    return value


PUBLIC = """
import importlib.metadata
import houndstooth

for name in houndstooth.__all__:
    getattr(houndstooth, name)
assert importlib.metadata.version("houndstooth") == houndstooth.__version__
print(houndstooth.__file__)
"""


def test_the_public_face_is_importable(installed: Installed) -> None:
    file = Path(installed.run("python", "-c", PUBLIC).strip())
    assert file.is_relative_to(installed.environment)


def test_what_only_training_needs_is_not_installed(installed: Installed) -> None:
    absent = sorted(TRAINING | TESTS)
    code = f"import importlib.util as u; print([n for n in {absent} if u.find_spec(n)])"
    assert installed.run("python", "-c", code).strip() == "[]"


SEARCH = textwrap.dedent(
    """
    import csv, json
    from pathlib import Path

    from houndstooth import SearchRequest, Taxonomy, VisualSearch, load_extractor, open_engine
    from houndstooth.ingest.images import folder_images
    from houndstooth.ingest.pipeline import ingest_batch
    from houndstooth.mappings.product import Product
    from houndstooth.models.synthetic import generate

    if __name__ == "__main__":
        generate(8, 3, "drawn", outfits=0.0, jobs=1)
        with open("drawn/feed.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        taxonomy = Taxonomy.load()
        extractor, engine = load_extractor(taxonomy), open_engine("sqlite:///catalogue.db")
        engine.prepare()
        products = [Product(row["id"], row["title"], (row["image"],)) for row in rows]
        outcomes = ingest_batch(
            products,
            extractor=extractor,
            engine=engine,
            taxonomy=taxonomy,
            load_image=folder_images(Path("drawn")),
        )
        search = VisualSearch(extractor, engine, taxonomy)

        def request(row):
            [product] = engine.fetch([row["id"]])
            return SearchRequest(category=product.visual.category, top=1)

        found = [
            search.search(Path("drawn", row["image"]).read_bytes(), request(row)).hits[0]
            for row in rows
        ]
        print(json.dumps({
            "outcomes": [outcome.status for outcome in outcomes],
            "asked": [row["id"] for row in rows],
            "found": [hit.product_id for hit in found],
            "distances": [hit.appearance_distance for hit in found],
        }))
    """
)


def test_drawn_products_are_found_by_their_own_photos(installed: Installed) -> None:
    (installed.folder / "search.py").write_text(SEARCH)
    answer = json.loads(installed.run("python", "search.py").splitlines()[-1])
    assert answer["outcomes"] == ["written"] * 8
    assert answer["found"] == answer["asked"]
    # A title may lead to another box than the photo alone does.
    assert sorted(answer["distances"])[4] < 0.01 and max(answer["distances"]) < 0.25
