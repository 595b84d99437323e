"""Reader of a plain CSV: a row for each item, a column for each attribute group.

Required are the columns ``file`` (relative to the CSV) and ``category`` (a leaf, or a label that
means one). Optional are ``group`` (the variant group, whose items stay in one split; else each file
is its own), ``split`` (``train``, ``validation`` or ``test``; else by the group), ``box``
(``x,y,w,h`` in fractions of the image, quoted), and attribute groups of the taxonomy: a value,
several joined by ``+`` (colours, patterns and materials), ``none`` where the item is known to have
none, or nothing where that is unknown::

    file,category,group,split,box,colour,sleeve
    a.jpg,dress,17,train,"0.1,0,0.8,1",Navy Blue + red,none
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from houndstooth.mappings.errors import InvalidBox, InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets.labels import Labels
from houndstooth.models.training.datasets.reading import Skips, text_lines
from houndstooth.models.training.samples import Sample, Split, split_of

REQUIRED = ("file", "category")
OPTIONAL = ("group", "split", "box")
ABSENT = "none"
_SPLITS: dict[str, Split] = {
    "train": "train",
    "validation": "validation",
    "val": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class _Reader:
    """Reads the rows of one CSV file.

    Attributes:
        groups: attribute groups that have a column.
        splits: split by variant group, of the rows read so far.
    """

    path: Path
    labels: Labels
    skips: Skips
    groups: Sequence[str]
    splits: dict[str, Split] = field(default_factory=dict)

    def sample(self, row: Mapping[str, str]) -> Sample | None:
        """Make the row's sample; None, counted, where its category is no leaf.

        Raises:
            ValueError: a cell cannot be used; the message names it.
            InvalidBox: the box is no box inside the image.
        """
        if not row["file"]:
            raise ValueError("expected a file; got none")
        category = self.labels.leaf(row["category"])
        if category is None:
            self.skips.category(row["category"] or "none given")
            return None
        terms, known = self._attributes(row, category)
        box = Box.parse(row["box"]) if row.get("box") else None
        group = row.get("group") or row["file"]
        path = self.path.parent / row["file"]
        if not path.is_file():
            raise ValueError(f"expected an image at {path}; got none")
        return Sample(path, category, terms, known, group, self._split(row, group), box)

    def _attributes(
        self, row: Mapping[str, str], category: str
    ) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
        taxonomy, terms, known = self.labels.taxonomy, dict[str, tuple[str, ...]](), set[str]()
        for group in taxonomy.groups_of(category):
            cell = row[group] if group in self.groups else ""
            if cell.lower() == ABSENT:
                known.add(group)
                continue
            values = [value.strip() for value in cell.split("+") if value.strip()]
            found = [taxonomy.term_for_label(group, value) for value in values]
            true = self.labels.resolve(filter(None, found), category).get(group)
            if true is not None:
                terms[group] = true
                known.add(group)
            elif values and all(found):
                self.skips.attribute(f"{group}={cell}")
            for value, term in zip(values, found, strict=True):
                if term is None:
                    self.skips.attribute(f"{group}={value}")
        return terms, frozenset(known)

    def _split(self, row: Mapping[str, str], group: str) -> Split:
        given = row.get("split", "").lower()
        if given and given not in _SPLITS:
            raise ValueError(f"expected a split train, validation or test; got {given!r}")
        split = _SPLITS[given] if given else self.splits.get(group) or split_of(group)
        if self.splits.setdefault(group, split) != split:
            raise ValueError(f"expected group {group!r} in {self.splits[group]} alone; got {split}")
        return split


def csv_samples(path: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Read a sample for each row whose category is one leaf; groups it lacks are left out.

    Raises:
        InvalidFeed: the file cannot be read, or a column is missing or no group of the taxonomy.
    """
    with Skips(path) as skips:
        rows = csv.DictReader((text + "\n" for _, text in text_lines(path)), strict=True)
        try:
            groups = _attribute_columns(path, rows.fieldnames or (), taxonomy)
            reader = _Reader(path, Labels(taxonomy), skips, groups)
            for row in rows:
                where = f"line {rows.line_num}"
                if None in row or None in row.values():
                    skips.broken(f"{where}: expected {len(rows.fieldnames or ())} cells")
                    continue
                try:
                    sample = reader.sample({name: cell.strip() for name, cell in row.items()})
                except (ValueError, InvalidBox) as error:
                    skips.broken(f"{where}: {error}")
                    continue
                if sample is not None:
                    yield sample
        except csv.Error as error:
            line = rows.reader.line_num
            raise InvalidFeed(f"expected CSV in {path}, line {line}; got: {error}") from None


def _attribute_columns(path: Path, header: Sequence[str], taxonomy: Taxonomy) -> list[str]:
    """List the columns that are attribute groups. Raises InvalidFeed."""
    missing = [name for name in REQUIRED if name not in header]
    others = [name for name in header if name not in REQUIRED + OPTIONAL]
    unknown = [name for name in others if name not in taxonomy.groups]
    if missing or unknown or len(set(header)) < len(header):
        expected = f"{', '.join(REQUIRED)}, any of {', '.join(OPTIONAL)} and attribute groups"
        raise InvalidFeed(
            f"expected columns {expected} in {path}, line 1, each once; got {', '.join(header)}"
        )
    return others
