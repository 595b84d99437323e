"""Search by Houndstooth in a process of its own: this build, or an earlier one."""

from __future__ import annotations

import base64
import json
import os
import selectors
import socket
import subprocess
import sys
from pathlib import Path
from threading import local
from typing import Any

from houndstooth.mappings.engine import Filter, RangeFilter
from tests.benchmarks.scale.catalogue import Catalogue
from tests.benchmarks.scale.features import ROOT
from tests.benchmarks.scale.load import Node, index_name
from tests.benchmarks.scale.queries import Query
from tests.benchmarks.scale.reference import Truth
from tests.benchmarks.scale.rivals import Page, Way

SERVER = Path(__file__).with_name("server.py")
START_SECONDS = 900
STAGES = ("candidates", "rerank", "fetch")


class Ours(Way):
    """Houndstooth on the node's index.

    Args:
        name: Name in tables.
        checkout: Folder of the build.
        columns: Folder of its resident columns; None = the engine alone.

    Attributes:
        ready_seconds: Time until it could answer, with what it built or loaded.

    Raises:
        RuntimeError: It did not start.
    """

    def __init__(
        self,
        name: str,
        node: Node,
        catalogue: Catalogue,
        *,
        checkout: Path = ROOT,
        columns: Path | None = None,
    ) -> None:
        self.name = name  # type: ignore[misc]
        index = index_name("ours", catalogue)
        command = [sys.executable, str(SERVER), "--model", catalogue.model]
        lengths = catalogue.codes.shape[1], catalogue.histograms.shape[1]
        command += ["--lengths", *map(str, lengths)] if checkout == ROOT else []
        command += ["--engine", f"opensearch://127.0.0.1:{node.port}/{index}"]
        command += ["--columns", str(columns)] if columns else []
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            command,
            cwd=checkout,
            env={**os.environ, **threads, "PYTHONPATH": str(checkout)},
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self._first_line()
        self.port, self.ready_seconds = ready["port"], float(ready["seconds"])
        self._local = local()

    def search(self, asked: Query, truth: Truth) -> Page:
        """Send the query's features and read the page and the stages' times."""
        answer = self._ask(self._request(asked))
        took = answer["took_ms"]
        stages = {stage: float(took.get(stage, 0.0)) for stage in STAGES}
        return Page(answer["ids"], {**stages, "sum": sum(stages.values())})

    def resident_bytes(self) -> dict[str, int]:
        """Return the process's resident memory: all, and that mapped from files."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return {key: 1024 * int(lines[key].split()[0]) for key in ("VmRSS", "RssFile", "RssAnon")}

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(30)

    def _request(self, asked: Query) -> dict[str, Any]:
        features, request = asked.features, asked.request
        return {
            "model": features.model,
            "category": asked.category,
            "attributes": [[term.term, term.confidence] for term in features.attributes],
            "binary_code": base64.b64encode(features.binary_code.tobytes()).decode("ascii"),
            "colour_histogram": base64.b64encode(features.colour_histogram.tobytes()).decode(),
            "filters": [filter_text(one) for one in request.filters],
            "top": request.top,
            "appearance_weight": request.appearance_weight,
        }

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        stream = getattr(self._local, "stream", None)
        if stream is None:
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = self._local.stream = connection.makefile("rwb")
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        line = stream.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise RuntimeError(f"{self.name}: {answer['error']}")
        return answer

    def _first_line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            ready = selector.select(START_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"expected {self.name} to start; it did not")
        answer: dict[str, Any] = json.loads(line)
        return answer


def filter_text(one: Filter) -> str:
    """Write a filter as it stands on the command line."""
    if isinstance(one, RangeFilter):
        return f"{one.field}={one.low}..{one.high}"
    return f"{one.field}={one.value}"
