"""Products, feeds and arguments that cannot be used cost only themselves."""

from __future__ import annotations

import pytest

from tests.integration.ingest.fakes import DislikesGreen
from tests.integration.ingest.shop import Shop, image, row
from tests.totals import totals


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
    assert good == {"first", "good", "last", "price", "stock"}
    assert shop.count() == 5
    expected = {
        "missing": "no such image file: 'img/none.png'",
        "folder": "no such image file",
        "broken": "expected an image",
        "large": "at most 12000000 bytes",
        "above": "leaves it by '..'",
        "around": "leaves it by '..'",
        "absolute": "no such image file",
        "url": "expected an image at a public address; that of 127.0.0.1 is not",
        "scheme": "expected an http or https URL; got 'ftp://shop.example/a.png'",
        "no-image": "expected an image path or URL",
        "box": "expected a box",
        "": "expected a product id",
    }
    for key, reason in expected.items():
        assert reason in lines[key]["reason"]
    assert shop.report["totals"] == totals(written=5, failed=len(rows) - 4)
    assert shop.report["failed_by_type"]["unusable box"] == 1
    table = capsys.readouterr().out
    assert "unusable image" in table
    assert "line 2: no such image file" in table


def test_unreadable_lines_and_repeated_ids(shop: Shop) -> None:
    feed = shop.write([row("a"), row("b")])
    with feed.open("ab") as stream:
        stream.write(b"c,only two\n" + b"d,caf\xe9,img/red.png,1\n" + b"a,Again,img/red.png,1\n")
    assert shop.ingest(feed) == 1
    assert [line["row"] for line in shop.report["products"]] == [2, 3, 4, 5, 6]
    assert [line["outcome"] for line in shop.report["products"]] == [
        *("written", "written", "failed", "written", "failed")
    ]
    assert "stands on line 2 already" in shop.report["products"][4]["reason"]
    assert shop.stored("a")[0]["title"] == "Puma Men a Shirt"
    assert shop.stored("d")[0]["title"] == "café"


def test_an_image_that_only_the_extractor_refuses(shop: Shop) -> None:
    feed = shop.write([row("a"), row("b", "green"), row("c")])
    assert shop.ingest(feed, extractor=DislikesGreen()) == 1
    assert shop.outcomes() == [("a", "written"), ("b", "failed"), ("c", "written")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.csv", None, "cannot open the feed"),
        ("empty.csv", "", "empty file"),
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
    assert shop.ingest(feed, "--batch", "0") == 2
    assert shop.ingest(feed, "--celery", "--batch", "65") == 2
    assert "at most 16 products for workers, of 4 images each" in capsys.readouterr().err
