"""The studio's ``labels.jsonl``: every visible item of every image, with exact labels and boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from houndstooth.mappings.features import Box, group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.samples import Sample

# What a drawing cannot show: the seller's season and the occasion.
NOT_DRAWN = {"season", "usage"}


def synthetic_samples(labels: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """One sample for each visible item; all are for training.

    Of a whole outfit every other item comes without its box: there the category alone says which
    item is meant.
    """
    with labels.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            items = record["items"]
            for index, item in enumerate(items):
                category = taxonomy.check_category(item["category"])
                guided = len(items) > 1 and index % 2 == 1
                yield Sample(
                    path=labels.parent / record["file"],
                    category=category,
                    terms={group_of(term): term for term in item["attributes"]},
                    known=frozenset(taxonomy.groups_of(category)) - NOT_DRAWN,
                    group=f"synthetic-{record['product_id']}",
                    split="train",
                    box=None if guided else Box(*item["box"]),
                )
