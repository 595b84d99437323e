"""Cursors are read as they were written, and nothing else is."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.errors import InvalidInput
from houndstooth.plugin.cursor import MAX_LENGTH, Cursor, SortedCursor


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


cursors = st.integers(0, 3).flatmap(
    lambda step: st.builds(
        Cursor,
        st.integers(0, step),
        st.just(step),
        st.tuples(
            st.booleans(),
            st.floats(-1, 0),
            st.text(min_size=1).filter(lambda one: len(one.encode(errors="replace")) <= 512),
        ),
    )
)


ids = st.text(min_size=1).filter(lambda one: len(one.encode(errors="replace")) <= 512)
values = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=100)
sorted_cursors = st.builds(SortedCursor, cursors, st.tuples(st.booleans(), values, ids))


@given(sorted_cursors)
def test_sorted_cursors_are_read_as_written(cursor: SortedCursor) -> None:
    assert SortedCursor.parse(str(cursor), 4) == cursor
    assert len(str(cursor)) <= MAX_LENGTH


@pytest.mark.parametrize(
    "text",
    [
        '[0,0,false,-0.5,"a"]',
        *(f'[{end},false,1,"a"]' for end in ("0", "[]", '[0,4,false,-0.5,"a"]', "null")),
        *(f'[[0,0,false,-0.5,"a"],{key}]' for key in ('0,1,"a"', "false,1,7", 'false,NaN,"a"')),
        *(f'[[0,0,false,-0.5,"a"],{key}]' for key in ('false,[],"a"', 'false,true,"a"')),
        '[[0,0,false,-0.5,"a"],false,1' + "0" * 400 + ',"a"]',
    ],
)
def test_malformed_sorted_cursors(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected the cursor of an earlier answer"):
        SortedCursor.parse(encoded(text), 4)


@given(cursors)
def test_read_as_written(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor), 4) == cursor
    assert len(str(cursor)) <= MAX_LENGTH


def test_the_longest_id() -> None:
    cursor = Cursor(3, 3, (False, -0.12345678901234568e-300, "\x01" * 512))
    assert Cursor.parse(str(cursor), 4) == cursor
    longest = SortedCursor(cursor, (False, "\U0001f600" * 100, "\x01" * 512))
    assert SortedCursor.parse(str(longest), 4) == longest


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_any_text_is_a_cursor_or_invalid_input(text: str) -> None:
    try:
        cursor = Cursor.parse(text, 4)
    except InvalidInput:
        return
    assert 0 <= cursor.first_step <= cursor.step < 4


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_json_is_a_cursor_or_invalid_input(value: object) -> None:
    test_any_text_is_a_cursor_or_invalid_input.hypothesis.inner_test(  # type: ignore[attr-defined]
        encoded(json.dumps(value))
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "=", "é", "x", "AAAA", "a" * (MAX_LENGTH + 1)),
        *map(encoded, ['{"a":1}', "[0,0,false,-0.5]", '"abcd"', "7", '[0,0,true,-0.5,"a",1]']),
        *map(encoded, [f'[{steps},true,-0.5,"a"]' for steps in ("0,4", "1,0", "-1,0", "true,1")]),
        *map(encoded, [f"[0,0,{last},-0.5,7]" for last in ("0", "null", '"true"', "false")]),
        *map(encoded, [f'[0,0,true,{number},"a"]' for number in ("NaN", "Infinity", "null")]),
        *map(encoded, [f'[0,0,true,1{"0" * 400},"a"]', "[" * 3000, '[0.0,0,true,0.5,"a"]']),
        *map(encoded, ['[0,0,1,0.5,"a"]', '[0,0,0.5,"a"]', f"[{'9' * 2900}"]),
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected the cursor of an earlier answer"):
        Cursor.parse(text, 4)
