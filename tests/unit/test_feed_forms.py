"""How feeds come: packed, in other encodings, as workbooks; and what is no feed, by its name."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.feeds import Row, open_feed
from houndstooth.ingest.formats import source, workbook
from houndstooth.ingest.formats.text import MAX_LINE, Decoder, split_lines
from houndstooth.mappings.errors import InvalidFeed

TABLE = "id,title,image\n1,Tee,a.jpg\n"
ROWS = [Row(2, {"id": "1", "title": "Tee", "image": "a.jpg"})]


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms") / "feed"


def read(path: Path, data: bytes, encoding: str | None = None) -> tuple[str, list[Row]]:
    path.write_bytes(data)
    with open_feed(path, encoding) as feed:
        rows = list(feed.rows)
        return feed.description, rows


def titles(path: Path, data: bytes, encoding: str | None = None) -> tuple[str, list[str]]:
    description, rows = read(path, data, encoding)
    return description, [str(row.error or row.cell_values["title"]) for row in rows]


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def excel(*sheets: str, shared: str = "") -> bytes:
    """A workbook of sheets, each the XML of its rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    place = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    numbers = range(1, len(sheets) + 1)
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    links = "".join(
        f'<Relationship Id="r{n}" Target="worksheets/sheet{n}.xml" Type="{place}/worksheet"/>'
        for n in numbers
    )
    styles = (
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": "<Relationships "
        'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Target="xl/workbook.xml" Type="{place}/officeDocument"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{place}"><sheets>{names}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships "
        f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
    }
    for n, rows in zip(numbers, sheets, strict=True):
        parts[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return zipped(parts)


def excel_row(number: int, *cells: str | float | bool | None, style: int = 0) -> str:
    """The XML of a row of texts, numbers and booleans."""
    written = ""
    for letter, cell in zip("ABCDEFGH", cells, strict=False):
        place = f'r="{letter}{number}"'
        if isinstance(cell, str):
            written += f'<c {place} t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        elif isinstance(cell, bool):
            written += f'<c {place} t="b"><v>{cell:d}</v></c>'
        elif cell is not None:
            written += f'<c {place} s="{style}"><v>{cell}</v></c>'
    return f'<row r="{number}">{written}</row>'


# --- Packed -----------------------------------------------------------------------------------


def test_gzip(feed_file: Path) -> None:
    packed = gzip.compress(TABLE.encode()) + gzip.compress(b"2,Skirt,b.jpg\n")
    description, rows = read(feed_file, packed)
    assert description == "CSV, commas, UTF-8, gzip"
    assert [row.cell_values["id"] for row in rows] == ["1", "2"]


def test_a_gzip_file_that_is_cut_gives_what_it_has(feed_file: Path) -> None:
    lines = "".join(f"{n},Tee {n * n},{n}.jpg\n" for n in range(60_000))
    packed = gzip.compress(f"id,title,image\n{lines}".encode())
    _, rows = read(feed_file, packed[:-20_000])
    assert len(rows) > 30_000 and all(row.error is None for row in rows[:-1])
    assert "cannot read the feed from here on: Compressed file ended" in str(rows[-1].error)


@pytest.mark.parametrize(
    "members",
    [
        {"feed.csv": TABLE},
        {"feed": TABLE},
        {"out/feed.tsv": TABLE, "a.jpg": "", "__MACOSX/feed.csv": "", ".hidden.csv": ""},
    ],
)
def test_the_one_feed_of_a_zip_archive(feed_file: Path, members: dict[str, str]) -> None:
    description, rows = read(feed_file, zipped(members))
    assert rows == ROWS
    assert description.startswith("CSV, commas, UTF-8, zip, ")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a.csv": b"id", "b.csv": b"id"}, "expected one feed in the zip archive .*; got a.csv, b"),
        ({"a.jpg": b"", "b.jpg": b""}, "got a.jpg, b.jpg"),
        ({"a.xlsx": zipped({"x": ""})}, "expected one feed in the zip archive .*: unpack that"),
        ({"a.csv": b"%PDF-1.4"}, "got a PDF document, in zip, a.csv"),
    ],
)
def test_unusable_archives(feed_file: Path, members: dict[str, bytes], message: str) -> None:
    with pytest.raises(InvalidFeed, match=message):
        read(feed_file, zipped(members))


def test_a_workbook_in_an_archive(feed_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [excel_row(1, "id", "title"), excel_row(2, "1", "Shirt")]
    workbook = excel("".join(rows))
    wrapped = {"zip, a.xlsx": zipped({"a.xlsx": workbook}), "gzip": gzip.compress(workbook)}
    for wrapping, data in wrapped.items():
        assert titles(feed_file, data) == (f"Excel, S1, {wrapping}", ["Shirt"])
    monkeypatch.setattr(source, "MAX_WORKBOOK_BYTES", 100)
    for data in wrapped.values():
        with pytest.raises(InvalidFeed, match=r"at most 100 bytes in the (zip|gzip)"):
            read(feed_file, data)
    with pytest.raises(InvalidFeed, match=r"expected one feed in the gzip file .*: unpack that"):
        read(feed_file, gzip.compress(gzip.compress(workbook)))


def test_a_zip_archive_of_a_compression_that_is_not_known(feed_file: Path) -> None:
    packed = bytearray(zipped({"a.csv": TABLE}))
    for header, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = packed.index(header) + method
        packed[at : at + 2] = (99).to_bytes(2, "little")
    with pytest.raises(InvalidFeed, match=r"cannot unpack a\.csv in .*compression"):
        read(feed_file, bytes(packed))


def test_broken_archives(feed_file: Path) -> None:
    for data in (zipped({"a.csv": TABLE})[:-30], b"\x1f\x8b\x08\0\0"):
        with pytest.raises(InvalidFeed, match=r"broken|empty file"):
            read(feed_file, data)


def test_what_unpacks_to_too_much_is_given_up(
    feed_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    table = TABLE + "2,Skirt,b.jpg\n" * 100_000
    for packed in (gzip.compress(table.encode()), zipped({"a.csv": table})):
        _, rows = read(feed_file, packed)
        assert len(rows) < 80_000
        assert "expected at most 1048576 bytes, decompressed" in str(rows[-1].error)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 \n", "a PDF document"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"\n<HTML lang=de>", "an HTML page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "a JPEG picture"),
        (bytes(3) + b"\x1cftypheic" + bytes(20), "a HEIC picture"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "an old Office file.*: save it as"),
        (b"PAR1" + bytes(20), "a Parquet file"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"a.csv".ljust(257, b"\0") + b"ustar\x0000", "a tar archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    ],
)
def test_what_is_no_feed_is_named(feed_file: Path, data: bytes, kind: str) -> None:
    for packed in (data, gzip.compress(data)):
        with pytest.raises(InvalidFeed, match=rf"expected a feed \(CSV, .* got {kind}"):
            read(feed_file, packed)


# --- Encodings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "title", "said"),
    [
        ("utf-8", "Größe – “soft”", "UTF-8"),
        ("utf-8-sig", "Größe", "UTF-8"),
        ("utf-16", "Tröja blå", "UTF-16"),
        ("utf-16-le", "Tröja blå", "UTF-16 (detected)"),
        ("utf-16-be", "Tröja blå", "UTF-16 (detected)"),
        ("cp1252", "Größe – “soft” 10 €", "Windows-1252 (detected)"),
        ("cp1252", "Chemise bleue é", "Windows-1252 (detected)"),
        ("cp1252", "Niño, señora", "Windows-1252 (detected)"),
        ("cp1250", "Koszulka męska żółta z bawełny", "Windows-1250 (detected)"),
        ("cp1250", "Żółta", "Windows-1250 (detected)"),
        ("cp1250", "Šaty modré dlouhé, tričko pánské žluté", "Windows-1250 (detected)"),
        ("cp1251", "Футболка мужская синяя", "Windows-1251 (detected)"),
        ("cp1254", "Kırmızı gömlek şık", "Windows-1254 (detected)"),
    ],
)
@pytest.mark.parametrize("lines", [1, 20_000])
def test_encodings_are_detected(
    feed_file: Path, encoding: str, title: str, said: str, lines: int
) -> None:
    """Also where the first letter with an accent comes after a megabyte of ASCII."""
    plain = "7\tA plain red T-shirt of soft cotton, without any accent\n" * (lines - 1)
    text = f"id\ttitle\n{plain}1\t{title}\n2\tb\n"
    description, found = titles(feed_file, text.encode(encoding))
    assert found[-2:] == [title, "b"]
    assert description == f"TSV, {said}"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("cp1250", "Kurtka męska"), ("shift_jis", "赤いシャツ"), ("gbk", "红衬衫")],
)
def test_a_declared_encoding_is_believed(feed_file: Path, encoding: str, title: str) -> None:
    data = f"id\ttitle\n1\t{title}\n".encode(encoding)
    description, found = titles(feed_file, data, encoding)
    assert found == [title]
    assert "detected" not in description


def test_latin_1_is_read_as_its_superset(feed_file: Path) -> None:
    assert titles(feed_file, b"id,title\n1,5 \x80 \xe9\n", "latin-1")[1] == ["5 € é"]


def test_an_unknown_encoding(feed_file: Path) -> None:
    for name in ("utf-9", "base64", "idna", "punycode", "", "a\0"):
        with pytest.raises(InvalidFeed, match="expected an encoding such as utf-8, windows-1252"):
            read(feed_file, TABLE.encode(), name)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_mark_where_it_is_declared(feed_file: Path, encoding: str) -> None:
    assert (
        titles(feed_file, TABLE.encode(encoding), "utf-16")[1]
        == titles(feed_file, TABLE.encode())[1]
    )
    assert read(feed_file, TABLE.encode(), "utf-16") is not None  # it says UTF-16 and is not


def test_broken_bytes_do_not_change_the_encoding(feed_file: Path) -> None:
    data = "id,title\n1,Größe\n2,caf".encode() + b"\xe9 \x96" + " für\n3,Größe\n".encode()
    description, found = titles(feed_file, data)
    assert found == ["Größe", "café – für", "Größe"]
    assert description == "CSV, commas, UTF-8, 2 characters that are not in it"


def test_lines_of_utf_8_in_another_encoding(feed_file: Path) -> None:
    data = b"id,title\n1,caf\xe9\n2,m\xe9tro\n" + "3,été\n".encode()
    assert titles(feed_file, data)[1] == ["café", "métro", "été"]


@given(st.text(max_size=200), st.lists(st.integers(0, 800), max_size=5))
def test_utf_8_may_be_cut_anywhere(text: str, cuts: list[int]) -> None:
    data = text.encode()
    decoder = Decoder(b"", "utf-8")
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [data[a:b] for a, b in pairwise(edges)]
    decoded = "".join(map(decoder.decode, parts)) + decoder.decode(b"", final=True)
    assert decoded == text
    assert decoder.broken == 0


@given(st.lists(st.text(st.sampled_from("ab\r\n\x0b\u2028"), max_size=6)))
def test_lines_may_be_cut_anywhere(blocks: list[str]) -> None:
    lines = [line for group in split_lines(iter(blocks)) for line in group]
    assert lines == list(io.StringIO("".join(blocks), newline=""))


def test_a_line_without_end_is_cut(feed_file: Path) -> None:
    groups = list(split_lines(iter(["x" * MAX_LINE, "y", "z\n"])))
    assert [len(line) for group in groups for line in group] == [MAX_LINE + 1, 2]


# --- Workbooks --------------------------------------------------------------------------------


def test_a_workbook(feed_file: Path) -> None:
    sheet = (
        excel_row(1, "Our products")
        + excel_row(2, "# Required", "# a title")
        + excel_row(4, "id", "title ", "price", "new", "from")
        + excel_row(5, 1234567890123, "Größe & M", 12.5, True, 45992, style=0)
        + excel_row(6, None, None, None)
        + excel_row(7, "id", "title ", "price", "new", "from")
        + excel_row(8, 0.1 + 0.2, "Tee", 19.990000000000002, False)
    )
    description, rows = read(feed_file, excel("", sheet))
    assert description == "Excel, S2"
    assert [row.number for row in rows] == [5, 8]
    assert rows[0].cell_values == {
        "id": "1234567890123",
        "title": "Größe & M",
        "price": "12.5",
        "new": "TRUE",
        "from": "45992",
    }
    assert list(rows[1].cell_values.values()) == ["0.3", "Tee", "19.99", "FALSE", ""]


def test_a_date_in_a_workbook(feed_file: Path) -> None:
    sheet = excel_row(1, "id", "from") + excel_row(2, None, 45992, style=1)
    assert read(feed_file, excel(sheet))[1][0].cell_values["from"] == "2025-12-01"


def test_a_workbook_has_names_once(feed_file: Path) -> None:
    sheet = excel_row(1, "id", "more", "more") + excel_row(2, "a", "b", "c")
    feed_file.write_bytes(excel(sheet))
    with open_feed(feed_file) as feed:
        assert (feed.columns, feed.size) == (("id", "more"), 1)
        assert next(feed.rows) == Row(2, {"id": "a", "more": ["b", "c"]})


def test_unusable_workbooks(feed_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidFeed, match="expected a sheet with rows in the Excel workbook"):
        read(feed_file, excel("", excel_row(1, None)))
    whole = excel(excel_row(1, "id"))
    with pytest.raises(InvalidFeed, match="cannot read the Excel workbook"):
        read(feed_file, whole.replace(b"xl/_rels/workbook.xml.rels", b"xl/_rels/workbook.xml.relt"))
    monkeypatch.setattr(workbook, "MAX_BYTES", 100)
    with pytest.raises(InvalidFeed, match="expected at most 100 bytes in the Excel workbook"):
        read(feed_file, whole)
