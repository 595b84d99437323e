"""Compare two versions of ``visual`` in one document, and tell what one lacks of the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from houndstooth.mappings.document import VisualDocument, visual_of
from houndstooth.mappings.errors import InvalidDocument
from houndstooth.mappings.rows import Lengths

TIMES = ("facts_as_of", "as_of")
"""Fields of when the shop's data are from, beside the features."""

CODES = ("binary_code", "view_codes", "appearance", "model", "worn")
"""Fields that depend on the encoder. Of the items that are worn, the codes alone do."""


@dataclass(frozen=True)
class Versions:
    """The two versions of one document, as they are stored; None where there is none.

    Attributes:
        old: The object that is to be brought to the other encoder.
        new: The object of the other version.
    """

    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @classmethod
    def of(cls, source: Mapping[str, Any], old: str, new: str) -> Versions:
        """Read them from a document by their names."""
        return cls(visual_of(source, old), visual_of(source, new))

    @property
    def times(self) -> dict[str, int]:
        """Times of the old version that are newer than those of the new one."""
        found = {}
        for name in TIMES:
            ours, theirs = (_whole(one, name) for one in (self.new, self.old))
            if theirs is not None and (ours is None or theirs > ours):
                found[name] = theirs
        return found

    def is_current(self, model: str, lengths: Lengths, new_serves: bool) -> bool:
        """Tell whether the new version has the features of the old one, or newer ones.

        Args:
            model: Model of the new version.
            lengths: Lengths of its bytes.
            new_serves: Whether writers may have written the new version itself; what is as new as
                the old one then stands.

        Raises:
            InvalidDocument: The old version is no such object.
        """
        old = VisualDocument.from_json(self.old or {})
        try:
            new = VisualDocument.from_json(self.new or {})
        except InvalidDocument:
            return False
        if (new.model, new.lengths) != (model, lengths):
            return False
        if new_serves and not _is_newer(self.old or {}, self.new or {}):
            return True
        return _comparable(old) == _comparable(new)


def _is_newer(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether features are newer: of a later state of the shop, or computed later."""
    times = [_whole(each, "as_of") for each in (one, other)]
    if None not in times and times[0] != times[1]:
        return (times[0] or 0) > (times[1] or 0)
    try:
        computed = [datetime.fromisoformat(str(each["computed_at"])) for each in (one, other)]
        return computed[0] > computed[1]
    except (KeyError, ValueError, TypeError):
        return False


def _comparable(visual: VisualDocument) -> dict[str, Any]:
    """Return what two versions of the same features have in common."""
    worn = [json.loads(item.to_text()) | {"code": ""} for item in visual.worn]
    common = {name: value for name, value in visual.to_json().items() if name not in CODES}
    return common | {"worn": worn}


def _whole(visual: Mapping[str, Any] | None, name: str) -> int | None:
    value = (visual or {}).get(name)
    return value if isinstance(value, int) else None
