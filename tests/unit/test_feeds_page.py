"""The tables of docs/feeds.md, made of the platforms' tables. To write them anew:

python -m tests.unit.test_feeds_page
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from houndstooth.ingest.platforms import PLATFORMS, Platform
from houndstooth.ingest.platforms.platform import ATTRIBUTES, ROLES

PAGE = Path(__file__).parents[2] / "docs" / "feeds.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"


def code(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def overview() -> Iterator[str]:
    yield row("role", *(str(number) for number in range(1, len(PLATFORMS) + 1)), "meaning")
    yield row(*["---"] * (len(PLATFORMS) + 2))
    for role, meaning in ROLES.items():
        if role in ATTRIBUTES or any(role in platform.roles for platform in PLATFORMS):
            marks = ("•" if role in platform.roles else " " for platform in PLATFORMS)
            yield row(f"`{role}`", *marks, meaning)


def section(number: int, platform: Platform) -> Iterator[str]:
    yield f"\n### {number}. {platform.name}\n\n"
    if any(platform.recognised_by):
        first, *others = [code(list(names)) for names in platform.recognised_by]
        yield f"Recognised by the columns {first}{''.join(f'; or {one}' for one in others)}.\n"
    else:
        yield "What no other platform recognises.\n"
    if platform.left_out:
        yield f"Left out where `status` is {code(sorted(platform.left_out))}.\n"
    yield "\n" + row("role", "columns") + row("---", "---")
    for role in ROLES:
        if platform.roles.get(role):
            yield row(f"`{role}`", code(platform.roles[role]))


def tables() -> str:
    lines = ["\n", *overview()]
    for number, platform in enumerate(PLATFORMS, start=1):
        lines += section(number, platform)
    lines += ["\n### All platforms\n\n", row("role", "columns"), row("---", "---")]
    lines += [row(f"`{role}`", code(names)) for role, names in ATTRIBUTES.items()]
    return "".join(lines) + "\n"


def test_the_page_has_the_tables_of_all_platforms() -> None:
    page = PAGE.read_text(encoding="utf-8")
    begin, _, rest = page.partition(BEGIN)
    assert begin and rest.partition(END)[0] == tables(), (
        "write them anew: python -m tests.unit.test_feeds_page"
    )


def test_each_role_has_a_meaning() -> None:
    assert {role for platform in PLATFORMS for role in platform.roles} <= {*ROLES}


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{tables()}{END}{after}", encoding="utf-8")
