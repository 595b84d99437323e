"""Feeds into a real SQLite engine, through the command and through the pipeline."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from houndstooth.ingest.__main__ import main
from houndstooth.ingest.images import folder_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import IN_FLIGHT, ingest_batch, ingest_feed
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import Engine, IndexDocument, WriteOutcome
from houndstooth.mappings.errors import EngineUnavailable, InvalidImage
from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines import open_engine
from tests.fakes import FakeExtractor

ROOT = Path(__file__).parents[2]
COLOURS = {"red": (200, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 200)}
TAXONOMY = Taxonomy.load()


def image(colour: str, size: int = 24) -> bytes:
    stream = io.BytesIO()
    picture = Image.new("RGB", (size, size), "white")
    picture.paste(COLOURS[colour], (0, 0, size // 2, size))
    picture.save(stream, "PNG")
    return stream.getvalue()


class Shop:
    """A feed's folder, an engine's file, and the command between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'engine' / 'catalogue.db'}"
        self.report: dict[str, Any] = {}
        (folder / "img").mkdir()
        for name in COLOURS:
            (folder / "img" / f"{name}.png").write_bytes(image(name))

    def write(self, rows: Sequence[dict[str, Any]], name: str = "feed.csv") -> Path:
        path = self.folder / name
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="") as stream:
            if name.endswith(".jsonl"):
                stream.writelines(json.dumps(row) + "\n" for row in rows)
            else:
                dialect = "excel-tab" if name.endswith(".tsv") else "excel"
                writer = csv.DictWriter(stream, columns, dialect=dialect)
                writer.writeheader()
                writer.writerows(rows)
        return path

    def ingest(self, feed: Path, *flags: str, extractor: FakeExtractor | None = None) -> int:
        report = self.folder / "report.json"
        status = main(
            [str(feed), "--engine", self.url, "--report", str(report), *flags],
            extractor=extractor or FakeExtractor(),
        )
        self.report = json.loads(report.read_text()) if report.exists() else {}
        return status

    def outcomes(self) -> list[tuple[str, str]]:
        return [(line["id"], line["outcome"]) for line in self.report["products"]]

    def stored(self, product_id: str) -> tuple[dict[str, Any], VisualDocument]:
        engine = open_engine(self.url)
        try:
            [product] = engine.fetch([product_id])
        finally:
            engine.close()
        assert product.visual is not None
        return dict(product.facts), product.visual

    def count(self) -> int:
        engine = open_engine(self.url)
        try:
            return engine.count()
        finally:
            engine.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def row(product_id: str, colour: str = "red", **more: Any) -> dict[str, Any]:
    title = f"Puma Men {product_id} Shirt"
    return {"id": product_id, "title": title, "image": f"img/{colour}.png", "price": "9.5"} | more


@pytest.mark.parametrize("name", ["feed.csv", "feed.tsv", "feed.jsonl"])
def test_a_feed_comes_in(shop: Shop, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    feed = shop.write([row("a"), row("b", "blue"), row("c", "green")], name)
    assert shop.ingest(feed, "--batch", "2") == 0
    assert shop.outcomes() == [("a", "written"), ("b", "written"), ("c", "written")]
    first = 1 if name.endswith(".jsonl") else 2
    assert [line["row"] for line in shop.report["products"]] == [first, first + 1, first + 2]
    assert shop.report["totals"] == {"written": 3, "unchanged": 0, "failed": 0}
    assert shop.report["model"] == "fake-1"
    assert shop.report["stopped"] is None
    assert shop.report["seconds"] >= 0
    facts, visual = shop.stored("b")
    assert facts == {
        **{"title": "Puma Men b Shirt", "image": "img/blue.png"},
        "price": 9.5,
    }
    assert visual.category == "shirt"
    assert visual.attributes == ("colour:blue", "gender:men")
    assert visual.from_text == ("gender:men", "shirt")
    assert "3 products in" in capsys.readouterr().out


def test_text_goes_before_the_image(shop: Shop) -> None:
    feed = shop.write([row("a", "red", title="Blue T-shirt"), row("b", "red", title="Thing")])
    assert shop.ingest(feed) == 0
    assert "colour:blue" in shop.stored("a")[1].attributes
    assert shop.stored("b")[1].category == "t-shirt"
    assert shop.stored("b")[1].from_text == ()


def test_a_second_time_nothing_is_recognised(shop: Shop) -> None:
    feed = shop.write([row("a"), row("b")])
    assert shop.ingest(feed) == 0
    before = shop.stored("a")[1]
    assert shop.ingest(feed, extractor=Unwilling()) == 0
    assert shop.report["totals"] == {"written": 0, "unchanged": 2, "failed": 0}
    assert shop.stored("a")[1].computed_at == before.computed_at


def test_a_price_alone_is_a_partial_update(shop: Shop) -> None:
    shop.ingest(shop.write([row("a", stock=3)]))
    before = shop.stored("a")[1]
    feed = shop.write([row("a", price="12.00 EUR", stock="")])
    assert shop.ingest(feed, extractor=Unwilling()) == 0
    facts, visual = shop.stored("a")
    assert (facts["price"], facts["currency"], facts["stock"]) == (12.0, "EUR", None)
    assert visual.to_json() == before.to_json()


def test_products_are_removed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.ingest(shop.write([row("a"), row("b"), row("c")]))
    assert main(["remove", "a", "c", "nobody", "--engine", shop.url]) == 0
    assert "2 of 3 products were there and are removed" in capsys.readouterr().out
    assert shop.count() == 1


def test_a_price_is_the_new_one_though_the_image_is_gone(shop: Shop) -> None:
    shop.ingest(shop.write([row("a")]))
    before = shop.stored("a")[1]
    lost = {"price": "12.00", "image": "img/gone.png"}
    assert shop.ingest(shop.write([row("a", **lost), row("b", **lost)])) == 1
    assert shop.outcomes() == [("a", "failed"), ("b", "failed")]
    facts, visual = shop.stored("a")
    assert (facts["price"], facts["image"]) == (12.0, "img/red.png")
    assert visual.to_json() == before.to_json()
    assert shop.count() == 1


def test_a_price_without_a_currency_leaves_the_currency(shop: Shop) -> None:
    shop.ingest(shop.write([row("a", currency="EUR")]))
    shop.ingest(shop.write([row("a", price="12.00")]), extractor=Unwilling())
    facts, _ = shop.stored("a")
    assert (facts["price"], facts["currency"]) == (12.0, "EUR")
    shop.ingest(shop.write([row("a", currency="")]), extractor=Unwilling())
    assert shop.stored("a")[0]["currency"] is None


def test_a_box_at_the_edge_can_be_read_back(shop: Shop) -> None:
    shop.ingest(shop.write([row("a", box="0.00125,0.1,0.99875,0.5")]))
    assert shop.stored("a")[1].box.as_list() == [0.0012, 0.1, 0.9988, 0.5]


def test_a_report_is_not_written_over_its_feed(shop: Shop) -> None:
    feed = shop.write([row("a")])
    before = feed.read_bytes()
    assert main([str(feed), "--engine", shop.url, "--report", str(feed)]) == 2
    assert feed.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Blue Dress"},
        {"category": "Dresses"},
        {"box": "0,0,0.5,1"},
        {"image": "img/2.png"},
    ],
)
def test_what_features_are_made_from_makes_them_again(shop: Shop, change: dict[str, str]) -> None:
    (shop.folder / "img" / "2.png").write_bytes(image("red", 25))
    shop.ingest(shop.write([row("a")]))
    before = shop.stored("a")[1].source_hash
    assert shop.ingest(shop.write([row("a", **change)])) == 0
    assert shop.outcomes() == [("a", "written")]
    assert shop.stored("a")[1].source_hash != before


def test_another_model_makes_features_again(shop: Shop) -> None:
    feed = shop.write([row("a")])
    shop.ingest(feed)
    newer = FakeExtractor()
    newer.model = "fake-2"
    assert shop.ingest(feed, extractor=Relabelled()) == 0
    assert shop.outcomes() == [("a", "written")]
    assert shop.stored("a")[1].model == "fake-2"


def test_each_bad_product_costs_only_itself(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    outside = shop.folder.parent / "secret.png"
    outside.write_bytes(image("red"))
    (shop.folder / "img" / "broken.png").write_bytes(image("red")[:40])
    (shop.folder / "img" / "text.png").write_text("not an image")
    (shop.folder / "img" / "large.png").write_bytes(image("red") + bytes(13_000_000))
    bad = {
        "missing": {"image": "img/none.png"},
        "folder": {"image": "img"},
        "broken": {"image": "img/broken.png"},
        "text": {"image": "img/text.png"},
        "large": {"image": "img/large.png"},
        "above": {"image": "../secret.png"},
        "around": {"image": "img/../../secret.png"},
        "absolute": {"image": str(outside)},
        "url": {"image": "http://127.0.0.1/a.png"},
        "scheme": {"image": "ftp://shop.example/a.png"},
        "nul": {"image": "img/\0.png"},
        "no-image": {"image": ""},
        "price": {"price": "free"},
        "stock": {"stock": "many"},
        "box": {"box": "0,0,3,3"},
        "good": {},
    }
    rows = [row("first"), *(row(key, **cells) for key, cells in bad.items()), row("last")]
    assert shop.ingest(shop.write([*rows, row("", "red")], "feed.jsonl"), "--batch", "4") == 1
    lines = {line["id"]: line for line in shop.report["products"]}
    assert len(lines) == len(rows) + 1
    good = {key for key, line in lines.items() if line["outcome"] == "written"}
    assert good == {"first", "good", "last"}
    assert shop.count() == 3
    expected = {
        "missing": "no such image file: 'img/none.png'",
        "folder": "no such image file",
        "broken": "expected an image",
        "large": "at most 12000000 bytes",
        "above": "leaves it by '..'",
        "around": "leaves it by '..'",
        "absolute": "is absolute and refused",
        "url": "expected an image at a public address; 127.0.0.1 is at 127.0.0.1",
        "scheme": "expected an http or https URL; got 'ftp://shop.example/a.png'",
        "no-image": "expected an image path or URL",
        "price": "expected a price",
        "stock": "expected a whole number as stock",
        "box": "expected a box",
        "": "expected a product id",
    }
    for key, reason in expected.items():
        assert reason in lines[key]["reason"]
    assert shop.report["totals"] == {"written": 3, "unchanged": 0, "failed": len(rows) - 2}
    assert shop.report["failed_by_type"]["unusable box"] == 1
    table = capsys.readouterr().out
    assert "unusable image" in table
    assert "line 2: no such image file" in table


def test_a_path_that_stays_inside_is_taken(shop: Shop) -> None:
    feed = shop.write([row("a", image="./img/../img/red.png")])
    assert shop.ingest(feed) == 0


def test_unreadable_lines_and_repeated_ids(shop: Shop) -> None:
    feed = shop.write([row("a"), row("b")])
    with feed.open("ab") as stream:
        stream.write(b"c,only two\n" + b"d,caf\xe9,img/red.png,1\n" + b"a,Again,img/red.png,1\n")
    assert shop.ingest(feed) == 1
    assert [line["row"] for line in shop.report["products"]] == [2, 3, 4, 5, 6]
    assert [line["outcome"] for line in shop.report["products"]] == ["written"] * 2 + ["failed"] * 3
    assert "stands on line 2 already" in shop.report["products"][4]["reason"]
    assert shop.stored("a")[0]["title"] == "Puma Men a Shirt"


def test_an_image_that_only_the_extractor_refuses(shop: Shop) -> None:
    feed = shop.write([row("a"), row("b", "green"), row("c")])
    assert shop.ingest(feed, extractor=DislikesGreen()) == 1
    assert shop.outcomes() == [("a", "written"), ("b", "failed"), ("c", "written")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.csv", None, "cannot open the feed"),
        ("empty.csv", "", "first line"),
        ("odd.csv", "sku,label,picture\n", "--columns id=sku,title=COLUMN,image=COLUMN"),
        ("array.json", "[]", "JSON array"),
    ],
)
def test_unusable_feeds(
    shop: Shop, name: str, text: str | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (shop.folder / name).write_text(text)
    assert shop.ingest(shop.folder / name) == 2
    assert message in capsys.readouterr().err
    assert shop.report == {}


def test_unusable_arguments(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    feed = shop.write([row("a")])
    assert shop.ingest(feed, "--columns", "title=nothing") == 2
    assert shop.ingest(feed, "--engine", "nonsense") == 2
    assert shop.ingest(feed, "--report", str(shop.folder / "no" / "report.json")) == 2
    assert "cannot write the report" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        shop.ingest(feed, "--batch", "0")
    with pytest.raises(SystemExit):
        shop.ingest(feed, "--celery", "--batch", "65")
    assert "at most 64 products for workers" in capsys.readouterr().err


def test_chosen_columns(shop: Shop) -> None:
    feed = shop.write([{"sku": "a", "label": "Blue Shirt", "picture": "img/red.png"}])
    assert shop.ingest(feed, "--columns", "id=sku,title=label,image=picture") == 0
    assert shop.stored("a")[0] == {"title": "Blue Shirt", "image": "img/red.png"}


# --- interrupted ------------------------------------------------------------------------------

SLOW = textwrap.dedent(
    """
    import os, sys, time
    from houndstooth.ingest.__main__ import main
    from tests.fakes import FakeExtractor

    class Slow(FakeExtractor):
        def extract(self, *arguments, **options):
            os.write(1, b"extracting\\n")
            time.sleep(0.2)
            return super().extract(*arguments, **options)

    sys.exit(main(sys.argv[1:], extractor=Slow()))
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
    assert shop.report["totals"] == {"written": 40 - written, "unchanged": written, "failed": 0}


# --- the pipeline -----------------------------------------------------------------------------


@pytest.fixture
def engine(shop: Shop) -> Iterator[Engine]:
    opened = open_engine(shop.url)
    opened.prepare()
    yield opened
    opened.close()


def entries(count: int, on_read: list[int] | None = None) -> Iterator[FeedProduct | Outcome]:
    for i in range(count):
        if on_read is not None:
            on_read.append(i)
        yield FeedProduct(i, Product(f"p{i}", "shirt", f"img/{list(COLOURS)[i % 3]}.png"))


def test_batch_outcomes_stand_in_order(shop: Shop, engine: Engine) -> None:
    products = [
        Product("a", "Red shirt", "img/red.png"),
        Product("b", "Shirt", "img/none.png"),
        Product("c", "Shirt", "img/red.png", box=Box(0, 0, 0.5, 1)),
    ]
    images = folder_images(shop.folder)
    for expected in (["written", "failed", "written"], ["unchanged", "failed", "unchanged"]):
        outcomes = ingest_batch(
            products,
            extractor=FakeExtractor(),
            engine=engine,
            taxonomy=TAXONOMY,
            load_image=images,
        )
        assert [outcome.product_id for outcome in outcomes] == ["a", "b", "c"]
        assert [outcome.status for outcome in outcomes] == expected
    [stored] = engine.fetch(["c"])
    assert stored.visual is not None
    assert stored.visual.box == Box(0, 0, 0.5, 1)


class Counting(FakeExtractor):
    """Counts what it decodes and looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.decoded = self.looks = 0

    def decode(self, data: bytes) -> Image.Image:
        self.decoded += 1
        return super().decode(data)

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        self.looks += len(images)
        return super().extract(images, categories, boxes)


def test_a_picture_that_variants_share_is_recognised_once(shop: Shop, engine: Engine) -> None:
    (shop.folder / "img/copy.png").write_bytes((shop.folder / "img/red.png").read_bytes())
    sizes = [Product(size, f"Shirt, {size}", "img/red.png") for size in ("S", "M", "L")]
    others = [
        Product("copied", "Shirt", "img/copy.png"),  # another file, the same picture
        Product("guided", "Jeans", "img/red.png"),
        Product("boxed", "Shirt", "img/red.png", box=Box(0, 0, 0.5, 1)),
        Product("gone", "Shirt", "img/none.png"),
    ]
    loaded: list[str] = []
    load = folder_images(shop.folder)

    def load_image(path: str) -> bytes:
        loaded.append(path)
        return load(path)

    extractor = Counting()
    outcomes = ingest_batch(
        [*sizes, *others],
        extractor=extractor,
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=load_image,
    )
    assert [outcome.status for outcome in outcomes] == ["written"] * 6 + ["failed"]
    assert sorted(loaded) == ["img/copy.png", "img/none.png", "img/red.png"]
    assert (extractor.decoded, extractor.looks) == (1, 3)
    stored = {one.product_id: one.visual for one in engine.fetch([*"SML", "guided", "boxed"])}
    assert [one and one.category for one in stored.values()] == ["shirt"] * 3 + ["jeans", "shirt"]
    assert stored["boxed"] and stored["boxed"].box == Box(0, 0, 0.5, 1)


def test_no_more_batches_are_in_flight_than_said(shop: Shop, engine: Engine) -> None:
    read: list[int] = []
    done = 0
    for outcomes in ingest_feed(
        entries(50, read),
        extractor=FakeExtractor(),
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=folder_images(shop.folder),
        batch=4,
    ):
        done += len(outcomes)
        assert len(read) <= done + IN_FLIGHT * 4
        assert outcomes[-1].row == done - 1
    assert done == len(read) == engine.count() == 50


def test_the_next_batch_is_read_while_the_networks_run(shop: Shop, engine: Engine) -> None:
    extractor = WaitsForNextBatch()
    images = folder_images(shop.folder)

    def load(reference: str) -> bytes:
        extractor.loaded.release()
        return images(reference)

    batches = ingest_feed(
        entries(4),
        extractor=extractor,
        engine=engine,
        taxonomy=TAXONOMY,
        load_image=load,
        batch=2,
    )
    assert [outcome.status for batch in batches for outcome in batch] == ["written"] * 4


def test_what_the_engine_refuses_is_reported(shop: Shop) -> None:
    outcomes = ingest_batch(
        [Product("good", "shirt", "img/red.png"), Product("bad", "shirt", "img/red.png")],
        extractor=FakeExtractor(),
        engine=Picky(),
        taxonomy=TAXONOMY,
        load_image=folder_images(shop.folder),
    )
    assert outcomes == [
        Outcome("good", "written"),
        Outcome("bad", "failed", "too busy", "refused by the engine", retryable=True),
    ]


def test_an_engine_that_goes_away_ends_the_ingest_with_a_report(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "houndstooth.ingest.__main__.open_engine", lambda url: Vanishing(open_engine(url))
    )
    assert shop.ingest(shop.write([row(f"p{i}") for i in range(10)]), "--batch", "2") == 1
    assert shop.report["stopped"] == "gone"
    assert shop.report["totals"]["written"] == shop.count() == 4
    assert "stopped early: gone" in capsys.readouterr().out


class Unwilling(FakeExtractor):
    """Nothing is left for the networks to do."""

    def extract(self, *_: Any, **__: Any) -> list[Features]:
        raise AssertionError("expected no image to be recognised")


class Relabelled(FakeExtractor):
    model = "fake-2"


class DislikesGreen(FakeExtractor):
    """Refuses a batch with a green image in it, as an extractor may that sees too late."""

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        if any(picture.getpixel((0, 0)) == COLOURS["green"] for picture in images):
            raise InvalidImage("expected no green")
        return super().extract(images, categories, boxes)


class WaitsForNextBatch(FakeExtractor):
    """Extracts only when the images of the batch after it have been loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded = threading.Semaphore(0)
        self.batches = 0

    def extract(self, *arguments: Any, **options: Any) -> list[Features]:
        self.batches += 1
        for _ in range(4 if self.batches == 1 else 0):
            assert self.loaded.acquire(timeout=30)
        return super().extract(*arguments, **options)


class Picky:
    """An engine that refuses one product."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"expected no use of {name}")

    def source_hashes(self, product_ids: Sequence[str], model: str) -> dict[str, str]:
        return {}

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        return [
            WriteOutcome(d.product_id, "too busy" if d.product_id == "bad" else None, True)
            for d in documents
        ]


class Vanishing:
    """An engine that is away from its third write on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        self.writes += 1
        if self.writes > 2:
            raise EngineUnavailable("gone")
        return self.engine.write(documents)
