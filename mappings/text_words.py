"""Split a text into words and keep where each stands, to spell parts of it as it was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from houndstooth.mappings.words import tokens

_DOLLARS = r"(?<![^\W_])(?i:R|US|CA?|AU?|NZ|HK)\$"
"""A dollar or a real with its country's letters: US$, R$."""
_WORD = re.compile(rf"\d+/\d+|\d+(?:[.,]\d+)*|{_DOLLARS}|[€$£¥₹]|[^\W_]+(?:['’]s\b)?")


@dataclass(frozen=True)
class Word:
    """A word of a text: its tokens, and where it stands."""

    key: str
    start: int
    stop: int


def split_words(text: str) -> list[Word]:
    """Split a text into words; a number with its separators is one, and so is a currency."""
    found = []
    for match in _WORD.finditer(text):
        number = match[0][0].isdigit() and "/" not in match[0]
        word = "$" if match[0].endswith("$") else match[0]
        parts = [word] if number else tokens(word) or [word]
        found += [Word(part, *match.span()) for part in parts]
    return found


def spelt(text: str, words: Sequence[Word], places: Iterable[int]) -> str:
    """Return some words as they are spelt, and what stands between neighbours."""
    parts: list[str] = []
    last, end = -2, 0
    for place in sorted(places):
        word = words[place]
        if parts:
            parts.append(text[end : word.start] if place == last + 1 else " ")
        parts.append(text[max(end, word.start) : word.stop])
        last, end = place, word.stop
    return "".join(parts)
