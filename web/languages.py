"""Hold the words of the page in several languages, a file for each.

``languages/de.json`` has ``words``, the text of the page by key, and ``labels`` of the shipped
taxonomy's terms and groups. A word with a number has the forms of the language's plural rules
(Unicode CLDR), ``one`` and ``other``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from werkzeug.datastructures import LanguageAccept, MultiDict

from houndstooth.mappings.errors import InvalidInput

ENGLISH = "en"
"""The language of the taxonomy's own labels, and of whoever asks for none of the others."""

Words = Mapping[str, str | Mapping[str, str]]


@dataclass(frozen=True)
class Language:
    """The words of one language.

    Attributes:
        code: ISO 639-1.
        words: Text of the page by key.
        labels: Labels by category, attribute term and group of the shipped taxonomy.
    """

    code: str
    words: Words
    labels: Mapping[str, str]

    def label(self, term: str, own: str) -> str:
        """Return the label of a term; that of a shop which has renamed it stays as it is.

        Args:
            term: Category, attribute term or group.
            own: Its label in the taxonomy in use.
        """
        shipped = LANGUAGES[ENGLISH].labels.get(term)
        return self.labels[term] if own == shipped else own


def _language(path: Path) -> Language:
    return Language(path.stem, **json.loads(path.read_text(encoding="utf-8")))


LANGUAGES: Mapping[str, Language] = {
    path.stem: _language(path)
    for path in sorted((Path(__file__).parent / "languages").glob("*.json"))
}
"""The languages of the page by ISO 639-1."""


def choose_language(accepted: LanguageAccept) -> Language:
    """Choose the language that a browser likes best, by its ``Accept-Language``."""
    return LANGUAGES[accepted.best_match(list(LANGUAGES), ENGLISH) or ENGLISH]


def read_language(fields: MultiDict[str, str]) -> Language:
    """Read the parameter ``language``; English without it.

    Raises:
        InvalidInput: There is no such language, or another parameter.
    """
    others = [name for name in fields if name != "language"]
    if others:
        raise InvalidInput(f"expected no parameters but language; got {sorted(others)[0][:80]!r}")
    codes = fields.getlist("language") or [ENGLISH]
    if len(codes) > 1 or codes[0] not in LANGUAGES:
        raise InvalidInput(
            f"expected language, once, to be one of {', '.join(LANGUAGES)}; got "
            f"{', '.join(codes)[:80]!r}"
        )
    return LANGUAGES[codes[0]]
