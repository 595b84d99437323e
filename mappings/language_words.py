"""Hold the words of other languages, and the public taxonomies of shops, as shipped files tell.

``languages/de.json`` has what German shops write. ``public_categories.json`` has the ids of
Google's and Shopify's taxonomies, the kinds of product that ours lacks, and category names that
stand for more than their words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ENGLISH = "en"
"""The language of the taxonomy's own words."""

FRENCH_OF_THE_TAXONOMY = frozenset({"homme", "femme"})
"""French among the taxonomy's own words: no sign of an English text."""

_FOLDER = Path(__file__).parent
_LANGUAGE_FILES = sorted((_FOLDER / "languages").glob("*.json"))
_PUBLIC_FILE = _FOLDER / "public_categories.json"


@dataclass(frozen=True)
class LanguageWords:
    """The words that the shops of one language write.

    Attributes:
        noun_first: Whether a product's noun comes before what describes it, as in French.
        compounds: Whether words are built of others, the noun last, as in German.
        clause_starts: Words after which parts of the product follow, such as ``with``.
        joining_words: Words such as ``and``.
        other_words: Frequent words that only tell the language.
        categories: Words by leaf category, broader term or kind.
        attributes: Words by attribute group and value.
    """

    noun_first: bool = False
    compounds: bool = False
    clause_starts: frozenset[str] = frozenset()
    joining_words: Sequence[str] = ()
    other_words: Sequence[str] = ()
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class WiderKind:
    """The names of several leaves together, such as Google's ``Shirts & Tops``.

    Attributes:
        names: The names. They count in category texts only, not in titles.
        categories: Leaves, broader terms and kinds; none if the name says nothing.
    """

    names: Sequence[str]
    categories: Sequence[str]


@dataclass(frozen=True)
class PublicCategories:
    """The public taxonomies of shops.

    Attributes:
        other_kinds: Words by kinds of product that our taxonomy lacks.
        wider_kinds: Category names that stand for more than their words.
        google: Path by id.
        shopify: Own name by id; ``aa-1-4`` lies below ``aa-1``.
    """

    other_kinds: Mapping[str, Sequence[str]]
    wider_kinds: Mapping[str, WiderKind]
    google: Mapping[str, str]
    shopify: Mapping[str, str]


def _language(path: Path) -> LanguageWords:
    data = json.loads(path.read_text(encoding="utf-8"))
    data["clause_starts"] = _CLAUSE_STARTS | frozenset(data["clause_starts"])
    return LanguageWords(**data)


def _public_categories() -> PublicCategories:
    data = json.loads(_PUBLIC_FILE.read_text(encoding="utf-8"))
    data["wider_kinds"] = {term: WiderKind(**kind) for term, kind in data["wider_kinds"].items()}
    return PublicCategories(**data)


_CLAUSE_STARTS = frozenset({"with", "for", "in", "from", "by", "featuring"})
_ENGLISH_WORDS = (*_CLAUSE_STARTS, "the", "and", "of", "set", "pack", "pair")

LANGUAGES: Mapping[str, LanguageWords] = {
    "": LanguageWords(
        clause_starts=_CLAUSE_STARTS, joining_words=["and"], other_words=_ENGLISH_WORDS
    )
} | {path.stem: _language(path) for path in _LANGUAGE_FILES}
"""The shipped languages by ISO 639-1; the empty one is any other, and English."""

PUBLIC = _public_categories()


@lru_cache(maxsize=1)
def words_digest() -> str:
    """Compute the SHA-256, in hexadecimal, of all shipped words of other languages and kinds."""
    digest = hashlib.sha256()
    for path in (*_LANGUAGE_FILES, _PUBLIC_FILE):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()
