"""Reader of the ``labels.jsonl`` of drawn images: every visible item, exact labels and boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets.reading import text_lines
from houndstooth.models.training.samples import Sample, terms_by_group

RECORD_FIELDS = ("file", "product_id", "items")
ITEM_FIELDS = ("category", "attributes", "box")
NOT_DRAWN = {"season", "usage"}
"""Groups that a drawing does not show."""


def synthetic_samples(labels: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Read a sample for each visible item; all are for training.

    Every other item of an outfit comes without its box: there the category alone selects it.

    Raises:
        InvalidFeed: the file cannot be read, or is malformed.
    """
    for record in label_records(labels):
        items = record["items"]
        for index, item in enumerate(items):
            category = taxonomy.check_category(item["category"])
            guided = len(items) > 1 and index % 2 == 1
            yield Sample(
                path=labels.parent / record["file"],
                category=category,
                terms=terms_by_group(item["attributes"]),
                known=frozenset(taxonomy.groups_of(category)) - NOT_DRAWN,
                group=f"synthetic-{record['product_id']}",
                split="train",
                box=None if guided else Box(*item["box"]),
            )


def label_records(labels: Path) -> Iterator[dict[str, Any]]:
    """Read the records of a ``labels.jsonl``, one for each image.

    Raises:
        InvalidFeed: the file cannot be read, or a line is no record of drawn items.
    """
    for number, line in text_lines(labels):
        try:
            record = json.loads(line)
            missing = [name for name in RECORD_FIELDS if name not in record]
            missing += [n for item in record.get("items", ()) for n in ITEM_FIELDS if n not in item]
            if missing:
                raise ValueError(f"no {missing[0]}")
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidFeed(
                f"expected a drawn image and its items in {labels}, line {number}; got {error!r}"
            ) from None
        yield record
