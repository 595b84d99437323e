"""Another encoder comes to serve while feeds, REST and searches go on."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from houndstooth.commands import main
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.migration import switching
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.patient_engine import Waiting
from houndstooth.ingest.pipeline import ingest_batch
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.times import now_ms
from houndstooth.mappings.writes import IndexDocument
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.access import Access
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine, open_shop_index
from houndstooth.plugin.engines.serving import followed
from houndstooth.plugin.keys import make_key
from houndstooth.web import app as web_app
from houndstooth.web import version_follower
from houndstooth.web.app import create_app
from tests.integration.engines.conftest import new_index
from tests.onnx_encoders import build, card_of

TAXONOMY = Taxonomy.load()
COUNT, UNTOUCHED = 12, 4
"""Products at the beginning, and those of them that the load does not write."""


@dataclass
class Catalogue:
    """Products with pictures in a folder, and the card of an encoder."""

    folder: Path
    card: Path
    extractor: ImageExtractor
    url: str = ""

    def product(self, number: int, title: str = "Red cotton t-shirt") -> Product:
        facts = {"title": title, "image": f"{number}.png", "price": 10.0 + number}
        return Product(str(number), title, [f"{number}.png"], facts=facts)

    def ingest(self, *products: Product, url: str = "", extractor: Any = None) -> None:
        engine = open_engine(url or self.url)
        engine.prepare()
        outcomes = ingest_batch(
            products,
            extractor=extractor or self.extractor,
            engine=engine,
            taxonomy=TAXONOMY,
            load_image=lambda name: (self.folder / name).read_bytes(),
        )
        assert [one.reason for one in outcomes if one.status == "failed"] == []
        engine.refresh()
        engine.close()

    def migrate(self, *arguments: str) -> int:
        return main(["migrate", "--engine", self.url, "--images", str(self.folder), *arguments])

    def places(self, keys: Collection[str]) -> dict[str, tuple[int, int]]:
        """Numbers of the last writes."""
        index = open_shop_index(self.url)
        index.refresh()
        found = {
            one.product_id: one.place for page in index.documents(["title"])[1] for one in page
        }
        index.close()
        return {key: found[key] for key in keys}

    def versions(self, name: str) -> dict[str, VisualDocument | None]:
        engine = open_engine(f"{self.url}?visual={name}")
        found = engine.fetch([str(n) for n in range(2 * COUNT)])
        engine.close()
        return {one.product_id: one.visual for one in found}


def picture(number: int) -> bytes:
    """A garment-like shape of a colour and a place of its own."""
    image = Image.new("RGB", (120, 160), "white")
    chance = np.random.default_rng(number)
    colour = tuple(chance.integers(0, 200, 3).tolist())
    image.paste(colour, (20 + number % 7, 20 + number, 80 + number % 5, 150))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("migrate")
    for number in range(2 * COUNT):
        (folder / f"{number}.png").write_bytes(picture(number))
    card_of(build(folder / "m.onnx"), region="item")
    return Catalogue(folder, folder / "tiny-7.json", load_extractor(TAXONOMY, threads=1))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "QUIET_SECONDS", 0.5)
    monkeypatch.setattr(switching, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(version_follower, "LOOK_SECONDS", 0.1)


@pytest.fixture
def shop(drawn: Catalogue, elasticsearch_url: str) -> Iterator[Catalogue]:
    with new_index(elasticsearch_url) as url:
        shop = replace(drawn, url=url)
        shop.ingest(*map(shop.product, range(COUNT)))
        yield shop


def test_codes_are_those_of_a_feed(shop: Catalogue) -> None:
    """And nothing else is: the next feed finds nothing to do."""
    assert shop.migrate("--encoder", str(shop.card), "--rate", "1000") == 0
    settings = followed(Settings(engine=shop.url))
    assert (settings.engine, settings.encoder) == (f"{shop.url}?visual=visual_2", shop.card)
    extractor = load_extractor(TAXONOMY, encoder=shop.card.with_suffix(""), threads=1)
    found = shop.versions("visual_2")
    assert len(found) == COUNT
    assert {visual.model for visual in found.values() if visual} == {extractor.model}
    shop.ingest(
        *map(shop.product, range(COUNT)), url=f"{shop.url}?visual=visual_3", extractor=extractor
    )
    for key, fed in shop.versions("visual_3").items():
        made, fed_again = found[key], fed
        assert made and fed_again
        left_out = {"computed_at": ""}
        assert made.to_json() | left_out == fed_again.to_json() | left_out


def test_nothing_fails_and_no_write_is_missed_under_load(
    drawn: Catalogue,
    opensearch_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is killed in the middle, and goes on; searches and a worker's feed go on throughout."""
    read: list[str] = []
    monkeypatch.setattr(web_app, "sessions_of", lambda events, _: read.append(events) or ())
    with new_index(opensearch_url) as url:
        shop = replace(drawn, url=url)
        shop.ingest(*map(shop.product, range(COUNT)))
        _kill_in_the_middle(shop)
        made = {key for key, visual in shop.versions("visual_2").items() if visual is not None}
        assert 0 < len(made) < COUNT
        places = shop.places(made & {*map(str, range(UNTOUCHED))})
        key, record = make_key(["ingest"])
        app = create_app(
            Settings(
                engine=url,
                access=Access(key_records=(record,)),
                jobs=tmp_path / "jobs",
                columns=tmp_path / "columns",
                look_events="events.jsonl",
            )
        )
        backend = app.extensions["houndstooth"]
        old_model, load = backend.extractor.model, _Load(shop, app.test_client)
        with load:
            assert shop.migrate("--encoder", str(shop.card)) == 0
            _wait_until(lambda: backend.extractor.model != old_model)
            time.sleep(0.5)
        assert load.errors == []
        assert load.searches > 5
        assert places, "some were done before it was killed"
        assert shop.places(places) == places, "and are not written again"
        price = {"facts": {"price": 10.0}}
        headers = {"Authorization": f"Bearer {key}"}
        patched = app.test_client().patch("/api/v1/products/0", json=price, headers=headers)
        assert patched.status_code == 200, patched.text
        _check_written(shop, load, "visual_2", backend.extractor.model)
        # Back again: what was written meanwhile comes along.
        with load:
            assert shop.migrate("--rollback") == 0
            _wait_until(lambda: backend.extractor.model == old_model)
        assert load.errors == []
        assert read == ["events.jsonl"], "events are read once, whatever serves"
        _check_written(shop, load, "visual", old_model)
        assert "find themselves first" in capsys.readouterr().out
        _check_retired(shop)
        assert shop.migrate("--drop", "--yes") == 0
        assert set(shop.versions("visual_2").values()) == {None}
        _check_written(shop, load, "visual", old_model)
        _check_retired(shop)
        backend.search.close()


def _check_retired(shop: Catalogue) -> None:
    """Whoever still has the version before can neither write nor delete by its old times."""
    engine, now = open_engine(f"{shop.url}?visual=visual_2"), now_ms()
    engine.refresh()
    before = engine.count()
    for ask in (
        lambda: engine.write([IndexDocument("0", {"price": 1.0}, as_of=now)]),
        lambda: engine.outdated(now),
        lambda: engine.delete_outdated(now, (), 100),
        lambda: engine.delete(["0"], now),
    ):
        with pytest.raises(IndexReplaced):
            ask()
    engine.refresh()
    assert engine.count() == before
    engine.close()


def _kill_in_the_middle(shop: Catalogue) -> None:
    words = ("migrate", "--engine", shop.url, "--images", str(shop.folder), "--rate", "8")
    line = [sys.executable, "-m", "houndstooth", *words, "--encoder", str(shop.card)]
    process = subprocess.Popen(line, stderr=subprocess.DEVNULL)
    _wait_until(lambda: process.poll() is not None or any(shop.versions("visual_2").values()))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def _check_written(shop: Catalogue, load: _Load, name: str, model: str) -> None:
    """All that was written is there, in features of that model, with the last price."""
    engine = open_engine(f"{shop.url}?visual={name}")
    found = {one.product_id: one for one in engine.fetch([str(n) for n in range(2 * COUNT)])}
    engine.close()
    assert found.keys() == {*map(str, range(COUNT)), *load.prices}
    for key, stored in found.items():
        assert stored.visual is not None, key
        assert stored.visual.model == model, key
        assert stored.facts["price"] == load.prices.get(key, 10.0 + int(key)), key


class _Load:
    """Searches, and a worker that writes prices, titles and new products, until the end."""

    def __init__(self, shop: Catalogue, client: Any) -> None:
        self.errors: list[str] = []
        self.prices: dict[str, float] = {}
        self.searches = self.written = 0
        self._shop, self._client, self._stop = shop, client, Event()
        self._worker = IngestApp(Settings(engine=shop.url))
        self._request = JobRequest(shop.folder / "feed.csv", "", shop.url, ReadOptions(), 8)

    def __enter__(self) -> None:
        self._stop.clear()
        self._threads = [Thread(target=run) for run in (self._search, self._write)]
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _search(self) -> None:
        client = self._client()
        while not self._stop.wait(0.2):
            data = {"image": (io.BytesIO(picture(self.searches % COUNT)), "p.png")}
            answer = client.post("/api/v1/search", data=data)
            if answer.status_code != 200 or not answer.json["hits"]:
                self.errors.append(f"{answer.status_code} {answer.text[:200]}")
            self.searches += 1

    def _write(self) -> None:
        outage = Waiting(60, self._stop, lambda _: None)
        while not self._stop.wait(0.2):
            number = UNTOUCHED + self.written % (2 * COUNT - UNTOUCHED)
            self.written += 1
            product = self._shop.product(number, f"Shirt {self.written % 7}")
            product = replace(product, facts={**(product.facts or {}), "price": self.written})
            try:
                entries = [FeedProduct(0, product)]
                [outcome], _ = self._worker.ingest(self._request, entries, outage)
            except EngineUnavailable:
                if self._stop.is_set():
                    return  # it was not told as written
                raise
            if outcome.status == "failed":
                self.errors.append(str(outcome.reason))
            self.prices[str(number)] = float(self.written)


def _wait_until(condition: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)
