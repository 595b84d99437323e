"""Run the contract of engines on every release, and write the table of ``docs/engines.md``.

``python -m tests.engines [RELEASE ...]``; without a release, on all of ``RELEASES``.

Each release runs in a node of its own, which is fetched, started and stopped. A release that was
not run keeps its row. The exit status is 1 if a test failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
CONTRACT = "tests/integration/engines"
DOCUMENT = ROOT / "docs" / "engines.md"
RELEASES = ("opensearch-2.19.4", "opensearch-3.8.0", "elasticsearch-8.19.21", "elasticsearch-9.2.0")
NAMES = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}
RESULTS = ("passed", "failed", "skipped")
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
HEAD = f"| engine | version | {' | '.join(RESULTS)} |\n|---|---|---|---|---|"


def main() -> None:
    """Run the contract on the releases that were named, and write their rows."""
    counts = {release: run(release) for release in sys.argv[1:] or RELEASES}
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_rows(text, counts), encoding="utf-8")
    sys.exit(1 if any(count["failed"] for count in counts.values()) else 0)


def run(release: str) -> Counter[str]:
    """Run the contract on one release; return how many tests passed, failed and were skipped."""
    engine = release.partition("-")[0]
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = ("-q", "-p", "no:cacheprovider", CONTRACT, "-k", engine, f"--junit-xml={report}")
        environment = {**os.environ, f"HOUNDSTOOTH_TEST_{engine.upper()}": release}
        subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, env=environment)
        if not report.exists():
            sys.exit(f"expected a report of the tests on {release}; pytest made none")
        return count(report.read_text(encoding="utf-8"), engine)


def count(report: str, engine: str) -> Counter[str]:
    """Count the results in a JUnit report, of tests with this engine among their parameters."""
    counts: Counter[str] = Counter()
    for case in ElementTree.fromstring(report).iter("testcase"):
        if engine in case.get("name", "").partition("[")[2]:
            kinds = {child.tag for child in case}
            failed = not kinds.isdisjoint(("failure", "error"))
            counts["failed" if failed else "skipped" if "skipped" in kinds else "passed"] += 1
    return counts


def with_rows(text: str, counts: dict[str, Counter[str]]) -> str:
    """Put rows into the table of a document, in the place of those of the same releases."""
    before, _, rest = text.partition(BEGIN)
    old, found, after = rest.partition(END)
    if not found:
        sys.exit(f"expected {BEGIN} and {END} in {DOCUMENT.name}; they are not there")
    rows = {tuple(line.split(" | ")[:2]): line for line in old.strip().splitlines()[2:]}
    for release, results in counts.items():
        engine, _, version = release.partition("-")
        cells = (f"| {NAMES[engine]}", version, *(str(results[name]) for name in RESULTS))
        rows[cells[:2]] = f"{' | '.join(cells)} |"
    table = "\n".join((HEAD, *sorted(rows.values())))
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    main()
