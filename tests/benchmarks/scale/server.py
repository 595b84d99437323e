"""Answer searches by features on a loopback socket, a JSON line each way.

The benchmark starts this file with a checkout's folder as PYTHONPATH: this build, or an earlier one
to compare with. It therefore imports nothing of the benchmark.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import json
import socketserver
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from houndstooth.mappings.features import Box, Features, ScoredTerm
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin import service
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.filters import parse_filter

Answer = Callable[[Features, SearchRequest], SearchAnswer]


@dataclasses.dataclass(frozen=True)
class NoExtractor:
    """An extractor of which only the name is needed, and the bytes of a code and a histogram."""

    model: str
    lengths: tuple[int, int]


def main() -> None:
    """Open the search, say the port and how long opening took, and serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--lengths", type=int, nargs=2, default=(0, 0))
    parser.add_argument("--columns", type=Path, help="folder of resident columns; none without")
    options = parser.parse_args()
    started = time.perf_counter()
    search = open_search(options.engine, options.model, tuple(options.lengths), options.columns)
    answer = answer_function(search)
    with Server(("127.0.0.1", 0), handler(answer)) as server:
        ready = {"port": server.server_address[1], "seconds": time.perf_counter() - started}
        print(json.dumps(ready), flush=True)
        server.serve_forever()


class Server(socketserver.ThreadingTCPServer):
    """A thread for each client."""

    daemon_threads = True
    request_queue_size = 64


def open_search(engine: str, model: str, lengths: tuple[int, int], columns: Path | None) -> Any:
    """Open the search of the checkout."""
    settings = Settings(engine=engine)
    if hasattr(settings, "columns"):
        settings = dataclasses.replace(settings, columns=columns)
    opened = open_engine(engine)
    search = service.VisualSearch(NoExtractor(model, lengths), opened, Taxonomy.load(), settings)
    if columns is not None:
        search.columns.sync()  # so that no query is answered before they are there
        search.follow()
    return search


def answer_function(search: Any) -> Answer:
    """Return the checkout's function from features to an answer."""
    if hasattr(search, "search_features"):
        found: Answer = search.search_features
        return found
    return lambda features, request: search._answer(features, request, service._Clock())


def handler(answer: Answer) -> type[socketserver.StreamRequestHandler]:
    """Return the class that handles a client's connection."""

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            for line in self.rfile:
                try:
                    result = reply(answer, json.loads(line))
                except Exception as error:
                    result = {"error": repr(error)}
                self.wfile.write(json.dumps(result).encode() + b"\n")
                self.wfile.flush()

    return Handler


def reply(answer: Answer, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one query."""
    request = SearchRequest(
        category=asked["category"],
        filters=tuple(parse_filter(text) for text in asked["filters"]),
        top=asked["top"],
        appearance_weight=asked["appearance_weight"],
    )
    features = Features(
        categories=(ScoredTerm(asked["category"], 1.0),),
        category_source="chosen",
        attributes=tuple(ScoredTerm(*term) for term in asked["attributes"]),
        box=Box(0.0, 0.0, 1.0, 1.0),
        box_source="whole",
        binary_code=np.frombuffer(base64.b64decode(asked["binary_code"]), dtype=np.uint8),
        colour_histogram=np.frombuffer(base64.b64decode(asked["colour_histogram"]), dtype=np.uint8),
        model=asked["model"],
    )
    found = answer(features, request)
    return {
        "ids": [hit.product_id for hit in found.hits],
        "relaxed": found.relaxed,
        "took_ms": dict(found.took_ms),
    }


if __name__ == "__main__":
    sys.exit(main())
