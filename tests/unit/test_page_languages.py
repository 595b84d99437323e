"""The page's languages: the same keys in every file, and none that the page does not use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.exceptions import default_exceptions

from houndstooth.mappings import errors
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import EMPTY_BOX, NO_ITEM
from houndstooth.models.runtime.images import ENDS_EARLY
from houndstooth.web.errors import snake_case
from houndstooth.web.languages import ENGLISH, LANGUAGES
from houndstooth.web.serving.refusal import OVERLOADED

WEB = Path(__file__).parents[2] / "web"
OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
ENGLISH_WORDS = LANGUAGES[ENGLISH].words
BY_NAME = re.compile(r"^(error|great|item|note|phrase|stage)\.")
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


def test_errors_and_notes_are_those_of_the_service() -> None:
    """No word is left over; a new note or a new text of one is not told in English alone."""
    codes = {
        snake_case(error.__name__) for error in vars(errors).values() if isinstance(error, type)
    }
    codes |= {snake_case(error().name) for error in default_exceptions.values()}
    codes |= {OVERLOADED.code, "other", "unavailable"}
    told = {key.partition(".")[2] for key in ENGLISH_WORDS if key.startswith("error.")}
    assert told <= codes
    script = (WEB / "static" / "js" / "troubles.js").read_text(encoding="utf-8")
    assert set(re.findall(r'"note\.(\w+)"', script)) == {
        key.partition(".")[2] for key in ENGLISH_WORDS if key.startswith("note.")
    }
    for note in (NO_ITEM, EMPTY_BOX, ENDS_EARLY):
        assert f'"{note}"' in script


def test_the_page_uses_every_word_and_no_other() -> None:
    keys = {key for key in ENGLISH_WORDS if not BY_NAME.match(key)}
    assert set(used()) >= keys
    assert {key for key in used() if not BY_NAME.match(key)} == keys


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_no_line_begins_with_a_mark(code: str) -> None:
    """French has a space before some marks, which must not be one to break a line at."""
    texts = [one for text in LANGUAGES[code].words.values() for one in forms(text)]
    texts += LANGUAGES[code].labels.values()
    assert [text for text in texts if re.search(" [;:?!»%]|« ", text)] == []
