"""How long a search takes from upload to answer, over HTTP, by stage.

``python -m tests.benchmarks.query_time --engine URL --photos DIR [--count N] [--threads N]``

Starts the real server (``houndstooth serve``) on a catalogue, sends photos one after another as a
browser would, after some to warm up, and prints the median and the 90th of 100 of each stage as the
service tells it, and of the whole as the client sees it. The page asks for as many hits.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
WARM_UP = 10
HITS = 24
START_SECONDS = 120
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
STAGES = ("decode", "extract", "candidates", "rerank", "fetch", "total")
BOUNDARY = "photo-boundary"


@contextmanager
def serve(engine: str, images: Path | None = None) -> Iterator[int]:
    """The port of a real server on this catalogue."""
    with serve_process(engine, images) as (_, port):
        yield port


@contextmanager
def serve_process(
    engine: str, images: Path | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process of a real server on this catalogue, and its port.

    Raises:
        RuntimeError: it ended, or does not get ready.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "houndstooth",
        "serve",
        "--port",
        str(port),
        "--engine",
        engine,
    ]
    if images:
        command += ["--images", str(images)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(server, port)
        yield server, port
    finally:
        server.terminate()
        server.wait(30)


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    """Return when the server can search."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise RuntimeError(f"expected the server to be ready on port {port}; it is not")


def form(photo: bytes) -> bytes:
    """A photo as a form that a browser would send."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="top"\r\n\r\n{HITS}\r\n',
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="photo"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n",
    ]
    return "".join(parts).encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def ask(connection: HTTPConnection, photo: bytes) -> dict[str, float]:
    """Milliseconds by stage, and ``upload to answer`` as the client sees it."""
    body = form(photo)
    start = time.perf_counter()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection.request("POST", "/api/v1/search", body, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    seconds = time.perf_counter() - start
    if response.status != 200:
        raise RuntimeError(f"expected an answer; got {response.status}: {answer}")
    return {**answer["took_ms"], "upload to answer": 1000 * seconds}


def measure(port: int, photos: list[bytes], count: int) -> list[dict[str, float]]:
    """Times of ``count`` searches one after another on one connection, after the warm-up."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        asked = [ask(connection, photo) for photo in islice(cycle(photos), WARM_UP + count)]
    finally:
        connection.close()
    return asked[WARM_UP:]


def print_table(times: list[dict[str, float]]) -> None:
    """A line a stage, milliseconds."""
    print(f"{'stage':<18}{'median':>10}{'90 %':>10}   ms, {len(times)} searches")
    for stage in (*STAGES, "upload to answer"):
        values = [one[stage] for one in times if stage in one]
        print(f"{stage:<18}{median(values):>10.1f}{quantiles(values, n=10)[-1]:>10.1f}")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.query_time")
    parser.add_argument("--engine", required=True, metavar="URL", help="with a catalogue in it")
    parser.add_argument("--photos", required=True, type=Path, metavar="DIR", help="photos to ask")
    parser.add_argument("--count", type=int, default=100, metavar="N", help="default: %(default)s")
    given = parser.parse_args()
    files = sorted(file for file in given.photos.rglob("*") if file.suffix.lower() in SUFFIXES)
    if not files:
        print(f"expected photos in {given.photos}; there are none", file=sys.stderr)
        return 2
    step = max(1, len(files) // (WARM_UP + given.count))
    photos = [file.read_bytes() for file in files[::step][: WARM_UP + given.count]]
    with serve(given.engine) as port:
        print_table(measure(port, photos, given.count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
