"""Read the seller's category from its cells: the deepest path, without the root's name."""

from __future__ import annotations

import html
import re
from functools import lru_cache

_ROOTS = frozenset(
    {"default category", "root catalog", "root", "home", "accueil", "startseite", "inicio", "shop"}
)
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=1 << 14)
def read_category(text: str, lists: str = "", levels: str = ">", numbers: bool = True) -> str:
    r"""Read the category paths in a cell; return the deepest ones, a line each.

    Args:
        text: The cell, such as ``Clothing, Clothing > Tshirts``. A separator after a backslash
            separates nothing.
        lists: What separates the paths; ``""`` if the cell holds one.
        levels: What separates the levels of a path.
        numbers: Whether a number is a category.
    """
    text = html.unescape(text) if "&" in text else text
    cells = re.split(rf"(?<!\\){re.escape(lists)}", text) if lists else [text]
    paths: dict[tuple[str, ...], None] = {}
    for cell in cells:
        parts = re.split(rf"(?<!\\){re.escape(levels)}|\s>\s", cell.replace("\\,", ","))
        path = [name for part in parts if (name := _SPACES.sub(" ", part).strip())]
        while path and path[0].lower() in _ROOTS:
            path = path[1:]
        if path and (numbers or not path[-1].isdigit()):
            paths[tuple(path)] = None
    depth = max(map(len, paths), default=0)
    return "\n".join(" > ".join(path) for path in paths if len(path) == depth)
