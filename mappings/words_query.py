"""Define queries in words for the shop's analysed fields, and for what other words have found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WordsQuery:
    """Match by words: at least one of them is in the shop's analysed fields.

    Those are the fields of whole texts, such as the title; see ``Engine.by_words``.

    Attributes:
        text: The words.
        fields: Names of the fields that may be looked at; None = all.
    """

    text: str
    fields: frozenset[str] | None = None


@dataclass(frozen=True)
class IdsQuery:
    """Match the products with some ids, such as those that look as words say."""

    product_ids: tuple[str, ...]
