"""``houndstooth demo``: the page at once, the catalogue behind it, an end and a going on."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from houndstooth.commands import main
from tests.conftest import free_port
from tests.integration.web_catalogue import draw, file_of
from tests.totals import totals

ROOT = Path(__file__).parents[3]
PRODUCTS = 40

# Takes its time for each batch while there is a file "slow" in the working directory.
DEMO = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from houndstooth.commands import main
    from tests.fakes import FakeExtractor

    class Slow(FakeExtractor):
        def extract(self, images, *arguments, **options):
            Path("begun").touch()
            while len(images) > 1 and Path("slow").exists():
                time.sleep(0.05)
            return super().extract(images, *arguments, **options)

    if __name__ == "__main__":
        sys.exit(main(["demo", *sys.argv[1:]], extractor=Slow()))
    """
)


class Demo:
    """A demo that runs in a folder of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.port, self.folder = free_port(), folder
        script = folder / "demo.py"
        script.write_text(DEMO)
        self.process = subprocess.Popen(
            [sys.executable, str(script), "--port", str(self.port), *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)

    def progress(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/v1/progress").json()["progress"]
        return found

    def wait(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None and time.monotonic() < deadline
            try:
                if condition():
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=60)
        assert "Traceback" not in errors, errors
        return self.process.returncode, output, errors


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A feed of PRODUCTS products, the last of which has no picture."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for number in range(PRODUCTS - 1):
        Image.new("RGB", (24, 24), (5 * number, 200, 20)).save(folder / f"{number}.png")
    with (folder / "feed.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "title", "image"])
        writer.writerows([f"p{n}", f"Shirt {n}", f"{n}.png"] for n in range(PRODUCTS))
    return folder / "feed.csv"


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "var" / "demo-report.json").read_text())
    return found


def test_the_page_is_up_before_the_first_product(tmp_path: Path, feed: Path) -> None:
    (tmp_path / "slow").touch()
    demo = Demo(tmp_path, "--catalogue", str(feed))
    demo.wait(lambda: demo.get("/healthz").ok)
    assert 'id="indexing"' in demo.get("/").text
    assert "<houndstooth-search" in demo.get("/shop").text
    nothing = {"total": PRODUCTS, "done": 0, "failed": 0, "state": "running"}
    assert demo.progress() == nothing
    unready = demo.get("/readyz")
    assert (unready.status_code, unready.json()["error"]["code"]) == (503, "nothing_indexed")
    assert "being indexed" in unready.json()["error"]["message"]
    photo = {"image": file_of(draw("green"))}
    url = f"http://127.0.0.1:{demo.port}/api/v1/search"
    assert requests.post(url, files=photo, timeout=30).json()["hits"] == []

    (tmp_path / "slow").unlink()
    demo.wait(lambda: demo.progress()["state"] == "finished")
    assert demo.progress() == {**nothing, "done": 39, "failed": 1, "state": "finished"}
    assert demo.get("/readyz").json()["documents"] == 39
    assert requests.post(url, files=photo, timeout=30).json()["hits"]
    assert demo.get("/media/3.png").ok
    status, output, errors = demo.end()
    assert status == 0
    assert f"http://127.0.0.1:{demo.port}/" in output
    assert "no such image file: '39.png'" in errors
    assert report(tmp_path)["totals"] == totals(written=39, failed=1)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_what_is_in_stays_and_the_next_demo_goes_on(
    tmp_path: Path, feed: Path, stop: signal.Signals
) -> None:
    (tmp_path / "slow").touch()
    demo = Demo(tmp_path, "--catalogue", str(feed))
    demo.wait((tmp_path / "begun").exists)
    demo.wait(lambda: demo.get("/healthz").ok)
    demo.process.send_signal(stop)
    time.sleep(1)
    assert demo.process.poll() is None, "what is in flight ends whole"
    (tmp_path / "slow").unlink()
    _, errors = demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0 and "Traceback" not in errors
    written = report(tmp_path)["totals"]["written"]
    assert 0 < written < PRODUCTS
    assert report(tmp_path)["stopped"] == "interrupted"

    (tmp_path / "slow").touch()
    demo = Demo(tmp_path, "--catalogue", str(feed))
    demo.wait(lambda: demo.get("/readyz").ok)
    assert demo.progress()["done"] >= written
    (tmp_path / "slow").unlink()
    demo.wait(lambda: demo.progress()["state"] == "finished")
    assert demo.end()[0] == 0
    expected = totals(written=39 - written, unchanged=written, failed=1)
    assert report(tmp_path)["totals"] == expected


def test_products_are_drawn_behind_the_page(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "--count", "6", "--folder", "here")
    demo.wait(lambda: demo.get("/healthz").ok)
    assert demo.progress()["total"] == 6
    demo.wait(lambda: demo.progress()["state"] == "finished")
    assert demo.progress()["done"] == 6
    assert demo.end()[0] == 0
    pictures = list((tmp_path / "here" / "drawn" / "images").iterdir())
    assert len(pictures) == 6 and {one.suffix for one in pictures} == {".jpg"}
    times = {one: one.stat().st_mtime_ns for one in pictures}

    demo = Demo(tmp_path, "--count", "8", "--folder", "here")
    demo.wait(lambda: demo.progress()["state"] == "finished")
    assert demo.progress()["done"] == 8
    assert demo.end()[0] == 0
    assert all(one.stat().st_mtime_ns == time for one, time in times.items())


def test_an_unusable_feed_or_port_is_said_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.csv").write_text("sku,label,picture\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words, message in (
            (["--catalogue", "none.csv"], "cannot open the feed none.csv"),
            (["--catalogue", "odd.csv"], "--columns id=sku,title=COLUMN,image=COLUMN"),
            (["--port", port], f"cannot listen on 127.0.0.1:{port}: "),
        ):
            assert main(["demo", *words]) == 2
            errors = capsys.readouterr().err
            assert errors.startswith("error: ") and errors.count("error") == 1
            assert message in errors and "Traceback" not in errors
    assert main(["demo", "--catalogue", "odd.csv", "--count", "3"]) == 2
    assert "--count goes without --catalogue" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"odd.csv"}
