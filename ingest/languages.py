"""Detect the language of a feed from a sample of its texts."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from itertools import islice

from py3langid import langid

from houndstooth.mappings.category_path import path_language
from houndstooth.mappings.language_words import ENGLISH, LANGUAGES

_KNOWN = (ENGLISH, *(language for language in LANGUAGES if language))
_OTHERS = (
    "sv", "da", "no", "fi", "is", "et", "lv", "lt", "cs", "sk", "hu", "ro", "sl", "hr",
    "sr", "sq", "bg", "mk", "el", "tr", "ru", "uk", "he", "ar", "ja", "ko", "zh",
)  # fmt: skip
_MAX_TEXTS = 400
_MIN_CONFIDENCE = 0.9
_MIN_SHARE = 0.7


def detect_language(texts: Sequence[str]) -> str:
    """Detect the language of titles, descriptions and categories, ISO 639-1; "" if unsure.

    All texts together tell the language: one title of three words is too short. In a feed of
    several languages too few of its texts agree, and none is returned. Paths of public taxonomies
    are left out: they are English in every feed.
    """
    own = (text for text in texts if text.strip() and path_language(text, "") != ENGLISH)
    known = [*islice(own, _MAX_TEXTS)]
    if not known:
        return ""
    everything = "\n".join(known)
    language, confidence = _identifier((*_KNOWN, *_OTHERS)).classify(
        everything + "\n" + everything.lower()
    )
    agree = sum(_may_be(language, text) for text in known) if language in _KNOWN else len(known)
    if confidence < _MIN_CONFIDENCE or agree < _MIN_SHARE * len(known):
        return ""
    return str(language)


def _may_be(language: str, text: str) -> bool:
    """True if the text reads as the language, as it is or in lower case.

    Nouns with capitals are German to the library, so that English titles in title case are, too.
    """
    classify = _identifier(_KNOWN).classify
    return language in (classify(text)[0], classify(text.lower())[0])


@lru_cache(maxsize=2)
def _identifier(languages: tuple[str, ...]) -> langid.LanguageIdentifier:
    identifier = copy(_model())
    identifier.set_languages(languages)
    return identifier


@lru_cache(maxsize=1)
def _model() -> langid.LanguageIdentifier:
    """Load the library's model, which takes a second."""
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
