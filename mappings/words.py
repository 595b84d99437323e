"""Normalise the words of sellers, labels and taxonomy files, so that they can be compared."""

from __future__ import annotations

import html
import re
import unicodedata

_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"\d+/\d+|[^\W_]+")
_REFERENCE = re.compile(r"&#?\w+;")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b|(?<=s)['’](?!\w)")


def decoded(text: str) -> str:
    """Replace the character references of HTML and XML: ``&amp;`` gives ``&``."""
    return _REFERENCE.sub(lambda m: html.unescape(m[0]), text) if "&" in text else text


def tokens(text: str) -> list[str]:
    """Split a text into lower-case words, without accents, hyphens and possessives.

    ``"Women's T-Shirt, 3/4 Sleeve"`` gives ``women t shirt 3/4 sleeve``.
    """
    plain = unicodedata.normalize("NFKD", _CAMEL_HUMP.sub(" ", decoded(text))).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(_POSSESSIVE.sub("", plain.replace("⁄", "/")))


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
