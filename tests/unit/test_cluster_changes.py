"""No operation of a shard is missed, whichever order operations become visible in."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from houndstooth.plugin.engines.cluster import changes
from houndstooth.plugin.engines.cluster.changes import ShardMemory, _pages

BATCH, OVERLAP = 10, 120


@dataclass
class FakeShard:
    """A shard's operations: the time at which each becomes visible, and its primary term."""

    now: float = 0.0
    visible_at: dict[int, float] = field(default_factory=dict)
    term: dict[int, int] = field(default_factory=dict)
    searches: int = 0
    batch: int = BATCH

    def write(self, number: int, delay: float = 0.0, term: int = 1) -> None:
        self.visible_at[number], self.term[number] = self.now + delay, term

    def first(self, after: int, up_to: int | None = None) -> list[dict[str, Any]]:
        self.searches += 1
        numbers = sorted(n for n, time in self.visible_at.items() if time <= self.now)
        within = [n for n in numbers if after < n and (up_to is None or n <= up_to)]
        return [{"_seq_no": n, "_primary_term": self.term[n]} for n in within[:BATCH]]

    def newest(self, after: int) -> int:
        return max(n for n, time in self.visible_at.items() if time <= self.now and n >= after)


@pytest.fixture
def shard(monkeypatch: pytest.MonkeyPatch) -> FakeShard:
    made = FakeShard()
    monkeypatch.setattr(changes, "OVERLAP", OVERLAP)
    monkeypatch.setattr(changes, "monotonic", lambda: made.now)
    return made


def read(
    shard: FakeShard, memory: ShardMemory, start: int, pages: int = 10**9
) -> tuple[set[int], int]:
    """The numbers that were read, and where to go on."""
    seen: set[int] = set()
    reader = _pages(shard, memory, start)  # type: ignore[arg-type]
    for count, (hits, position) in enumerate(reader, start=1):
        seen |= {hit["_seq_no"] for hit in hits}
        start = position
        if count == pages:
            break
    return seen, start


@pytest.mark.parametrize("seed", range(30))
def test_late_operations_are_not_missed(shard: FakeShard, seed: int) -> None:
    chance = random.Random(seed)
    memory, position = ShardMemory(), -1
    seen: set[int] = set()
    number = 0
    for _ in range(200):
        shard.now += chance.random()
        for _ in range(chance.randrange(8)):
            number += chance.choice([1, 1, 1, 2])  # a hole
            shard.write(number, delay=chance.choice([0.0, 0.0, 1.0, 4.5]))
        if chance.random() < 0.5:
            pages = chance.choice([1, 2, 10**9])  # the reading may be broken off
            some, position = read(shard, memory, position, pages)
            seen |= some
        if chance.random() < 0.05:
            memory = ShardMemory()  # another process goes on
    shard.now += 10
    seen |= read(shard, memory, position)[0]
    assert seen == set(shard.visible_at)


def test_what_was_visible_long_ago_is_not_read_again(shard: FakeShard) -> None:
    for number in range(35):
        shard.write(number)
    memory = ShardMemory()
    seen, position = read(shard, memory, -1)
    assert (len(seen), position) == (35, -1)
    shard.now += 6
    assert read(shard, memory, position) == (set(range(35)), 34)
    assert read(shard, memory, 34) == (set(), 34)
    shard.write(35)
    assert read(shard, memory, 34) == ({35}, 34)
    shard.now += 6
    assert read(shard, memory, 34)[1] == 35


def test_another_process_overlaps(shard: FakeShard) -> None:
    for number in range(200):
        shard.write(number)
    shard.now += 60
    assert read(shard, ShardMemory(), -1)[1] == 199 - OVERLAP
    assert read(shard, ShardMemory(), 190)[1] == 190


def test_another_primary_gives_out_numbers_anew(shard: FakeShard) -> None:
    for number in range(200):
        shard.write(number)
    memory = ShardMemory()
    _, position = read(shard, memory, -1)
    shard.now += 6
    _, position = read(shard, memory, position)
    assert position == 199
    for number in range(195, 205):  # the last five were lost with the old primary
        shard.write(number, term=2)
    seen, position = read(shard, memory, position)
    assert seen == set(range(200 - OVERLAP, 205))
    assert position == 204 - OVERLAP
    shard.now += 6
    assert read(shard, memory, position)[1] == 204


def test_large_holes_take_few_searches(shard: FakeShard) -> None:
    numbers = [*range(40), *range(10**9, 10**9 + 40)]
    for number in numbers:
        shard.write(number)
    seen, _ = read(shard, ShardMemory(), -1)
    assert seen == set(numbers)
    assert shard.searches < 60


def test_a_new_primary_term_goes_back_once(shard: FakeShard) -> None:
    memory = ShardMemory()
    assert memory.begin(500, 1) == 500
    memory.note(500)
    assert memory.begin(600, 2) == 600 - OVERLAP
    assert memory.visible == []
    assert [memory.begin(start, 2) for start in (600, 50)] == [600, 50]
    assert memory.begin(50, 3) == -1
