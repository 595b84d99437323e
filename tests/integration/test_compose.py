"""Dockerfile and compose file: what they promise, and our services run as they say."""

from __future__ import annotations

import re
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from redis import Redis

from houndstooth import __version__
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import read_variables
from tests.conftest import RELEASES, free_port
from tests.integration.containers import (
    ROOT,
    Container,
    Image,
    ignored,
    locked,
    pip_commands,
    read_compose,
    read_dockerfile,
    read_stages,
)

SERVICES: dict[str, dict[str, Any]] = read_compose()["services"]
OURS = ("worker", "web")
FIXED = {
    *("HOUNDSTOOTH_REDIS", "HOUNDSTOOTH_IMAGES", "HOUNDSTOOTH_COLUMNS"),
    *("HOUNDSTOOTH_FEEDS", "HOUNDSTOOTH_JOBS", "HOUNDSTOOTH_KEYS"),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# python:3.11-slim unpacks to about 130 MB; the rest of this is for its updates.
BASE_IMAGE_MB = 160
MAX_MB = 600


def test_only_the_web_port_is_published_and_to_this_machine() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert published == {"web": ["127.0.0.1:8000:8000"]}
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_stores_are_on_a_network_without_a_way_out() -> None:
    assert read_compose()["networks"]["stores"]["internal"] is True
    for store in ("opensearch", "redis"):
        assert SERVICES[store]["networks"] == ["stores"]


def test_address_port_and_feed_can_be_set() -> None:
    settings = {"WEB_ADDRESS": "10.0.0.2", "WEB_PORT": "80", "FEED_FOLDER": "/f"}
    services = read_compose(settings)["services"]
    assert services["web"]["ports"] == ["10.0.0.2:80:8000"]
    assert services["worker"]["volumes"] == ["/f:/feed:ro", "downloads:/downloads", "jobs:/jobs"]
    volumes = ["/f:/feed:ro", "columns:/columns", "jobs:/jobs", "keys:/keys"]
    assert services["web"]["volumes"] == volumes


def test_every_setting_is_set_or_can_be_by_its_own_name() -> None:
    variables = list(read_variables({}))
    names = {variable.name for variable in variables}
    names |= {f"{variable.name}_FILE" for variable in variables if variable.is_secret}
    given = {name: f"given {name}" for name in names}
    for name in OURS:
        environment = read_compose(given)["services"][name]["environment"]
        assert environment.keys() == names
        assert {one for one in names if environment[one] != given[one]} == FIXED
        assert SERVICES[name]["environment"]["HOUNDSTOOTH_ENGINE"].startswith("opensearch://")


def test_the_settings_of_the_guide_are_those_of_the_program() -> None:
    guide = (ROOT / "docs" / "deployment.md").read_text()
    rows = dict(re.findall(r"^\| `(HOUNDSTOOTH_\w+)` \|.*\| (.*) \|$", guide, flags=re.MULTILINE))
    environment = SERVICES["web"]["environment"]
    assert rows.keys() == environment.keys() - FIXED
    assert rows["HOUNDSTOOTH_ENGINE"] == f"`{environment['HOUNDSTOOTH_ENGINE']}`"
    values = {variable.name: variable.value for variable in read_variables({})}
    for name, default in rows.items():
        value = values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert default == str(value), name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_restarts_is_checked_and_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"].keys() >= {"test", "interval", "timeout", "retries"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service and "privileged" not in service
    assert service["mem_limit"]
    if name != "opensearch":
        assert service["read_only"] is True


@pytest.mark.parametrize("name", OURS)
def test_our_services_wait_until_the_stores_are_healthy(name: str) -> None:
    healthy = {"condition": "service_healthy"}
    assert SERVICES[name]["depends_on"] == {"opensearch": healthy, "redis": healthy}


def test_versions_are_those_that_the_tests_run_against(opensearch_url: str, redis_url: str) -> None:
    address = urlsplit(opensearch_url)
    answer = requests.get(f"http://{address.netloc}/", timeout=60)
    number = answer.json()["version"]["number"]
    assert RELEASES["opensearch"] == f"opensearch-{number}"
    assert SERVICES["opensearch"]["image"] == f"opensearchproject/opensearch:{number}"

    with Redis.from_url(redis_url) as redis:
        major = redis.info("server")["redis_version"].partition(".")[0]
    assert re.fullmatch(rf"redis:{major}\.\d+-alpine", SERVICES["redis"]["image"])

    base = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
    bases = {text.partition(" AS ")[0] for name, text in read_dockerfile() if name == "FROM"}
    assert bases == {base}
    assert PROJECT["requires-python"] == f">={base[7:-5]}"
    assert {SERVICES[name]["image"] for name in OURS} == {f"houndstooth:{__version__}"}


def test_the_image_runs_as_a_user_and_installs_the_lock_by_its_hashes() -> None:
    instructions = read_dockerfile()
    [user] = [arguments for name, arguments in instructions if name == "USER"]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "a number, so that no name can be root's"
    assert instructions.index(("USER", user)) > max(
        place for place, (name, _) in enumerate(instructions) if name in ("RUN", "COPY")
    )
    build, final = map(pip_commands, read_stages())
    locks = [["--require-hashes", "-r", f"requirements{kind}.lock"] for kind in ("-build", "")]
    assert [words[-3:] for words in (build[0], final[0])] == locks
    assert all("--only-binary" in words and ":all:" in words for words in (build[0], final[0]))
    # Beside the locks there is our wheel alone, and it is made and installed without a network.
    assert [words[0] for words in (*build, *final)] == ["install", "wheel", "install", "install"]
    assert all({"--no-index", "--no-deps"} <= {*words} for words in (build[1], final[1]))
    assert "--no-build-isolation" in build[1] and build[1][-1] == "."
    assert final[1][-1] == "/wheels/*.whl"
    assert not any("user" in SERVICES[name] for name in OURS)


@pytest.mark.parametrize(
    ("lock", "least"), [("requirements.lock", 21), ("requirements-build.lock", 1)]
)
def test_the_lock_has_a_hash_for_every_package_and_no_torch(lock: str, least: int) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=[\w.-]+==)", text.strip())
    assert len(entries) == len(locked(lock)) >= least
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not [name for name in locked() if re.match(r"torch|nvidia|triton", name)]


@pytest.mark.parametrize("path", ["models/training/fit.py", "tests/fakes.py", ".venv/x", ".git/x"])
def test_the_build_does_not_see_what_serving_does_not_need(path: str) -> None:
    assert ignored(Path(path))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image(tmp_path_factory.mktemp("image"))


def test_the_image_is_small(image: Image) -> None:
    sizes = image.sizes()
    total = BASE_IMAGE_MB + sum(sizes.values()) / 1e6
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:8]
    table = ", ".join(f"{name} {sizes[name] / 1e6:.0f}" for name in largest)
    print(f"{total:.0f} MB: base {BASE_IMAGE_MB}, {table} …")
    assert total < MAX_MB


def test_the_image_holds_our_package_as_the_wheel_has_it(image: Image) -> None:
    assert not (image.package / "models" / "training").exists()
    assert not [path for path in image.package.rglob("*") if path.is_symlink()]
    assert {path.name for path in image.app.iterdir()} == {"requirements.lock"}


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a feed of ten drawn products."""
    folder = tmp_path_factory.mktemp("feed") / "synthetic"
    generate(10, 3, folder, jobs=1)
    return folder


@pytest.fixture(scope="module")
def web_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def containers(
    image: Image,
    feed: Path,
    web_port: int,
    opensearch_url: str,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Container]]:
    """All services; ours are started, and the stores are those of the tests."""
    if not list((image.package / "models" / "weights").glob("*.onnx")):
        pytest.skip("needs the trained networks in models/weights")
    opensearch, redis = urlsplit(opensearch_url).netloc, urlsplit(redis_url).netloc
    places = {
        "opensearch:9200": opensearch,
        "127.0.0.1:9200": opensearch,
        "redis:6379": redis,
        "6379": redis.rpartition(":")[2],
        "0.0.0.0": "127.0.0.1",
        "8000": str(web_port),
        "/feed": str(feed),
        "/columns": str(tmp_path_factory.mktemp("columns")),
        "/downloads": str(tmp_path_factory.mktemp("downloads")),
        "/jobs": str(tmp_path_factory.mktemp("jobs")),
    }
    engine = "opensearch://opensearch:9200/compose"
    services = read_compose({"HOUNDSTOOTH_ENGINE": engine})["services"]
    logs = tmp_path_factory.mktemp("logs")
    running = {
        name: Container(name, service, image, places, logs / name)
        for name, service in services.items()
    }
    try:
        for name in OURS:
            running[name].start()
        yield running
    finally:
        for name in OURS:
            if running[name].process:
                running[name].stop()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_becomes_healthy(containers: dict[str, Container], name: str) -> None:
    containers[name].wait()


def test_what_a_worker_indexed_is_found_through_the_web_service(
    containers: dict[str, Container], feed: Path, web_port: int
) -> None:
    for container in containers.values():
        container.wait()
    run = containers["worker"].run("houndstooth ingest /feed/feed.csv --celery")
    assert run.returncode == 0, run.stdout + run.stderr + containers["worker"].log.read_text()

    ready = ask(web_port, "/readyz")
    assert (ready["status"], ready["documents"]) == ("ready", 10)
    deadline = time.monotonic() + 10
    for photo in (feed / "images").iterdir():
        known = ask(web_port, f"/api/v1/products/{photo.stem}")
        best = best_hit(web_port, photo, known["category"])
        while best is None or best["product_id"] != photo.stem:
            assert time.monotonic() < deadline, f"the columns do not follow the index: {best}"
            time.sleep(0.1)
            best = best_hit(web_port, photo, known["category"])
        assert best["distance"] == {"appearance": 0, "colour": 0}
        address = best["product"]["image_url"]
        served = requests.get(f"http://127.0.0.1:{web_port}{address}", timeout=60)
        assert served.content == photo.read_bytes()


def test_a_worker_that_is_asked_to_stop_ends_in_order_and_is_not_healthy(
    containers: dict[str, Container],
) -> None:
    worker = containers["worker"]
    worker.wait()
    assert worker.stop() == 0, worker.log.read_text()
    assert not worker.is_healthy()
    worker.start()


def best_hit(port: int, photo: Path, category: str) -> dict[str, Any] | None:
    """The first hit of a photo in a category; None before the columns hold any product."""
    hits = ask(port, "/api/v1/search", photo, category=category)["hits"]
    return hits[0] if hits else None


def ask(port: int, path: str, image: Path | None = None, **form: str) -> dict[str, Any]:
    """The JSON at a path, or what the service answers to a photo in a form."""
    url = f"http://127.0.0.1:{port}{path}"
    if image is None:
        answer = requests.get(url, timeout=60)
    else:
        answer = requests.post(url, data=form, files={"image": image.read_bytes()}, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
