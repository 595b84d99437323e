"""Reader of DeepFashion's Category and Attribute Prediction benchmark, coarse or fine.

The folder is the benchmark's own (``Anno_coarse`` or ``Anno_fine``, ``Eval``, ``Img``), or one
of its annotation folders. Boxes are in pixels of the 300-pixel images, so those are needed, not
the larger ones. See ``deepfashion_files`` for the format and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from houndstooth.mappings.errors import InvalidBox
from houndstooth.mappings.features import Box, group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets.deepfashion_files import Corners, DeepFashionFiles
from houndstooth.models.training.datasets.labels import Labels
from houndstooth.models.training.datasets.reading import Skips, pixel_box
from houndstooth.models.training.samples import Sample

CATEGORIES = {
    "Button-Down": ["shirt"],
    "Cutoffs": ["shorts"],
    "Flannel": ["shirt"],
    "Gauchos": ["capris"],
    "Halter": ["top"],
    "Jodhpurs": ["trousers"],
    "Shirtdress": ["dress"],
    "Sweatshorts": ["shorts"],
    "Tee": ["t-shirt"],
    "Trunks": ["shorts"],
    "Turtleneck": ["sweater"],
}
TERMS = {
    "conventional": "fit:regular",
    "faux": "",
    "lattice": "pattern:checked",
    "no_dress": "",
    "no_neckline": "",
    "square_neckline": "collar:square",
    "tight": "fit:slim",
    "v_neckline": "collar:v-neck",
}
_SHAPE_AND_PART = ("sleeve", "collar", "fit", "silhouette", "length", "closure")
_GROUPS_OF_TYPE = {
    "1": ("pattern",),
    "2": ("material", "pattern"),
    "3": _SHAPE_AND_PART,
    "4": _SHAPE_AND_PART,
    "5": ("season", "usage", "pattern", "fit"),
}
"""Groups by the type of the 1,000 coarse attributes: texture, fabric, shape, part, style.

They are words of product names: "rose" is a texture, and no colour.
"""
_DETAIL = re.compile(
    r"\b(trim|trimmed|panel|paneled|pocket|overlay|insert|yoke|hem|cuff|lined|stitch|detail)\b"
)
_MIN_COVERAGE = 0.5
"""Least share of a group's terms that the labels have, where all absent means no term.

No "red" and no "pink" does not mean no colour.
"""


@dataclass(frozen=True)
class _Columns:
    """The terms of the attribute columns.

    Attributes:
        terms: terms by column; most columns have none.
        complete: columns by group, of the groups that they cover.
    """

    terms: Sequence[tuple[int, frozenset[str]]]
    complete: dict[str, list[int]]


def deepfashion_samples(root: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Read a sample for each image whose category is a leaf, in the benchmark's own split.

    A group is known where one of its terms is present, or where all of its terms that the benchmark
    has are absent and these are at least half of the group. An image that cannot be opened is
    skipped, as its box is in pixels.

    Raises:
        InvalidFeed: a list is missing or malformed.
    """
    with Skips(root) as skips:
        files = DeepFashionFiles.open(root)
        labels = Labels(taxonomy, CATEGORIES, TERMS)
        columns = _columns(files, labels, skips)
        leaves = [labels.leaf(name) for name in files.categories]
        for item in files.images_in_lists(skips):
            category = leaves[item.category]
            if category is None:
                skips.category(files.categories[item.category])
                continue
            path = files.images / item.name
            try:
                box = None if item.corners is None else _box(path, item.corners)
            except (OSError, InvalidBox) as error:
                skips.broken(f"{item.name}: {error}")
                continue
            present = frozenset(
                term for column, found in columns.terms if item.truths[column] for term in found
            )
            terms = labels.resolve(present, category)
            absent = {
                group
                for group, places in columns.complete.items()
                if all(item.truths[place] is False for place in places)
            }
            known = terms.keys() | absent.intersection(taxonomy.groups_of(category))
            yield Sample(path, category, terms, frozenset(known), item.name, item.split, box)


def _columns(files: DeepFashionFiles, labels: Labels, skips: Skips) -> _Columns:
    terms, places = [], dict[str, list[int]]()
    for column, (name, attribute_type) in enumerate(files.attributes):
        groups = None if files.fine else _GROUPS_OF_TYPE.get(attribute_type, ())
        detail = not files.fine and _DETAIL.search(name.replace("-", " "))
        found = frozenset[str]() if detail else labels.terms(name, groups)
        if not found:
            skips.attribute(name)
            continue
        terms.append((column, found))
        for group in {group_of(term) for term in found}:
            places.setdefault(group, []).append(column)
    named = {term for _, found in terms for term in found}
    covered = {
        name
        for name, group in labels.taxonomy.groups.items()
        if len(named.intersection(group.terms())) >= _MIN_COVERAGE * len(group.values)
    }
    return _Columns(terms, {name: found for name, found in places.items() if name in covered})


def _box(path: Path, corners: Corners) -> Box:
    with Image.open(path) as image:
        return pixel_box(corners, image.size)
