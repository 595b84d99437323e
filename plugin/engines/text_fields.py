"""List the fields of an index whose words are analysed, and so found by BM25."""

from __future__ import annotations

from houndstooth.mappings.document import is_visual
from houndstooth.plugin.engines.fields import Fields, parents
from houndstooth.plugin.engines.index_mapping import TEXTS

ANALYSED = TEXTS - {"semantic_text"}
"""Types of such fields."""

MAX_TEXTS = 50
"""Fields whose words are looked at in one query."""


def text_fields(fields: Fields) -> dict[str, str]:
    """Return the fields of words, by fact: a field of text, or such a sub-field of keywords.

    Those of nested objects are none; at most MAX_TEXTS.
    """
    found: dict[str, str] = {}
    for name in fields:
        if is_visual(name.partition(".")[0]) or fields.nested(name):
            continue
        if fields.type(name) not in ANALYSED:
            continue
        outer = next(parents(name), "")
        if fields.type(outer) == "keyword":
            found.setdefault(outer, name)
        elif fields.type(outer) in (None, "object"):
            found[name] = name
    return dict(list(found.items())[:MAX_TEXTS])
