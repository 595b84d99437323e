"""Count what became of products by kind, and keep the first examples of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from houndstooth.ingest.outcome import Outcome

EXAMPLES = 3
"""Examples kept of each kind."""

GROUPS = ("failed", "left_out", "notes", "categories")
"""What is counted: failures by type, left out products by reason, notes by kind, and what decided
the categories."""

_CATEGORY_FROM = {
    "text": "from the text",
    "picture": "from the picture",
    "neither": "unknown: neither text nor picture tells",
}
_CATEGORY_OF_TEXT = {
    "text": "from the text",
    "picture": "the picture chooses among those of the text",
    "neither": "the picture alone decides",
}


def kinds_of(outcome: Outcome, title: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield group, kind and example of all that counts of an outcome.

    Args:
        outcome: The outcome of one product.
        title: The product's title, if it is known; it names the example.
    """
    name = title[:60] or outcome.product_id
    line = outcome.product_id if outcome.row is None else f"line {outcome.row}"
    place = f"{line} ({name})" if name and outcome.row is not None else line
    if outcome.status == "failed":
        yield "failed", outcome.failure_type or "other", f"{line}: {outcome.reason}"
    if outcome.status == "left_out":
        yield "left_out", outcome.reason or "other", place
    for note in outcome.notes:
        yield "notes", note.kind, f"{place}: {note.detail}" if note.detail else place
    if outcome.category_from is not None:
        words = _CATEGORY_OF_TEXT if outcome.status == "read" else _CATEGORY_FROM
        found = f"{place}: {outcome.category}" if outcome.category else place
        yield "categories", words[outcome.category_from], found


class Tally:
    """Counts by kind, with the first examples of each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def add(self, kind: str, example: str) -> None:
        """Count one more of a kind."""
        self.counts[kind] += 1
        examples = self._examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(example)

    def merge(self, other: Mapping[str, Any]) -> None:
        """Count what another tally counted, of which this is the JSON."""
        for kind, found in other.items():
            self.counts[kind] += found["count"]
            examples = self._examples.setdefault(kind, [])
            examples += found["examples"][: EXAMPLES - len(examples)]

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, the most frequent kind first."""
        return {
            kind: {"count": count, "examples": self._examples[kind]}
            for kind, count in self.counts.most_common()
        }

    def lines(self) -> list[str]:
        """Format the kinds, the most frequent first, each with its first examples, one a line."""
        width = max([26, *map(len, self.counts)])
        gap = "\n" + " " * (width + 20)
        return [
            f"  {kind:<{width}}{count:>10,}   e.g. {gap.join(self._examples[kind])}"
            for kind, count in self.counts.most_common()
        ]


def tally_by_group(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Count outcomes by kind; return the JSON of a tally for each group that has any."""
    tallies: dict[str, Tally] = {}
    for outcome in outcomes:
        for group, kind, example in kinds_of(outcome):
            tallies.setdefault(group, Tally()).add(kind, example)
    return {group: tally.to_json() for group, tally in tallies.items()}
