"""Report on an ingest: counts while it runs, then a screen for people and a JSON file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

from houndstooth.ingest.deletion import Deletion
from houndstooth.ingest.outcome import STATUSES, Outcome
from houndstooth.ingest.placeholders import Placeholder
from houndstooth.ingest.survey import Survey, survey_text
from houndstooth.ingest.tally import GROUPS, Tally, kinds_of
from houndstooth.mappings.errors import InvalidConfig

PLACEHOLDERS = 10
"""Placeholders that people are told; the JSON has all."""


class Report:
    """Counts outcomes and writes each of them to a JSON stream, if one is given.

    The JSON is one object: ``model``, ``products`` (each ``id``, ``row``, ``outcome``,
    ``reason``, ``notes``), ``unlisted`` (number of products that are not among them), ``totals``,
    ``failed_by_type``, ``left_out``, ``notes`` and ``categories`` (each with counts and examples
    by kind), ``feed`` (what it was read as, or null), ``seconds``, ``rate`` (products per second)
    ``stopped`` (why the ingest ended before the feed did, or null), ``deletion`` (what became of
    products that a full feed does not have, or null) and ``placeholders`` (pictures under many
    unlike products, each with ``picture``, ``products`` and ``examples``).

    Args:
        model: Name and version of the weights.
        stream: Where to write the JSON, if anywhere.
        survey: What the feed is read as: a Survey that fills meanwhile, or the JSON of one.
    """

    def __init__(
        self,
        model: str,
        stream: TextIO | None = None,
        survey: Survey | Mapping[str, Any] | None = None,
    ) -> None:
        self.totals: Counter[str] = Counter(dict.fromkeys(STATUSES, 0))
        self._tallies = {group: Tally() for group in GROUPS}
        self._unlisted = 0
        self._survey = survey
        self._stream = stream
        self._start = monotonic()
        self._separator = "\n"
        if stream:
            stream.write(f'{{"model": {json.dumps(model)}, "products": [')

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count and write outcomes."""
        for outcome in outcomes:
            self.totals[outcome.status] += 1
            self._count(outcome)
            self._write(outcome)

    def add_counted(
        self,
        totals: Mapping[str, int],
        tallies: Mapping[str, Mapping[str, Any]],
        listed: Sequence[Outcome],
    ) -> None:
        """Take over what was counted elsewhere.

        Args:
            totals: Number of products by status.
            tallies: JSON of the tallies by group.
            listed: Outcomes to write, those that are kept.
        """
        self.totals.update(totals)
        self._unlisted += sum(totals.values()) - len(listed)
        for group, tally in tallies.items():
            self._tallies[group].merge(tally)
        for outcome in listed:
            self._write(outcome)

    def _write(self, outcome: Outcome) -> None:
        if self._stream:
            self._stream.write(self._separator + json.dumps(_line(outcome), ensure_ascii=False))
            self._separator = ",\n"

    def _count(self, outcome: Outcome) -> None:
        title = self._survey.title_of(outcome.row) if isinstance(self._survey, Survey) else ""
        for group, kind, example in kinds_of(outcome, title):
            self._tallies[group].add(kind, example)

    def close(
        self,
        stopped: str | None = None,
        seconds: float | None = None,
        deletion: Deletion | None = None,
        placeholders: Sequence[Placeholder] = (),
    ) -> str:
        """Finish the JSON and return the screen.

        Args:
            stopped: Why the ingest ended early, or None.
            seconds: Duration of the ingest; None = the time since the report was created.
            deletion: What became of products that a full feed does not have; None if none was
                to be deleted.
            placeholders: Pictures that stand under many unlike products.
        """
        seconds = monotonic() - self._start if seconds is None else seconds
        survey = self._survey.to_json() if isinstance(self._survey, Survey) else self._survey
        products = self.totals.total()
        rate = products / max(seconds, 1e-9)
        if self._stream:
            closing = {
                "unlisted": self._unlisted,
                "totals": dict(self.totals),
                "failed_by_type": dict(self._tallies["failed"].counts.most_common()),
                **{group: self._tallies[group].to_json() for group in GROUPS[1:]},
                "feed": survey,
                "seconds": round(seconds, 3),
                "rate": round(rate, 2),
                "stopped": stopped,
                "deletion": deletion and deletion.to_json(),
                "placeholders": [one.to_json() for one in placeholders],
            }
            self._stream.write(f"\n], {json.dumps(closing, ensure_ascii=False)[1:]}\n")
        lines = [survey_text(survey)] if survey else []
        for status, count in self.totals.items():
            if "read" in self.totals and not count:
                continue  # a dry run writes nothing
            lines.append(f"{status.replace('_', ' '):<28}{count:>10,}")
            if status in self._tallies:
                lines += self._tallies[status].lines()
        if deletion is not None:
            lines.append(deletion.text)
        lines += [one.text for one in placeholders[:PLACEHOLDERS]]
        for group in ("notes", "categories"):
            if self._tallies[group].counts:
                lines += [group, *self._tallies[group].lines()]
        things = "product" if products == 1 else "products"
        lines.append(f"{products:,} {things} in {seconds:.1f} s, {rate:,.1f} a second")
        return "\n".join([*lines, *([f"stopped early: {stopped}"] if stopped else [])])


def create_report(
    path: Path | None, feed: Path | None = None
) -> AbstractContextManager[TextIO | None]:
    """Open the file of a report for writing; without a path there is none.

    Raises:
        InvalidConfig: The file cannot be written, or it is the feed.
    """
    if path is None:
        return nullcontext()
    try:
        if feed is not None and path.exists() and path.samefile(feed):
            raise InvalidConfig(f"expected another file for the report than the feed; got {path}")
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise InvalidConfig(f"cannot write the report {path}: {error.strerror}") from None


def _line(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.product_id,
        "row": outcome.row,
        "outcome": outcome.status,
        "reason": outcome.reason,
        "notes": [asdict(note) for note in outcome.notes],
    }
