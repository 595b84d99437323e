"""Lighthouse's scores of the page and of the demo's shop, by its own npm package.

``python -m tests.benchmarks.lighthouse --folder var [--lighthouse FILE]``

Serves a demo's catalogue (``--folder``) as ``houndstooth demo`` does, to a phone and a desktop.
``--lighthouse`` is the program, where it is installed already; else npx fetches it. Scores are from
0 to 100; a machine that is busy scores lower, so the best of ``--runs`` counts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.benchmarks.demo_catalogue import database_of
from tests.benchmarks.query_time import wait_until_ready

LIGHTHOUSE = "lighthouse@12"
PAGES = {"start": "/", "hits": "/?like=S7-00003", "shop": "/shop", "product": "/shop/S7-00003"}
DEVICES = {"phone": (), "desktop": ("--preset=desktop",)}
CHROMIUM = "--chrome-flags=--headless --no-sandbox --disable-gpu --disable-dev-shm-usage"
SCORES = ("performance", "accessibility", "best-practices")


def score(program: list[str], address: str, flags: tuple[str, ...]) -> dict[str, int]:
    """The scores of one run, 0 to 100."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = [*program, address, "--quiet", "--output=json", f"--output-path={out}"]
        environment = {**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}
        subprocess.run([*command, CHROMIUM, *flags], check=True, env=environment)
        categories = json.loads(out.read_text(encoding="utf-8"))["categories"]
    return {name: round(100 * categories[name]["score"]) for name in SCORES}


@contextmanager
def serve_demo(folder: Path) -> Iterator[int]:
    """The port of a demo, once its catalogue is found to be complete."""
    database_of(folder)  # or it would be drawn first
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    command = [sys.executable, "-m", "houndstooth", "demo", "--port", str(port)]
    server = subprocess.Popen([*command, "--folder", str(folder)], stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(server, port)
        state = "running"
        while state == "running":
            time.sleep(0.5)
            with urlopen(f"http://127.0.0.1:{port}/api/v1/progress") as answer:
                state = json.load(answer)["progress"]["state"]
        yield port
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.lighthouse",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=Path("var"), help="of a demo (var)")
    parser.add_argument("--lighthouse", metavar="FILE", help="the program (npx fetches it)")
    parser.add_argument("--pages", default=",".join(PAGES), help="%(default)s")
    parser.add_argument("--runs", type=int, default=3, help="of each (3)")
    given = parser.parse_args()
    program = [given.lighthouse] if given.lighthouse else ["npx", "--yes", LIGHTHOUSE]
    print(f"| page | device | {' | '.join(SCORES)} |\n|---|---|{'---|' * len(SCORES)}")
    with serve_demo(given.folder.resolve()) as port:
        for page in given.pages.split(","):
            for device, flags in DEVICES.items():
                address = f"http://127.0.0.1:{port}{PAGES[page]}"
                runs = [score(program, address, flags) for _ in range(given.runs)]
                best = max(runs, key=lambda run: run["performance"])
                row = " | ".join(str(best[name]) for name in SCORES)
                print(f"| {page} | {device} | {row} |", flush=True)


if __name__ == "__main__":
    main()
