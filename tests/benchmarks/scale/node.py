"""Run the OpenSearch node of the benchmark: that of ``.ci/engines`` and what the rivals need.

``python -m tests.benchmarks.scale.node start|stop [--port 9480] [--heap 4g]``

The node has the k-NN plugin and painless, a heap of the size given and the optimising compiler. Its
program and its data stand in a cache folder outside the checkout; data is kept.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.benchmarks.scale.features import ROOT

PORT = 9480
HEAP = "1g"
VERSION = "3.4.0"
"""The newest OpenSearch that has a k-NN plugin without native libraries to run with."""

POM = Path(__file__).with_name("pom.xml")
PAINLESS = """\
description=Painless scripts
version={version}
name=lang-painless
classname=org.opensearch.painless.PainlessModulePlugin
java.version=21
opensearch.version={version}
custom.foldername=
extended.plugins=
has.native.controller=false
"""
"""Descriptor of the module, which its jar lacks."""

QUICK_START = (
    *("-Xms", "-Xmx", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel"),
    *("-XX:SharedArchiveFile", "-XX:+AutoCreateSharedArchive"),
)
"""Options of the tests' node that this one replaces or does without."""


def node_script() -> ModuleType:
    """Import ``.ci/engines/node``, which is a command without a suffix."""
    path = str(ROOT / ".ci" / "engines" / "node")
    loader = importlib.machinery.SourceFileLoader("engine_node", path)
    spec = importlib.util.spec_from_loader("engine_node", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine_node"] = module  # its dataclasses and annotations look there
    loader.exec_module(module)
    return module


class BenchmarkNode:
    """One node, which is started unless it runs.

    Args:
        port: Port on 127.0.0.1.
        heap: Size of the Java heap, such as ``4g``.
        cache: Folder of the program, the data and the log.
    """

    def __init__(self, port: int = PORT, heap: str = HEAP, cache: Path | None = None) -> None:
        self.script = node_script()
        folder = cache or self.script.default_cache().with_name("opensearch-bench")
        self.node = self._make(folder.absolute(), port, heap)
        self.data = folder.absolute() / "data" / str(port)
        self.port = port

    def start(self) -> None:
        """Assemble the program the first time, start the node and wait until it answers."""
        home = self.script.assemble(self.node.cache, self.node.release)
        add_rivals(home, self.node.cache, VERSION)
        self.node.start(self.data)

    def stop(self) -> None:
        """Stop the node by its process id and keep its data."""
        self.node.stop()

    def resident_bytes(self) -> int:
        """Return the node's resident memory."""
        status = Path(f"/proc/{self.node.pid()}/status").read_text(encoding="utf-8")
        [line] = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return 1024 * int(line.split()[1])

    def _make(self, cache: Path, port: int, heap: str) -> Any:
        class Tuned(self.script.Node):  # type: ignore[name-defined, misc]
            def opensearch(self, java: str, home: Path, folders: dict[str, Path]) -> Any:
                (first, *options), environment = super().opensearch(java, home, folders)
                kept = [option for option in options if not option.startswith(QUICK_START)]
                memory = [f"-Xms{heap}", f"-Xmx{heap}", "--add-modules=jdk.incubator.vector"]
                return [first, *memory, *kept], environment

        return Tuned(cache, port, self.script.Release("opensearch", VERSION))


def add_rivals(home: Path, cache: Path, version: str) -> None:
    """Add painless and the k-NN plugin to the node's program, by Maven, once."""
    descriptor = home / "modules" / "lang-painless" / "plugin-descriptor.properties"
    if descriptor.exists():
        return
    fetched = cache / "rivals"
    shutil.rmtree(fetched, ignore_errors=True)
    options = ["--batch-mode", "--no-transfer-progress", "--quiet", "--strict-checksums"]
    goal = [f"-Dhome={fetched}", f"-Dopensearch.version={version}", "process-resources"]
    maven = shutil.which("mvn")
    if maven is None:
        sys.exit("expected Maven (mvn) in PATH, to fetch the k-NN plugin; run .ci/setup bench")
    subprocess.run([maven, *options, "-f", POM, *goal], check=True)
    for part in ("modules/lang-painless", "plugins/opensearch-knn"):
        shutil.rmtree(home / part, ignore_errors=True)
        shutil.move(fetched / part, home / part)
    descriptor.write_text(PAINLESS.format(version=version), encoding="utf-8")
    shutil.rmtree(fetched)


def main() -> None:
    """Start or stop the node."""
    os.umask(0o022)
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.node")
    parser.add_argument("command", choices=["start", "stop"])
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--heap", default=HEAP, help="Java heap (default: %(default)s)")
    options = parser.parse_args()
    node = BenchmarkNode(options.port, options.heap)
    node.start() if options.command == "start" else node.stop()


if __name__ == "__main__":
    main()
