"""The examples of docs/examples find the same, each in its language, on a real service."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import serve
from tests.integration.engines.conftest import new_index
from tests.integration.web_catalogue import make_app
from tests.integration.writes import Service, pictures

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PROGRAMS = {
    "search.py": sys.executable,
    "search.js": "node",
    "search.php": "php",
    "search.sh": "sh",
}
EXPECTED = [
    (f"jacket-{colour}-{price}", 10.0 + price, f"{colour.title()} Jacket {price}")
    for price in (0, 2)
    for colour in ("blue", "green", "red")
][:5]


@pytest.fixture(scope="module", params=["opensearch", "elasticsearch"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with new_index(request.getfixturevalue(f"{request.param}_url")) as url:
        app = make_app(tmp_path_factory.mktemp("catalogue"), url=url, columns=None)
        with serve(app) as address:
            yield address
        app.extensions["houndstooth"].engine.close()


def run(name: str, *words: str | Path) -> Any:
    program = PROGRAMS[name]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here; .ci/setup examples installs it")
    command = [program, EXAMPLES / name, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def rows(output: str) -> list[tuple[str, float, str]]:
    """Id, price and title of the hits in a table, or in an answer in JSON."""
    if output.startswith("{"):
        hits = json.loads(output)["hits"]
        assert {frozenset(hit["product"]) for hit in hits} == {
            frozenset(["title", "price", "image_url"])
        }
        return [
            (hit["product_id"], hit["product"]["price"], hit["product"]["title"]) for hit in hits
        ]
    cells = [line.split("\t") for line in output.splitlines()]
    return [(one, float(price), title) for one, price, title in cells]


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {*PROGRAMS, "write.sh"}


def test_the_example_of_writing_writes(tmp_path: Path) -> None:
    service = Service(tmp_path)
    with serve(service.app) as address, pictures() as shop:
        key = service.bearer["Authorization"].removeprefix("Bearer ")
        command = ["sh", EXAMPLES / "write.sh", key, f"{shop}/red.png", address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    put, patch, batch = map(json.loads, done.stdout.splitlines())
    assert (put["status"], patch["status"]) == ("written", "updated")
    statuses = [(one["product_id"], one["status"]) for one in batch["results"]]
    assert statuses == [("tee-1", "updated"), ("nobody", "failed"), ("tee-1", "deleted")]
    service.engine.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_finds_what_the_others_find(name: str, service: str, photo: Path) -> None:
    done = run(name, photo, service)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout) == EXPECTED


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_says_what_was_wrong(name: str, service: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("no image")
    done = run(name, broken, service)
    assert done.returncode != 0
    assert "expected an image" in done.stdout + done.stderr
