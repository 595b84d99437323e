"""Keep the newer of what is written and what is stored or deleted, facts and features each."""

from __future__ import annotations

from dataclasses import replace

from houndstooth.mappings.product import Note
from houndstooth.mappings.writes import IndexDocument, StoredState, WriteOutcome

NEWER_FACTS, NEWER_FEATURES = "newer facts kept", "newer features kept"
"""Kinds of notes on a document of which the other part was written."""

DELETED_SECONDS = 30 * 24 * 3600
"""Time for which it is known when a document was deleted."""


def leave_newer(
    document: IndexDocument, stored: StoredState
) -> tuple[IndexDocument, list[Note]] | WriteOutcome:
    """Leave out of a document what is stored newer.

    Args:
        document: The document.
        stored: What is stored of it, features that no search finds yet among them.

    Returns:
        What is to be written, and notes on what is left out; or the outcome, if nothing is.
    """
    key, as_of, has_features = document.product_id, document.as_of, _has_features(document)
    if as_of is None:
        return document, []
    keeps_facts = stored.has_newer_facts(as_of)
    keeps_features = stored.has_newer_features(as_of)
    if document.keeps is not None and not keeps_features and stored.features != document.keeps:
        why = "expected the features that were read before; others were written meanwhile"
        return WriteOutcome(key, why, retryable=True, is_conflict=True)
    kept = [keeps_facts or not document.facts, keeps_features or not has_features]
    if all(kept) and (keeps_facts or keeps_features):
        return overtaken(key)
    notes = []
    if keeps_facts and document.facts:
        document, notes = replace(document, facts={}), [Note(NEWER_FACTS)]
    if keeps_features and has_features:
        document = replace(document, visual=None, keeps=None)
        notes.append(Note(NEWER_FEATURES))
    return document, notes


def is_deleted_later(document: IndexDocument, deleted: int | None) -> bool:
    """Tell whether a document shows what was before its deletion.

    Args:
        document: The document, of which nothing is stored.
        deleted: The time as of which it was deleted, in milliseconds since 1970; None if it was
            not, or longer than ``DELETED_SECONDS`` ago.
    """
    return deleted is not None and document.as_of is not None and document.as_of <= deleted


def overtaken(product_id: str) -> WriteOutcome:
    """Return the outcome of a document that is left alone because newer is known of it."""
    return WriteOutcome(product_id, is_changed=False, is_overtaken=True)


def written_times(document: IndexDocument) -> dict[str, int]:
    """Return the times that a document brings, ``facts_as_of`` and ``as_of``."""
    times: dict[str, int] = {}
    if document.as_of is not None and document.facts:
        times["facts_as_of"] = document.as_of
    if document.as_of is not None and _has_features(document):
        times["as_of"] = document.as_of
    return times


def _has_features(document: IndexDocument) -> bool:
    return document.visual is not None or document.keeps is not None
