"""XML feeds with what shops write by mistake, and feeds with other names than Google's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.feeds import Row
from houndstooth.ingest.formats.xml_feed import read_products
from houndstooth.mappings.errors import InvalidFeed
from tests.unit.xml_files import read

BEGIN = '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Shop</title>\n'
END = "</channel></rss>\n"


def item(number: int, more: str = "") -> str:
    return (
        f"<item><g:id>{number}</g:id><title>Tee {number}</title>{more}"
        f"<g:image_link>{number}.jpg</g:image_link></item>\n"
    )


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xml") / "feed.xml"


def ids(rows: list[Row]) -> list[object]:
    return [row.cell_values.get("id") for row in rows]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Blue&nbsp;Tee", "Blue\xa0Tee"),
        ("caf&eacute; &euro; &amp; &lt;b&gt; &#8364; &#x20AC;", "café € & <b> € €"),
        ("a?id=2&v=3 R&D & co.; &unknown; &amp", "a?id=2&v=3 R&D & co.; &unknown; &amp"),
        ("5 < 6 <= 7 <3", "5 < 6 <= 7 <3"),
        ("soft\x0bcotton\x00", "soft cotton"),
        ("&#11;soft&#0;&#xD800;&#9999999999;", "soft"),
        ("<![CDATA[<b>Tom & Jerry</b>&nbsp;\x0b</item>]]>", "<b>Tom & Jerry</b>&nbsp; </item>"),
        ("a<!-- 5 < 6 & <item> -->b", "ab"),
    ],
)
def test_what_is_clearly_meant_is_read(feed_file: Path, written: str, text: str) -> None:
    rows = read(feed_file, BEGIN + item(1) + item(2, f"<note>{written}</note>") + item(3) + END)
    assert ids(rows) == ["1", "2", "3"]
    assert rows[1].cell_values["note"] == text
    assert [row.number for row in rows] == [3, 4, 5]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (item(2, "<b>soft"), "mismatched tag, on line 4"),
        (item(2, "<b\n\n ="), "not well-formed (invalid token), on line 6"),
        (item(2).replace("</item>", ""), "expected the end of the product"),
        (item(2, "<item>").replace("</item>", ""), "expected the end of the product"),
        ("<item>\n<item/>", "expected the end of the product"),
    ],
)
def test_a_broken_product_costs_itself(feed_file: Path, broken: str, reason: str) -> None:
    rows = read(feed_file, BEGIN + item(1) + broken + item(3) + item(4) + END)
    assert next(row.number for row in rows if row.error) == 4
    assert reason in str(rows[1].error)
    assert ids(rows)[-2:] == ["3", "4"]


@pytest.mark.parametrize("lines", ["\n", ""])
@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("latin-1", "ISO-8859-1"),
        ("cp1250", "windows-1250"),
        ("utf-16", "UTF-16"),
        ("utf-8", "UTF-16"),
        ("cp1252", "UTF-8"),
        ("utf-8", "no-such-thing"),
    ],
)
def test_encodings(feed_file: Path, encoding: str, declared: str, lines: str) -> None:
    text = (BEGIN + item(1, "<note>été</note>") + END).replace("\n", lines)
    assert read(feed_file, text.replace("UTF-8", declared).encode(encoding))[0].cell_values == {
        "id": "1",
        "title": "Tee 1",
        "note": "été",
        "image_link": "1.jpg",
    }


@pytest.mark.parametrize(
    "before",
    [
        "\n\n",
        "\ufeff",
        "<br />\n<b>Notice</b>: Undefined index in <b>/feed.php</b> on line <b>12</b><br />\n",
        "<!-- made by a shop, with an <item> -->\n",
        '<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://my.example/rss-0.91.dtd">\n',
    ],
)
def test_what_stands_before_the_xml(feed_file: Path, before: str) -> None:
    assert ids(read(feed_file, before + BEGIN + item(1) + item(2) + END)) == ["1", "2"]


def test_entities_are_never_declared(feed_file: Path) -> None:
    declared = '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>\n'
    with pytest.raises(InvalidFeed, match="expected XML without entity declarations"):
        read(feed_file, declared + BEGIN + item(1, "<note>&a;&b;</note>") + END)
    rows = read(feed_file, BEGIN + item(1) + item(2, declared) + item(3) + END)
    assert ids(rows) == ["1", None, "3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<products><product><id>1</id><img>a.jpg</img></product></products>",
            {"id": "1", "img": "a.jpg"},
        ),
        (
            '<r><p id="1" image="a.jpg"/><p id="2" image="b.jpg"/></r>',
            {"id": "1", "image": "a.jpg"},
        ),
        (
            "<rss><item><guid>1</guid><link>/1</link>"
            '<media:content url="a.jpg" type="image/jpeg"/></item></rss>',
            {"guid": "1", "link": "/1", "content": "a.jpg"},
        ),
        (
            '<yml><shop><offers><offer id="1" available="true"><picture>a.jpg</picture>'
            "<picture>b.jpg</picture></offer></offers></shop></yml>",
            {"id": "1", "available": "true", "picture": ["a.jpg", "b.jpg"]},
        ),
        (
            "<SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID><IMGURL>a.jpg</IMGURL></SHOPITEM>"
            "<SHOPITEM><ITEM_ID>2</ITEM_ID><IMGURL>b.jpg</IMGURL></SHOPITEM></SHOP>",
            {"ITEM_ID": "1", "IMGURL": "a.jpg"},
        ),
        (
            "<Katalog><Ware><Artikelnummer>1</Artikelnummer><Bilder><Bild>a.jpg</Bild>"
            "<Bild>b.jpg</Bild></Bilder></Ware><Ware/></Katalog>",
            {"Artikelnummer": "1", "Bilder": {"Bild": ["a.jpg", "b.jpg"]}},
        ),
        (
            "<products><product><sku>1</sku><image>a.jpg</image><variants>"
            "<variant><sku>2</sku><image>b.jpg</image></variant>"
            "<variant><sku>3</sku><image>c.jpg</image></variant></variants></product></products>",
            {
                "sku": "1",
                "image": "a.jpg",
                "variants": {
                    "variant": [{"sku": "2", "image": "b.jpg"}, {"sku": "3", "image": "c.jpg"}]
                },
            },
        ),
        (
            "<r><product><id>1</id><image>a</image><related><product>2</product></related>"
            "</product></r>",
            {"id": "1", "image": "a", "related": {"product": "2"}},
        ),
    ],
)
def test_other_names(feed_file: Path, text: str, expected: dict[str, object]) -> None:
    assert read(feed_file, text)[0].cell_values == expected


def test_a_page_is_named(feed_file: Path) -> None:
    page = '<?xml version="1.0"?>\n<!DOCTYPE html>\n<html><body>Log in</body></html>'
    with pytest.raises(InvalidFeed, match="elements; got an HTML page"):
        read(feed_file, page)


def test_a_feed_that_is_cut_off(feed_file: Path) -> None:
    whole = BEGIN + item(1) + item(2)
    for text in (whole, whole + "<item><g:id>3"):
        rows = read(feed_file, text)
        assert ids(rows) == ["1", "2", None]
        assert "expected the end of" in str(rows[2].error)
        assert rows[2].number == 5


@given(st.integers(1, 40), st.integers(0, 3))
def test_products_may_be_cut_anywhere(size: int, more: int) -> None:
    note = "<note><![CDATA[</item><item>]]>&nbsp;<!-- <item> --></note>"
    text = BEGIN + "".join(item(n, note * more) for n in range(8)) + END
    blocks = (text[at : at + size] for at in range(0, len(text), size))
    assert ids(list(read_products(blocks))) == list("01234567")


def test_products_beyond_the_first_blocks(feed_file: Path) -> None:
    note = f"<note><![CDATA[{'soft & warm ' * 1000}]]></note>"
    text = BEGIN + "".join(item(n, note) for n in range(200)) + END
    rows = read(feed_file, text)
    assert ids(rows) == [str(n) for n in range(200)]
    assert [row.number for row in rows] == list(range(3, 203))
