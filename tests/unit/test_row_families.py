"""Rows that name their parents or children, wherever these stand."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from houndstooth.ingest.columns import read_as
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.formats.row import Block, each_row
from houndstooth.ingest.options import ReadOptions, parse_options
from houndstooth.ingest.products import read_products
from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from tests.unit.test_platforms import Read

MAGENTO = "sku,store_view_code,product_type,name,price,base_image,configurable_variations\n"


@pytest.mark.parametrize(
    ("rows", "ids"),
    [
        ("A,,configurable,A,1,a.jpg,sku=A\n", ["A"]),
        ("A,,configurable,A,1,a.jpg,sku=B\nB,,configurable,B,1,b.jpg,sku=A\n", ["A", "B"]),
        ("A,,configurable,A,1,a.jpg,sku=none\n", ["A"]),
        (
            "A,,configurable,A,1,a.jpg,sku=B\nC,,configurable,C,1,c.jpg,sku=B\nB,,simple,B,1,,\n",
            "BC",
        ),
    ],
)
def test_no_row_is_lost_whatever_rows_say_of_each_other(
    tmp_path: Path, rows: str, ids: list[str]
) -> None:
    read = Read(tmp_path / "feed.csv", MAGENTO + rows)
    assert sorted(read.products) == [*ids]


def test_a_chain_of_parents_ends_after_one(tmp_path: Path) -> None:
    read = Read(
        tmp_path / "feed.csv",
        """\
ID,Type,SKU,Name,Published,Regular price,Images,Parent
1,variation,a,A,1,9,a.jpg,b
2,variation,b,B,1,9,b.jpg,c
3,variable,c,C,1,9,c.jpg,
""",
    )
    assert read.facts("group") == {"a": (None,), "b": ("c",)}


def test_rows_of_one_id_are_further_images_unless_they_have_a_title(tmp_path: Path) -> None:
    read = Read(
        tmp_path / "feed.csv",
        "id,title,image\na,A,1.jpg\na,,2.jpg\na,,1.jpg\nb,B,3.jpg\nb,B again,4.jpg\n",
    )
    assert read.images() == {"a": ("1.jpg", "2.jpg"), "b": ("3.jpg",)}
    assert [(o.row, o.failure_type) for o in read.outcomes] == [(6, "duplicate id")]
    assert read.reading.counts.folded == 2


def test_outcomes_stand_in_the_order_of_rows(tmp_path: Path) -> None:
    read = Read(tmp_path / "feed.jsonl", '{"id":1,"title":"A","image":"a.jpg"}\n{\n[]\n')
    assert [outcome.row for outcome in read.outcomes] == [2, 3]


def test_a_chosen_column_stands_on_top_of_the_platforms(tmp_path: Path) -> None:
    text = "Handle,Title,Label,Variant Price,Image Src\ntee,Tee,Red tee,9,a.jpg\n"
    read = Read(tmp_path / "feed.csv", text, columns={"title": "Label", "price": ""})
    assert read.reading.platform.name == "Shopify product export"
    assert read.products["tee"].title == "Red tee"
    assert read.facts("price", "Variant_Price") == {"tee": (None, "9")}
    assert "Title" in read.reading.others


def test_options_of_a_command(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    assert parse_options(feed) == ReadOptions()
    found = parse_options(feed, "id=sku", str(tmp_path / "media"), "de", "cp1252")
    assert found == ReadOptions({"id": "sku"}, "media", "de", "cp1252")
    url = "https://shop.example/media"
    assert parse_options(feed, image_base=url).image_base == url
    with pytest.raises(InvalidConfig, match="--image-base; got '/'"):
        parse_options(feed, image_base="/")
    with pytest.raises(InvalidConfig, match="two letters such as 'de'; got 'German'"):
        parse_options(feed, language="German")
    assert parse_options(feed, language="de-AT").language == "de"
    assert parse_options(feed, language="FR").language == "fr"
    with pytest.raises(InvalidFeed, match="expected columns as"):
        parse_options(feed, "id")


@pytest.mark.parametrize(
    "header", ["id,title,image,price,status", "id,title,image_link,price,link"]
)
def test_rows_read_together_give_what_each_gives_alone(tmp_path: Path, header: str) -> None:
    """Blocks of plain rows, and rows between them that are images, drafts, twice there or bad."""
    draw = random.Random(5)
    odd = {
        3: ("", "", "extra.jpg", "", ""),
        4: ("1", "Again", "a.jpg", "9", ""),
        5: ("bad", "No image", "", "9", ""),
        6: ("long" * 200, "Long", "a.jpg", "9", ""),
        7: ("two", 'Two\n"lines"', "a.jpg", "9", ""),
        8: ("three", "Draft", "a.jpg", "9", "draft"),
    }
    path = tmp_path / "feed.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        last = ""
        for number in range(12_000):
            cells = [f"{number}", "A plain title " * 5, f"https://i.example/{number}.jpg", "9", ""]
            kind = draw.randrange(9) if number % 4000 < 30 and number % 2 == 0 else 0
            cells = [*odd[kind]] if kind in odd else cells
            last = cells[0] = cells[0] or last
            writer.writerow(cells)
    found = []
    for parts in ("parts", "rows"):
        with open_feed(path) as feed:
            rows = [*getattr(feed, parts)]
            assert any(isinstance(part, Block) for part in rows) == (parts == "parts")
            sample = [*each_row(rows)][:300]
            reading = read_as(feed.columns, sample)
            found.append([*read_products(rows, reading)])
    assert found[0] == found[1]
    assert len(found[0]) > 11_800
