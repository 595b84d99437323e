"""Feeds as rows: tables and JSON Lines, and bad rows that cost only themselves."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.feeds import Row, count_lines, open_feed
from houndstooth.mappings.errors import InvalidFeed


@pytest.fixture(scope="module")
def feed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feeds") / "feed"


def read(path: Path, data: bytes | str) -> tuple[tuple[str, ...], list[Row]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with open_feed(path) as feed:
        return feed.columns, list(feed.rows)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables(feed_file: Path, mark: bytes, end: str, delimiter: str) -> None:
    lines = ["id,title,image", 'a,"Größe ""M"", blue",a.jpg', "b,,b.jpg"]
    text = end.join(lines).replace(",", delimiter).replace('""M""' + delimiter, '""M"",')
    columns, rows = read(feed_file, mark + text.encode())
    assert columns == ("id", "title", "image")
    assert rows == [
        Row(2, {"id": "a", "title": 'Größe "M", blue', "image": "a.jpg"}),
        Row(3, {"id": "b", "title": "", "image": "b.jpg"}),
    ]


def test_line_ends_of_old(feed_file: Path) -> None:
    feed_file.write_bytes(b"id,title\r1,Tee\r2,Skirt\r")
    with open_feed(feed_file) as feed:
        assert [row.cell_values["title"] for row in feed.rows] == ["Tee", "Skirt"]
        assert feed.size == 2


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_json_lines(feed_file: Path, mark: bytes) -> None:
    columns, rows = read(feed_file, mark + b'{"id": 1, "title": "x"}\n\n{"id": 2, "price": 3.5}\n')
    assert columns == ("id", "title", "price")
    assert rows == [Row(1, {"id": 1, "title": "x"}), Row(3, {"id": 2, "price": 3.5})]


def test_a_cell_may_have_several_lines(feed_file: Path) -> None:
    _, rows = read(feed_file, 'id,text\na,"one\ntwo"\nb,three\n')
    assert rows == [Row(2, {"id": "a", "text": "one\ntwo"}), Row(4, {"id": "b", "text": "three"})]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"x,y,z", "expected 2 cells, as in the header; got 3: is a ',' in a cell"),
        (b'"x,y', "cannot read the row: is a quote left open?"),
    ],
)
def test_a_bad_table_row_costs_only_itself(feed_file: Path, bad: bytes, message: str) -> None:
    _, rows = read(feed_file, b"id,title\na,one\n" + bad + b"\nb,two\n")
    assert [row.number for row in rows] == [2, 3, 4]
    assert [row.cell_values.get("id") for row in rows] == ["a", None, "b"]
    assert message in str(rows[1].error)


@pytest.mark.parametrize(
    "bad",
    [b"{", b"[1, 2]", b"7", b'{"id": NaN}', b'{"id": "\\ud800"}', b"[" * 99999],
)
def test_a_bad_json_line_costs_only_itself(feed_file: Path, bad: bytes) -> None:
    _, rows = read(feed_file, b'{"id": "a"}\n' + bad + b'\n{"id": "b"}\n')
    assert [row.cell_values.get("id") for row in rows] == ["a", None, "b"]
    assert rows[1].error is not None
    assert rows[1].number == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got an empty file"),
        (b"\n\n", "got an empty file"),
        (b"# no header\n", "expected a header"),
        (b'id,"title\n', "cannot read the header"),
        (b"id,\0\1\2title\n", "got unknown bytes"),
        (b"[]", "expected products in the JSON array; got none"),
    ],
)
def test_unusable_feeds(feed_file: Path, data: bytes, message: str) -> None:
    with pytest.raises(InvalidFeed, match=message):
        read(feed_file, data)


def test_a_feed_that_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InvalidFeed, match="cannot open"), open_feed(path):
            pass


def test_a_pipe_is_read_once_and_has_no_size(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("id,title\na,b\n",))
    writer.start()
    with open_feed(path) as feed:
        assert feed.size is None
        assert len(list(feed.rows)) == 1
    writer.join()


@pytest.mark.parametrize(("text", "size"), [("id\na\nb\n", 2), ("id\na\nb", 2), ('{"id": 1}', 1)])
def test_size(feed_file: Path, text: str, size: int) -> None:
    feed_file.write_text(text)
    with open_feed(feed_file) as feed:
        assert feed.size == size


def test_rows_are_streamed(feed_file: Path) -> None:
    line = "a," + "x" * 1000 + "\n"
    feed_file.write_text("id,title\n" + line * 1000)
    with open_feed(feed_file) as feed:
        assert next(feed.rows).number == 2
        with feed_file.open("a") as more:
            more.write("last,one\n")
        assert list(feed.rows)[-1].cell_values["id"] == "last"


HEADER = ("id", "title", "image")
cell = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12)


@given(st.lists(st.tuples(cell, cell, cell), max_size=8), st.sampled_from(",;\t"))
def test_tables_round_trip(
    feed_file: Path, table: list[tuple[str, str, str]], delimiter: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([HEADER, *table])
    _, rows = read(feed_file, text.getvalue())
    read_back = [tuple(row.cell_values.values()) for row in rows]
    assert read_back == [cells for cells in table if any(cells) and cells != HEADER]


@given(
    st.lists(st.dictionaries(cell, cell | st.integers() | st.booleans() | st.none()), min_size=1)
)
def test_json_round_trip(feed_file: Path, objects: list[dict[str, object]]) -> None:
    _, rows = read(feed_file, "\n".join(map(json.dumps, objects)))
    assert [dict(row.cell_values) for row in rows] == objects


@given(st.binary(max_size=200))
def test_any_bytes_are_a_feed_or_an_invalid_feed(feed_file: Path, data: bytes) -> None:
    try:
        _, rows = read(feed_file, data)
    except InvalidFeed:
        return
    assert all(row.number >= 1 and (row.error is None or not row.cell_values) for row in rows)


@given(st.lists(st.binary(max_size=20)))
def test_count_lines(feed_file: Path, parts: list[bytes]) -> None:
    data = b"\n".join(parts)
    feed_file.write_bytes(data)
    ended = data if b"\n" in data else data.replace(b"\r", b"\n")
    assert count_lines(feed_file) == len(io.BytesIO(ended).readlines())
