"""Tables as shops export them: what is broken in a row costs that row at most."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houndstooth.ingest.feeds import Row, open_feed

HEADER = "id,title,description,image,price"


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables") / "feed"


def read(path: Path, text: str) -> list[Row]:
    path.write_bytes(text.encode())
    with open_feed(path) as feed:
        return list(feed.rows)


def cells(rows: list[Row], name: str) -> list[object]:
    """The values of a column; None where the row is lost."""
    return [None if row.error else row.cell_values[name] for row in rows]


def plain(number: int) -> str:
    return f"{number},Tee {number},plain,img/{number}.jpg,10.00 EUR"


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows, ""])


@pytest.mark.parametrize(
    ("quoted", "description"),
    [
        (r'"Fits a 32\" waist, soft"', 'Fits a 32" waist, soft'),
        (r'"32\", soft"', '32", soft'),
        (r'"size 5\"', "size 5\\"),
        (r'"C:\temp"', r"C:\temp"),
        ('"5" heel"', '5" heel'),
        ('5" heel', '5" heel'),
        ('"Soft" and warm', '"Soft" and warm'),
        ('"<p class="x">soft</p>"', '<p class="x">soft</p>'),
        (r'"""Soft"", 32\"' + '"', '"Soft", 32"'),
    ],
)
def test_quotes_that_are_not_doubled(feed_file: Path, quoted: str, description: str) -> None:
    rows = read(feed_file, table(plain(1), f"2,Tee,{quoted},img/2.jpg,9.00 EUR", plain(3)))
    assert cells(rows, "description") == ["plain", description, "plain"]
    assert cells(rows, "price") == ["10.00 EUR", "9.00 EUR", "10.00 EUR"]
    assert [row.number for row in rows] == [2, 3, 4]


@pytest.mark.parametrize(
    "bad",
    [
        '2,"Tee,soft,img/2.jpg,9.00 EUR',
        '2,Tee,soft",img/2.jpg,"9.00 EUR',
        '"2,Tee,soft,img/2.jpg,9.00 EUR',
        '2,"Tee" 5, red,"soft,img/2.jpg,9.00 EUR',
    ],
)
def test_an_open_quote_costs_its_row_and_no_other(feed_file: Path, bad: str) -> None:
    many = [plain(number) for number in range(3, 5000)]
    rows = read(feed_file, table(plain(1), bad, *many))
    assert cells(rows, "id") == ["1", None, *map(str, range(3, 5000))]
    assert (rows[1].number, str(rows[1].error)) == (
        3,
        "cannot read the row: is a quote left open?",
    )


def test_two_open_quotes_never_join_the_rows_between(feed_file: Path) -> None:
    first, last = '2,"Slim tee,soft,img/2.jpg,9.00 EUR', '4,Tee 5",soft,img/4.jpg,9.00 EUR'
    rows = read(feed_file, table(plain(1), first, plain(3), last, plain(5)))
    assert cells(rows, "id") == ["1", None, "3", "4", "5"]
    assert rows[3].cell_values["title"] == 'Tee 5"'


def test_the_lines_of_a_lost_row_are_one_error(feed_file: Path) -> None:
    rows = read(feed_file, table(plain(1), '2,Tee,"soft', "and warm", "wool,9", plain(3)))
    assert cells(rows, "id") == ["1", None, "3"]
    assert "over lines 3 to 5: is a quote left open?" in str(rows[1].error)


def test_cells_of_several_lines_with_quotes(feed_file: Path) -> None:
    html = '<p class=""x"">soft, warm</p>\r\n<p>1,2,3,4</p>\n\n'
    text = table(plain(1), f'2,Tee,"{html}",img/2.jpg,9.00 EUR', plain(3))
    rows = read(feed_file, text)
    assert rows[1].cell_values["description"] == html.replace('""', '"')
    escaped = text.replace('""', r"\"")
    assert read(feed_file, escaped)[1].cell_values == rows[1].cell_values
    assert [row.number for row in rows] == [2, 3, 7]


def test_a_tab_separated_quote_is_text_unless_it_is_closed(feed_file: Path) -> None:
    lines = ['"Slim" Red Tee', '"Baggy Blue Tee', '"Tee, 12"" long"', '"Two\nlines"', "Plain"]
    text = "".join(f"{n}\t{title}\timg/{n}.jpg\n" for n, title in enumerate(lines))
    rows = read(feed_file, "id\ttitle\timage\n" + text)
    expected = ['"Slim" Red Tee', '"Baggy Blue Tee', 'Tee, 12" long', "Two\nlines", "Plain"]
    assert cells(rows, "title") == expected


def test_missing_cells_at_the_end_are_empty(feed_file: Path) -> None:
    rows = read(feed_file, "id,title,image,price\n1,Tee\n2,Tee,a.jpg,9\n")
    assert rows[0] == Row(2, {"id": "1", "title": "Tee", "image": "", "price": ""})


@pytest.mark.parametrize(
    ("header", "row", "size"),
    [
        ("id,title,image,price,size", "2,Tee,b.jpg,15.00 EUR,S,M,L", "S"),
        ("id,title,image,price,size", "2,Tee,b.jpg,15.00 EUR,S,,", "S"),
        ("id,title,image,price,size", '2,Tee,"b.jpg,//shop.example/c",15.00 EUR,S,M', "S"),
        # A decimal comma cuts the price in two; the title's comma moves all cells.
        ("id,title,image,price,size", "2,Tee,b.jpg,15,00 EUR,S", None),
        ("id,title,image,price,size", "2,Tee, red,b.jpg,15.00 EUR,S", None),
        ("id,title,image,size,price", "2,Tee,b.jpg,S,1,299", None),
    ],
)
def test_cells_beyond_the_header(feed_file: Path, header: str, row: str, size: str | None) -> None:
    numbers = ("1,Tee,a.jpg,15.00 EUR,S", "3,Skirt,c.jpg,9.00 EUR,M")
    if header.endswith("price"):
        numbers = ("1,Tee,a.jpg,S,15", "3,Skirt,c.jpg,M,9")
    rows = read(feed_file, table(numbers[0], row, numbers[1], header=header))
    assert cells(rows, "size") == ["S", size, "M"]
    assert size or "is a ',' in a cell, without quotes around it?" in str(rows[1].error)


def test_cells_beyond_the_header_are_refused_where_no_column_tells(feed_file: Path) -> None:
    rows = read(feed_file, "id,title,image,price\n1,T-shirt\n2,T,shirt,img/x.jpg,9,9\n")
    assert "expected 4 cells, as in the header; got 6" in str(rows[1].error)


@pytest.mark.parametrize(
    ("begin", "number"),
    [
        ("\n\n", 3),
        ("sep=,\r\n", 2),
        ('"sep=,"\n', 2),
        ("# made by a shop\n#\n", 3),
        ("# Required | an id,# Required | a title,# Required\n", 2),
        ('"# Required | an id, unique","# Required | a title","# one"\n', 2),
        ("\ufeff", 1),
        ("\ufeffsep=,\n", 2),
        ("<br />\n<b>Notice</b>: Undefined x in <b>/f.php</b> on line <b>12</b><br />\n", 3),
        ("PHP Warning: no x in /f.php on line 1\n\nDeprecated: y in /f.php on line 2\n", 4),
    ],
)
def test_lines_before_the_header(feed_file: Path, begin: str, number: int) -> None:
    rows = read(feed_file, begin + "id,title,image\n1,Tee,a.jpg\n")
    assert rows == [Row(number + 1, {"id": "1", "title": "Tee", "image": "a.jpg"})]
    with open_feed(feed_file) as feed:
        assert feed.size == 1


def test_a_stated_delimiter(feed_file: Path) -> None:
    rows = read(feed_file, "sep=^\nid^title\n1^a,b;c\n")
    assert rows == [Row(3, {"id": "1", "title": "a,b;c"})]


def test_a_name_may_begin_with_a_sign(feed_file: Path) -> None:
    assert read(feed_file, "#id,title\n1,Tee\n") == [Row(2, {"id": "1", "title": "Tee"})]


def test_a_table_with_bars_and_commas(feed_file: Path) -> None:
    rows = read(feed_file, '"id"|"title, long"|price|image\n1|Tee|9,90|a.jpg\n')
    assert rows[0].cell_values == {
        "id": "1",
        "title, long": "Tee",
        "price": "9,90",
        "image": "a.jpg",
    }


def test_a_header_of_several_lines(feed_file: Path) -> None:
    rows = read(feed_file, 'id,"title\n(150 at most)"\n1,Tee\n')
    assert rows == [Row(3, {"id": "1", "title\n(150 at most)": "Tee"})]


def test_the_header_once_more_and_empty_rows_are_no_products(feed_file: Path) -> None:
    rows = read(feed_file, table(plain(1), HEADER, plain(2), "", ",,,,", plain(3)))
    assert [row.number for row in rows] == [2, 4, 7]
    assert cells(rows, "id") == ["1", "2", "3"]


def test_a_name_that_occurs_several_times_has_a_list(feed_file: Path) -> None:
    feed_file.write_text("id,more,more,,more\n1,a,,x,c\n2,,b,,\n3,,,,\n")
    with open_feed(feed_file) as feed:
        assert feed.columns == ("id", "more")
        assert cells(list(feed.rows), "more") == [["a", "c"], "b", ""]


def test_line_ends_may_be_mixed(feed_file: Path) -> None:
    text = 'id,title,image\r1,"two\nlines",a.jpg\r2,x,b.jpg\r\n3,y,c.jpg\n4,z,d.jpg'
    assert cells(read(feed_file, text), "id") == ["1", "2", "3", "4"]


def test_a_header_alone(feed_file: Path) -> None:
    assert read(feed_file, "id,title,image\n") == []


def test_a_long_cell_is_read(feed_file: Path) -> None:
    rows = read(feed_file, f'id,title\n1,"{"x" * 200_000}"\n2,{"y" * 200_000}\n3,z\n')
    assert [len(str(title)) for title in cells(rows, "title")] == [200_000, 200_000, 1]


text_cell = st.text(st.sampled_from('ab ,;\t|"\\\n#é5'), max_size=12)
whole_row = st.tuples(text_cell, text_cell, text_cell)


@given(st.lists(whole_row, max_size=30), st.integers(0, 30))
def test_a_well_formed_table_is_read_as_it_was_written(
    feed_file: Path, table: list[tuple[str, str, str]], images: int
) -> None:
    """Cells of any text, also with the lines and quotes that broken tables have."""
    rows = [(str(n), *cells, f"img/{n}.jpg") for n, cells in enumerate(table)]
    rows += [(str(n), "Tee", "b", "c", f"img/{n}.jpg") for n in range(30, 30 + images)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("id", "title", "text", "more", "image"), *rows])
    assert [tuple(row.cell_values.values()) for row in read(feed_file, text.getvalue())] == rows


@given(st.data())
def test_a_quote_anywhere_costs_one_row_at_most(feed_file: Path, data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 12), "rows")
    quoted = data.draw(st.lists(st.booleans(), min_size=count, max_size=count), "quoted")
    delimiter = data.draw(st.sampled_from(",;\t|"), "delimiter")
    lines = [
        delimiter.join((str(n), f'"Tee {n}{delimiter} soft"' if q else f"Tee {n}", f"{n}.jpg", "9"))
        for n, q in enumerate(quoted)
    ]
    broken = data.draw(st.integers(0, count - 1), "broken row")
    at = data.draw(st.integers(0, len(lines[broken])), "place")
    inserted = data.draw(st.sampled_from(['"', '\\"']), "inserted")
    lines[broken] = lines[broken][:at] + inserted + lines[broken][at:]
    rows = read(feed_file, "\n".join([delimiter.join(("id", "title", "image", "price")), *lines]))
    by_line = {row.number: row for row in rows}
    for n in range(count):
        if n != broken:
            row = by_line[n + 2]
            assert row.error is None, row.error
            assert row.cell_values["id"] == str(n)
            assert row.cell_values["image"] == f"{n}.jpg"
    assert len(rows) == count


CELLS = (
    *("", '""', "Tee", r"C:\x", '"Tee, soft"', '"Soft\nand warm"', r'"5\" heel, red"'),
    '"<p class=""x"">a</p>\n<p>b, c</p>"',
)


@settings(max_examples=300)
@given(st.data())
def test_a_quote_anywhere_costs_no_other_row(feed_file: Path, data: st.DataObject) -> None:
    """Also among rows of several lines, and of both ways to write a quote in a cell."""
    delimiter = data.draw(st.sampled_from(",;\t|"), "delimiter")
    some = data.draw(st.lists(st.tuples(*[st.sampled_from(CELLS)] * 2), min_size=2, max_size=6))
    rows = [
        delimiter.join((str(n), title, f"{n}.jpg", text, "9.90 EUR"))
        for n, (title, text) in enumerate(some)
    ]
    if delimiter in ";|":
        rows = [row.replace(", ", f"{delimiter} ") for row in rows]
    broken = data.draw(st.integers(0, len(rows) - 1), "broken row")
    at = data.draw(st.integers(0, len(rows[broken])), "place")
    rows[broken] = rows[broken][:at] + data.draw(st.sampled_from(['"', '\\"'])) + rows[broken][at:]
    read_rows = read(feed_file, table(*rows, header=HEADER.replace(",", delimiter)))
    found = {row.cell_values["id"]: row.cell_values for row in read_rows if row.error is None}
    for n in {*range(len(rows))} - {broken}:
        assert found[str(n)]["description"] == f"{n}.jpg"
        assert found[str(n)]["price"] == "9.90 EUR"


@given(st.text(st.sampled_from('ab,"\n\\'), max_size=60))
def test_any_rows_are_read_or_lost_by_line(feed_file: Path, text: str) -> None:
    rows = read(feed_file, "id,title,image\n" + text)
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(len(row.cell_values) == (0 if row.error else 3) for row in rows)
