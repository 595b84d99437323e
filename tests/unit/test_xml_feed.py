"""Google Merchant's XML: items as rows, and what is broken or hostile in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.feeds import Row, open_feed
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.errors import InvalidFeed
from tests.unit.xml_files import read

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">
<channel>
  <title>A shop</title><link>https://shop.example</link>
  <item>
    <g:id>a-1</g:id>
    <title>Größe M &amp; L shirt</title>
    <link>https://shop.example/a-1</link>
    <g:image_link>https://shop.example/a-1.jpg</g:image_link>
    <g:additional_image_link>https://shop.example/a-1-back.jpg</g:additional_image_link>
    <g:price>19.90 EUR</g:price>
    <g:product_type><![CDATA[Apparel > Shirts]]></g:product_type>
    <g:product_type>Sale</g:product_type>
    <g:shipping><g:country>DE</g:country><g:price>5 EUR</g:price></g:shipping>
    <g:brand/>
  </item>
  <item><g:id>a-2</g:id><title/><g:title>Jeans</g:title>
    <g:image_link>https://shop.example/a-2.jpg</g:image_link></item>
</channel>
</rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>A shop</title><link rel="self" href="https://shop.example"/>
<entry><g:id>b</g:id><title>Scarf</title><link href="https://shop.example/b"/></entry></feed>
"""


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feeds") / "feed.xml"


def test_an_rss_feed(feed_file: Path) -> None:
    first, second = read(feed_file, RSS)
    assert first == Row(
        5,
        {
            "id": "a-1",
            "title": "Größe M & L shirt",
            "link": "https://shop.example/a-1",
            "image_link": "https://shop.example/a-1.jpg",
            "additional_image_link": "https://shop.example/a-1-back.jpg",
            "price": "19.90 EUR",
            "product_type": ["Apparel > Shirts", "Sale"],
            "shipping": {"country": "DE", "price": "5 EUR"},
            "brand": "",
        },
    )
    assert (second.number, second.cell_values["title"]) == (17, "Jeans")


def test_its_names_are_known(feed_file: Path) -> None:
    feed_file.write_text(RSS.replace("<g:product_type>Sale</g:product_type>", ""))
    with open_feed(feed_file) as feed:
        entries = list(read_feed(feed)[1])
    assert all(isinstance(entry, FeedProduct) for entry in entries)
    product = entries[0].product  # type: ignore[union-attr]
    assert (product.product_id, product.category_text) == ("a-1", "Apparel > Shirts")
    assert product.image == "https://shop.example/a-1.jpg"
    assert product.facts is not None
    assert (product.facts["price"], product.facts["currency"]) == (19.9, "EUR")
    assert product.facts["url"] == "https://shop.example/a-1"


def test_an_atom_feed(feed_file: Path) -> None:
    cells = {"id": "b", "title": "Scarf", "link": "https://shop.example/b"}
    assert read(feed_file, ATOM) == [Row(3, cells)]


def test_a_price_has_the_currency_of_its_attribute(feed_file: Path) -> None:
    text = '<products><product><id>1</id><price currency="EUR">49.90</price></product></products>'
    assert read(feed_file, text)[0].cell_values == {"id": "1", "price": "49.90 EUR"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1"])
def test_its_own_encoding(feed_file: Path, encoding: str) -> None:
    said = "iso-8859-1" if encoding == "iso-8859-1" else "utf-8"
    text = f'<?xml version="1.0" encoding="{said}"?>\n<rss><item><title>Größe</title></item></rss>'
    assert [row.cell_values for row in read(feed_file, text.encode(encoding))] == [
        {"title": "Größe"}
    ]


def test_a_feed_of_one_line_is_streamed(feed_file: Path) -> None:
    items = "".join(f"<item><id>{n}</id><title>{'é' * 200}</title></item>" for n in range(3000))
    feed_file.write_text(f"<rss><channel>{items}</channel></rss>")
    with open_feed(feed_file) as feed:
        assert next(feed.rows).cell_values == {"id": "0", "title": "é" * 200}
        assert [row.cell_values["id"] for row in feed.rows] == [str(n) for n in range(1, 3000)]


def test_broken_xml_costs_its_product_alone(feed_file: Path) -> None:
    broken, whole = RSS.split("  <item><g:id>a-2")
    rows = read(feed_file, broken.replace("<g:brand/>", "<g:brand>") + "  <item><g:id>a-2" + whole)
    assert str(rows[0].error) == "cannot read the XML: mismatched tag, on line 16"
    assert (rows[0].number, rows[1].number, rows[1].cell_values["id"]) == (5, 17, "a-2")


def test_a_cell_that_is_too_long_costs_its_row(feed_file: Path) -> None:
    text = f"<rss><item><id>1</id><t>{'x' * 200_000}</t></item>\n<item><id>2</id></item></rss>"
    first, second = read(feed_file, text)
    assert "expected at most 131072 characters in 't'" in str(first.error)
    assert second == Row(2, {"id": "2"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '<!DOCTYPE r [<!ENTITY a "aaaa">]><r><item><id>&a;</id></item></r>',
            "entity declarations",
        ),
        ("<!DOCTYPE html><html></html>", "got an HTML page"),
        ("<rss><channel><title>Shop</title></channel></rss>", "item or entry"),
        ("<rss><channel>", "item or entry"),
        ("<3", "item or entry"),
    ],
)
def test_unusable_xml(feed_file: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidFeed, match=message):
        read(feed_file, text)


@given(st.lists(st.sampled_from(["<item>", "</item>", "<id>", "</id>", "x", "<a>", "</a>", "&"])))
def test_any_tags_are_a_feed_or_an_invalid_feed(feed_file: Path, tags: list[str]) -> None:
    try:
        rows = read(feed_file, "<rss>" + "".join(tags) + "</rss>")
    except InvalidFeed:
        return
    assert rows and all(row.error is None or not row.cell_values for row in rows)
