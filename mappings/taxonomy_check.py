"""Check a taxonomy file; each problem names the key and what was expected there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from houndstooth.mappings.words import phrase_key

_TERM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_TOP = {"version", "great_categories", "categories", "attribute_groups"}
_TOP_OPTIONAL = {"broader_terms", "loss_weights", "siblings", "ignored_phrases"}
_CATEGORY, _CATEGORY_OPTIONAL = {"label", "great_category", "words"}, {"labels"}
_BROADER, _BROADER_OPTIONAL = {"words", "categories"}, {"modifier"}
_GROUP = {"label", "values"}
_GROUP_OPTIONAL = {
    "great_categories", "categories", "value_labels", "importance", "loss_weight"
}  # fmt: skip


def problems(data: Any) -> list[str]:
    """List every problem of a taxonomy file's content; empty if it is valid."""
    return _Check(data).problems


class _Check:
    """Walks through the content once and collects its problems."""

    def __init__(self, data: Any) -> None:
        self.problems: list[str] = []
        top = self._entry("the file", data, _TOP, _TOP_OPTIONAL)
        self._text("version", top.get("version"))
        self.great = self._terms("great_categories", top.get("great_categories"))
        self.leaves = self._table("categories", top.get("categories"))
        broader = self._table("broader_terms", top.get("broader_terms", {}), may_be_empty=True)
        groups = self._table("attribute_groups", top.get("attribute_groups"))
        ignored = self._texts("ignored_phrases", top.get("ignored_phrases", []))
        for term, entry in self.leaves.items():
            self._category(f"categories.{term}", entry)
        for name, entry in broader.items():
            self._broader_term(f"broader_terms.{name}", entry)
        for name, entry in groups.items():
            self._group(f"attribute_groups.{name}", entry)
        self._siblings(top.get("siblings", []))
        self._loss_weights(top.get("loss_weights", {}))
        self._each_great_category_is_used()
        self._each_word_has_one_meaning(broader, groups, ignored)

    # --- entries --------------------------------------------------------------------------

    def _category(self, where: str, data: Any) -> None:
        entry = self._entry(where, data, _CATEGORY, _CATEGORY_OPTIONAL)
        self._text(f"{where}.label", entry.get("label"))
        self._known(f"{where}.great_category", [entry.get("great_category")], self.great)
        self._texts(f"{where}.words", entry.get("words"))
        self._texts(f"{where}.labels", entry.get("labels", []))

    def _broader_term(self, where: str, data: Any) -> None:
        entry = self._entry(where, data, _BROADER, _BROADER_OPTIONAL)
        self._texts(f"{where}.words", entry.get("words"))
        leaves = self._terms(f"{where}.categories", entry.get("categories"))
        self._known(f"{where}.categories", leaves, self.leaves)
        self._flag(f"{where}.modifier", entry.get("modifier", False))

    def _group(self, where: str, data: Any) -> None:
        entry = self._entry(where, data, _GROUP, _GROUP_OPTIONAL)
        self._text(f"{where}.label", entry.get("label"))
        values = self._table(f"{where}.values", entry.get("values"))
        for value, words in values.items():
            self._texts(f"{where}.values.{value}", words)
        great, leaves = (entry.get(key, []) for key in ("great_categories", "categories"))
        if not great and not leaves:
            self.problems.append(f"{where}: expected great_categories or categories that have it")
        self._known(
            f"{where}.great_categories", self._texts(f"{where}.great_categories", great), self.great
        )
        self._known(f"{where}.categories", self._texts(f"{where}.categories", leaves), self.leaves)
        self._number(f"{where}.importance", entry.get("importance", 1))
        self._number(f"{where}.loss_weight", entry.get("loss_weight", 1))
        labels = entry.get("value_labels", {})
        if not isinstance(labels, dict):
            self._expected(f"{where}.value_labels", "an object", labels)
            return
        self._known(f"{where}.value_labels", labels, values)
        self._texts(f"{where}.value_labels", list(labels.values()))

    def _siblings(self, data: Any) -> None:
        if not isinstance(data, list):
            self._expected("siblings", "a list of lists of categories", data)
            return
        for place, leaves in enumerate(data):
            where = f"siblings.{place}"
            self._known(where, terms := self._terms(where, leaves), self.leaves)
            if len(terms) == 1:
                self._expected(where, "at least two categories", terms)

    def _loss_weights(self, data: Any) -> None:
        if not isinstance(data, dict):
            self._expected("loss_weights", "an object with numbers", data)
            return
        self._known("loss_weights", data, ("great_category", "category"))
        for head, value in data.items():
            self._number(f"loss_weights.{head}", value)

    # --- across entries -------------------------------------------------------------------

    def _each_great_category_is_used(self) -> None:
        entries = [entry for entry in self.leaves.values() if isinstance(entry, dict)]
        used = [entry.get("great_category") for entry in entries]
        for great in self.great:
            if great not in used:
                self.problems.append(
                    f"great_categories: expected a category in {great!r}; got none"
                )

    def _each_word_has_one_meaning(
        self, broader: Mapping[str, Any], groups: Mapping[str, Any], ignored: list[str]
    ) -> None:
        names = {f"categories.{term}": entry for term, entry in self.leaves.items()}
        labels = {where: _strings(entry, "labels") for where, entry in names.items()}
        self._distinct("label", labels)
        names |= {f"broader_terms.{name}": entry for name, entry in broader.items()}
        words = {where: _strings(entry, "words") for where, entry in names.items()}
        hint = " (a word for several categories belongs to broader_terms)"
        self._distinct("word", words | {"ignored_phrases": ignored}, hint)
        for name, entry in groups.items():
            values = entry.get("values") if isinstance(entry, dict) else None
            if isinstance(values, dict):
                where = f"attribute_groups.{name}.values"
                words = {f"{where}.{value}": _strings(values, value) for value in values}
                self._distinct("word", words | {"ignored_phrases": ignored})

    def _distinct(self, what: str, owners: Mapping[str, list[str]], hint: str = "") -> None:
        first: dict[str, str] = {}
        for where, texts in owners.items():
            for text in texts:
                owner = first.setdefault(phrase_key(text), where)
                if owner != where:
                    self.problems.append(
                        f"{where}: expected {what}s of its own; got {text!r}, "
                        f"which {owner} has too{hint}"
                    )

    # --- values ---------------------------------------------------------------------------

    def _expected(self, where: str, expected: str, got: Any) -> None:
        came = "nothing" if got is None else repr(got)[:80]
        self.problems.append(f"{where}: expected {expected}; got {came}")

    def _entry(self, where: str, data: Any, needed: set[str], optional: set[str]) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._expected(where, f"an object with {', '.join(sorted(needed))}", data)
            return {}
        for key in sorted(data.keys() - needed - optional):
            self._expected(where, f"only {', '.join(sorted(needed | optional))}", key)
        return data

    def _table(self, where: str, data: Any, may_be_empty: bool = False) -> dict[str, Any]:
        if not isinstance(data, dict) or not (data or may_be_empty):
            self._expected(where, "an object with an entry for each term", data)
            return {}
        self._terms(where, list(data), may_be_empty)
        return data

    def _terms(self, where: str, data: Any, may_be_empty: bool = False) -> list[str]:
        terms = self._texts(where, data)
        if isinstance(data, list) and not (data or may_be_empty):
            self._expected(where, "at least one term", data)
        for term in terms:
            if not _TERM.fullmatch(term):
                self._expected(where, "terms of a-z, 0-9 and single hyphens", term)
        if len(set(terms)) < len(terms):
            self._expected(where, "every term once", terms)
        return terms

    def _number(self, where: str, value: Any) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < float("inf"):
            self._expected(where, "a number from 0 on", value)

    def _flag(self, where: str, value: Any) -> None:
        if not isinstance(value, bool):
            self._expected(where, "true or false", value)

    def _text(self, where: str, value: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            self._expected(where, "a text", value)

    def _texts(self, where: str, data: Any) -> list[str]:
        if not isinstance(data, list):
            self._expected(where, "a list of texts", data)
            return []
        for text in data:
            if not isinstance(text, str) or not phrase_key(text):
                self._expected(where, "texts with letters or digits", text)
        return [text for text in data if isinstance(text, str)]

    def _known(self, where: str, terms: Iterable[Any], known: Iterable[str]) -> None:
        names = list(known)
        for term in terms:
            if term not in names:
                self._expected(where, f"one of {', '.join(names)}", term)


def _strings(entry: Any, key: str) -> list[str]:
    """Return the texts of a list; its other problems are reported elsewhere."""
    value = entry.get(key, []) if isinstance(entry, dict) else []
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
