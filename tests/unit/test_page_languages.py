"""The page's languages: the same keys in every file, and none that the page does not use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.web.languages import ENGLISH, LANGUAGES

WEB = Path(__file__).parents[2] / "web"
OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
ENGLISH_WORDS = LANGUAGES[ENGLISH].words
BY_NAME = re.compile(r"^(great|item|phrase|stage)\.")
"""Keys that the page builds of a name."""


def forms(text: object) -> list[str]:
    return list(text.values()) if isinstance(text, dict) else [str(text)]


def used() -> Iterator[str]:
    """Keys in scripts and templates."""
    for file in (WEB / "static").rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        yield from re.findall(r'\bt\("([\w.]+)"', text)
        for chosen in re.findall(r'\bt\([^"()]*\?\s*("[\w.]+"\s*:\s*"[\w.]+")', text):
            yield from re.findall(r'"([\w.]+)"', chosen)
        yield from re.findall(r'const key = [^;]*\? "([\w.]+)" : "[\w.]+";', text)
        yield from re.findall(r'const key = [^;]*\? "[\w.]+" : "([\w.]+)";', text)
    for file in (WEB / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        yield from re.findall(r"words\.(\w+)", text)
        yield from re.findall(r"words\['([\w.]+)'\]", text)


def test_six_languages_are_there() -> None:
    assert set(LANGUAGES) == {"en", "de", "fr", "es", "it", "nl"}


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_the_same_keys_and_placeholders(code: str) -> None:
    language = LANGUAGES[code]
    assert list(language.words) == list(ENGLISH_WORDS)
    assert list(language.labels) == list(LANGUAGES[ENGLISH].labels)
    for key, text in language.words.items():
        english = ENGLISH_WORDS[key]
        assert isinstance(text, dict) == isinstance(english, dict), key
        if isinstance(text, dict):
            assert set(text) == {"one", "other"}, key
        names = {name for form in forms(english) for name in re.findall(r"\{\w+\}", form)}
        for form in forms(text):
            assert form.strip() == form != "", key
            assert set(re.findall(r"\{\w+\}", form)) == names, key
    assert all(language.labels.values())


def test_labels_are_those_of_the_taxonomy() -> None:
    taxonomy = Taxonomy.load()
    own = {category.term: category.label for category in taxonomy.categories.values()}
    own |= {group.name: group.label for group in taxonomy.groups.values()}
    own |= {term: taxonomy.label_of(term) for term in taxonomy.attribute_terms()}
    assert LANGUAGES[ENGLISH].labels == own


def test_the_page_uses_every_word_and_no_other() -> None:
    keys = {key for key in ENGLISH_WORDS if not BY_NAME.match(key)}
    assert set(used()) >= keys
    assert {key for key in used() if not BY_NAME.match(key)} == keys
