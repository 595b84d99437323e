"""Dockerfile and compose file: what they promise, and our services run as they say."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image as Picture
from redis import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from houndstooth import __version__
from houndstooth.ingest.celery_app import AHEAD, REDELIVERED_AFTER_SECONDS, IngestApp
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.queue import PREFIX, QUEUE
from houndstooth.ingest.submit import make_request
from houndstooth.ingest.tasks import BATCH_SECONDS
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings, read_variables
from houndstooth.web.serving.limits import Limits
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
from tests.integration.limits import open_files, open_files_limit, read_bytes, read_seconds

SERVICES: dict[str, dict[str, Any]] = read_compose()["services"]
OURS = ("worker", "web")
STARTED = ("redis", *OURS)
SCHEMA = "vendor.compose-spec"
FIXED = {
    *("HOUNDSTOOTH_REDIS", "HOUNDSTOOTH_IMAGES", "HOUNDSTOOTH_COLUMNS"),
    *("HOUNDSTOOTH_FEEDS", "HOUNDSTOOTH_JOBS", "HOUNDSTOOTH_KEYS", "HOUNDSTOOTH_RULES"),
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
    own = ["downloads:/downloads", "jobs:/jobs", "keys:/keys:ro"]
    assert services["worker"]["volumes"] == ["/f:/feed:ro", *own]
    own = ["columns:/columns", "jobs:/jobs", "keys:/keys", "rules:/rules", "events:/events"]
    volumes = ["/f:/feed:ro", *own]
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
    assert service["init"] is True
    assert service["logging"] == {
        "driver": "json-file",
        "options": {"max-size": "10m", "max-file": "3"},
    }
    files = service["ulimits"]["nofile"]
    assert files["soft"] == files["hard"] <= 65536
    assert service["mem_limit"] and service["pids_limit"]
    if name != "opensearch":
        assert service["read_only"] is True


def test_the_file_is_one_of_the_compose_specification() -> None:
    for compose, status in ((ROOT / "docker-compose.yml", 0), (ROOT / "pyproject.toml", 1)):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMA]
        run = subprocess.run([*command, compose], capture_output=True, text=True, timeout=60)
        assert run.returncode == status, run.stdout


def test_no_service_is_killed_before_it_has_ended_in_order() -> None:
    grace = {name: read_seconds(service["stop_grace_period"]) for name, service in SERVICES.items()}
    assert "--drain-seconds" not in SERVICES["web"]["command"]
    assert Limits.drain_seconds + 5 <= grace["web"] <= 30
    assert BATCH_SECONDS < grace["worker"] <= REDELIVERED_AFTER_SECONDS
    assert min(grace["redis"], grace["opensearch"]) >= 30


def test_the_engine_has_twice_its_heap_and_no_swap() -> None:
    engine = SERVICES["opensearch"]
    heap = re.findall(r"-Xm[sx](\w+)", engine["environment"]["OPENSEARCH_JAVA_OPTS"])
    assert [read_bytes(size) for size in heap] == [read_bytes(engine["mem_limit"]) // 2] * 2
    assert engine["memswap_limit"] == engine["mem_limit"]
    assert engine["ulimits"]["nofile"]["hard"] >= 65535  # what its own check asks for
    assert engine["pids_limit"] >= 4096


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
def redis_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def containers(
    image: Image,
    feed: Path,
    web_port: int,
    redis_port: int,
    opensearch_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Container]]:
    """All services, under their limits; OpenSearch is that of the tests."""
    if not list((image.package / "models" / "weights").glob("*.onnx")):
        pytest.skip("needs the trained networks in models/weights")
    opensearch, redis = urlsplit(opensearch_url).netloc, f"127.0.0.1:{redis_port}"
    places = {
        "opensearch:9200": opensearch,
        "127.0.0.1:9200": opensearch,
        "redis:6379": redis,
        "6379": str(redis_port),
        "0.0.0.0": "127.0.0.1",
        "8000": str(web_port),
        "/data": str(tmp_path_factory.mktemp("data")),
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
        for name in STARTED:
            running[name].start()
            if name == "redis":
                running[name].wait()
        yield running
    finally:
        for container in reversed(running.values()):
            container.close()


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


@pytest.mark.parametrize("name", STARTED)
def test_a_service_may_open_as_many_files_as_it_is_given(
    containers: dict[str, Container], name: str
) -> None:
    files = SERVICES[name]["ulimits"]["nofile"]
    containers[name].wait()
    process = containers[name].process
    assert process and open_files_limit(process.pid) == (files["soft"], files["hard"])


def test_all_connections_take_less_than_half_of_the_files(
    containers: dict[str, Container], feed: Path, web_port: int
) -> None:
    web = containers["web"]
    web.wait()
    assert web.process
    half = open_files_limit(web.process.pid)[0] / 2
    with ExitStack() as stack:
        for number in range(Limits.connections):
            source = (f"127.0.0.{2 + number % 4}", 0)  # one address has but half of them
            one = socket.create_connection(("127.0.0.1", web_port), 10, source)
            stack.enter_context(one).sendall(b"GET /healthz")
        opened = open_files(web.process.pid)
        deadline = time.monotonic() + 30
        while opened < Limits.connections and time.monotonic() < deadline:
            time.sleep(0.1)
            opened = open_files(web.process.pid)
        photo = next((feed / "images").iterdir())
        assert ask(web_port, "/api/v1/search", photo)["query"]
    assert Limits.connections <= opened < half


def test_pictures_as_large_as_are_taken_fit_into_the_memory(
    containers: dict[str, Container], feed: Path, web_port: int
) -> None:
    rows = ["id,title,image"]
    for number in range(8):
        Picture.new("RGB", (7071, 7071), (20 * number, 0, 99)).save(feed / f"{number}.png")
        rows.append(f"large-{number},Shirt,{number}.png")
    (feed / "large.csv").write_text("\n".join(rows))
    for name in OURS:
        containers[name].wait()

    def post(number: int) -> int:
        files = {"image": (feed / f"{number}.png").read_bytes()}
        url = f"http://127.0.0.1:{web_port}/api/v1/search"
        return requests.post(url, files=files, timeout=120).status_code

    with ThreadPoolExecutor(8) as shoppers:
        statuses = {*shoppers.map(post, range(8))}
    assert {200} <= statuses <= {200, 503}
    command = "houndstooth ingest /feed/large.csv --celery --batch 2"
    run = containers["worker"].run(f"{command} --engine opensearch://opensearch:9200/compose-large")
    assert run.returncode == 0, run.stdout + run.stderr
    for name in OURS:
        container = containers[name]
        assert container.process and container.process.poll() is None
        if container.groups:
            print(name, f"{container.groups.resident_mb():.0f} MB afterwards")
            assert container.groups.killed() == container.groups.refused_processes() == 0


def test_the_queue_outlives_a_redis_that_is_killed_or_full(
    containers: dict[str, Container], redis_port: int, tmp_path: Path
) -> None:
    redis, worker = containers["redis"], containers["worker"]
    redis.wait()
    assert worker.stop() == 0
    try:
        with Redis(port=redis_port) as client:
            assert client.config_get("maxclients")["maxclients"] == "10000"
            most = int(client.config_get("maxmemory")["maxmemory"])
            queue_a_feed(f"redis://127.0.0.1:{redis_port}/0", tmp_path)
            before = client.lrange(f"{PREFIX}{QUEUE}", 0, -1)
            assert len(before) > AHEAD * 3 // 2
            assert client.info("memory")["used_memory"] < most / 10

            redis.kill()
            redis.start()
            redis.wait()
            assert client.lrange(f"{PREFIX}{QUEUE}", 0, -1) == before

            value, stored = os.urandom(1_000_000), 0
            with pytest.raises(OutOfMemoryError):
                while True:
                    client.set(f"other:{stored}", value)
                    stored += 1
            client.delete("other:0", "other:1")
            with suppress(ResponseError):  # it does so already, by itself
                client.bgrewriteaof()
            for number in range(2, stored):  # so that the rewriting process has its own copy
                client.set(f"other:{number}", value)
            redis.wait()
            assert client.lrange(f"{PREFIX}{QUEUE}", 0, -1) == before
            client.flushall()
        assert redis.process and redis.process.poll() is None
        assert not redis.groups or redis.groups.killed() == 0
    finally:
        worker.start()


def queue_a_feed(redis: str, folder: Path) -> None:
    """Queue as many batches of a feed as are queued at most, of products of 3 KB."""
    description = "linen shirt with long sleeves and a soft collar " * 60
    rows = [f"{n},Shirt {n},{description},{n}.jpg" for n in range(8 * 2 * AHEAD)]
    feed = folder / "feed.csv"
    feed.write_text("\n".join(["id,title,description,image", *rows]))
    app = IngestApp(Settings(redis=redis, jobs=folder / "jobs"))
    app.loader.import_default_modules()
    request = make_request(feed, "opensearch://opensearch:9200/none", ReadOptions(), 8, False)
    job = app.jobs.create(request, None)
    read_feed = app.tasks["ingest.read_feed"]
    read_feed.apply((job, 0)).get()
    read_feed.apply((job, AHEAD)).get()
    # What is queued at most: a half was taken before the second part was read.
    with Redis.from_url(redis) as client:
        client.ltrim(f"{PREFIX}{QUEUE}", 0, AHEAD * 3 // 2)
    app.close()


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
