"""An ingest that is interrupted, killed, or loses its engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from houndstooth.ingest.pipeline import IN_FLIGHT
from houndstooth.plugin.engines import open_engine
from tests.integration.ingest.fakes import Vanishing
from tests.integration.ingest.shop import ROOT, Shop, row
from tests.totals import totals

SLOW = textwrap.dedent(
    """
    import os, sys, time
    from houndstooth.commands import main
    from houndstooth.ingest.views import RecentFeatures, extract_images
    from tests.fakes import FakeExtractor

    class Slow(FakeExtractor):
        def extract(self, *arguments, **options):
            os.write(1, b"extracting\\n")
            time.sleep(0.2)
            return super().extract(*arguments, **options)

    # The products share one image, which is to be extracted in each batch.
    RecentFeatures.extract = lambda recent, wanted: extract_images(recent.extractor, wanted)
    sys.exit(main(["ingest", *sys.argv[1:]], extractor=Slow()))
    """
)


def start_slow(shop: Shop, feed: Path, report: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOW, str(feed), "--engine", shop.url]
    process = subprocess.Popen(
        [*command, "--report", str(report), "--batch", "2"],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    for _ in range(IN_FLIGHT + 1):
        assert process.stdout.readline() == "extracting\n"
    return process


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupt_ends_the_batch_and_reports_what_was_written(
    shop: Shop, stop: signal.Signals
) -> None:
    feed = shop.write([row(f"p{i:03}") for i in range(200)])
    report = shop.folder / "slow.json"
    process = start_slow(shop, feed, report)
    process.send_signal(stop)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped early: interrupted" in output
    assert "Traceback" not in errors
    written = json.loads(report.read_text())["products"]
    assert 4 <= len(written) == shop.count() < 200
    assert shop.ingest(feed) == 0
    assert shop.report["totals"]["unchanged"] == len(written)
    assert shop.count() == 200


def test_a_killed_ingest_goes_on_where_it_was(shop: Shop) -> None:
    feed = shop.write([row(f"p{i:03}") for i in range(40)])
    process = start_slow(shop, feed, shop.folder / "slow.json")
    process.kill()
    process.communicate(timeout=60)
    written = shop.count()
    # A batch beyond those in flight begins when the first is written, not before.
    assert 2 <= written < 40
    assert shop.ingest(feed) == 0
    assert shop.report["totals"] == totals(written=40 - written, unchanged=written)


def test_an_engine_that_goes_away_ends_the_ingest_with_a_report(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_PATIENCE", "0")
    monkeypatch.setattr(
        "houndstooth.plugin.engines.open_engine", lambda *where: Vanishing(open_engine(*where))
    )
    assert shop.ingest(shop.write([row(f"p{i}") for i in range(10)]), "--batch", "2") == 1
    assert shop.report["stopped"] == "gone"
    assert shop.report["totals"]["written"] == shop.count() == 4
    assert "stopped early: gone" in capsys.readouterr().out
