"""Normalise the words of sellers, labels and taxonomy files, so that they can be compared."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import pairwise

_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"\d+/\d+|[^\W_]+")
_REFERENCE = re.compile(r"&#?\w+;")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b|(?<=s)['’](?!\w)")
_JOINT = re.compile(r"\s*[&+/,]\s*|-")


def decoded(text: str) -> str:
    """Replace the character references of HTML and XML: ``&amp;`` gives ``&``."""
    return _REFERENCE.sub(lambda m: html.unescape(m[0]), text) if "&" in text else text


def tokens(text: str) -> list[str]:
    """Split a text into lower-case words, without accents, hyphens and possessives.

    ``"Women's T-Shirt, 3/4 Sleeve"`` gives ``women t shirt 3/4 sleeve``.
    """
    return _WORD.findall(_plain(text))


def joints(text: str) -> frozenset[int]:
    """Return the places of the tokens that a sign joins to the one before.

    ``"Navy/White & Red T-Shirt"`` gives 1, 2 and 4.
    """
    plain = _plain(text)
    spans = [match.span() for match in _WORD.finditer(plain)]
    gaps = (plain[before[1] : after[0]] for before, after in pairwise(spans))
    return frozenset(place for place, gap in enumerate(gaps, 1) if _JOINT.fullmatch(gap))


def singular(word: str) -> str:
    """Map a word's singular and plural to one key, which need not be English.

    ``hoodie`` and ``hoodies`` both give ``hoody``; ``watches`` gives ``watch``.
    """
    if word.endswith("s") and not word.endswith("ss") and len(word) > 2:
        word = word[:-1]
    if word.endswith(("che", "she", "sse", "xe")):
        return word[:-1]
    return word[:-2] + "y" if word.endswith("ie") and len(word) > 3 else word


def phrase_key(text: str) -> str:
    """Map all spellings of a phrase to one key: ``T-Shirts``, ``t shirt`` and ``tshirt``."""
    return singular("".join(tokens(text)))


def slug(text: str) -> str:
    """Convert a label to the form of a term: ``"Navy Blue"`` gives ``navy-blue``."""
    return "-".join(tokens(text))


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", _CAMEL_HUMP.sub(" ", decoded(text))).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _POSSESSIVE.sub("", plain.replace("⁄", "/"))
