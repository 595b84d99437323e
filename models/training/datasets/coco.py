"""Reader of Fashionpedia, and of any other COCO file of boxes (``instances_….json``).

``images`` (id, file_name, width, height), ``categories`` (id, name, supercategory),
``annotations`` (image_id, category_id, bbox as left, top, width, height in pixels), and
Fashionpedia's ``attributes`` (id, name, supercategory) with ``attribute_ids`` in the annotations.
The images are in ``images/`` beside the file, or next to it.

In Fashionpedia necks and sleeves have boxes of their own. The attributes of such a part are
assigned to the garment that it lies in, where only one is possible.

Source: Jia et al., "Fashionpedia: Ontology, Segmentation, and an Attribute Localization Dataset",
ECCV 2020, and the Fashionpedia API.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidBox, InvalidFeed
from houndstooth.mappings.features import Box, group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets.fashionpedia_labels import (
    CATEGORIES,
    PARTS,
    TERMS,
    attribute_terms,
    nickname_leaf,
)
from houndstooth.models.training.datasets.labels import Labels, only
from houndstooth.models.training.datasets.reading import Skips, pixel_box, read_json, split_in_name
from houndstooth.models.training.samples import Sample, split_of

_PART_CATEGORIES = {"garment parts", "closures", "decorations"}
_MIN_INSIDE = 0.8
"""Least share of a part's box that lies in its garment's."""


@dataclass(frozen=True)
class _Name:
    """A category or attribute of the file, with its leaf categories or terms."""

    label: str
    supercategory: str
    leaves: frozenset[str] = frozenset()
    terms: frozenset[str] = frozenset()


@dataclass
class _Region:
    """An annotation: a garment or a part.

    Attributes:
        part_terms: by group, the label of the part that gives the terms, and the terms.
    """

    name: _Name
    box: Box
    attributes: Sequence[_Name]
    part_terms: dict[str, tuple[str, set[str]]] = field(default_factory=dict)


def coco_samples(annotations: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Read a sample for each garment's box whose category, or nickname in it, is one leaf.

    Parts (collar, sleeve, pocket, …) are no items. A group is known where it has a term. The
    split is the one in the file's name (``…_train2020.json``), else it follows from the image.

    Raises:
        InvalidFeed: the file is not of this form.
    """
    with Skips(annotations) as skips:
        data = read_json(annotations, "images", "annotations", "categories")
        file = _File(data, annotations, Labels(taxonomy, CATEGORIES, TERMS), skips)
        folder = annotations.parent / "images"
        folder = folder if folder.is_dir() else annotations.parent
        split = split_in_name(annotations)
        for image_name, regions in file.images():
            if not (folder / image_name).is_file():
                skips.broken(f"{image_name}: no such image in {folder}")
                continue
            _assign_part_terms(regions, taxonomy)
            group = f"coco-{image_name}"
            for region in regions:
                if region.name.supercategory in _PART_CATEGORIES:
                    continue
                category = _category(region, file.labels)
                if category is None:
                    skips.category(region.name.label)
                    continue
                found = [term for attribute in region.attributes for term in attribute.terms]
                found += [term for _, terms in region.part_terms.values() for term in terms]
                terms = file.labels.resolve(found, category)
                yield Sample(
                    folder / image_name,
                    category,
                    terms,
                    frozenset(terms),
                    group,
                    split or split_of(group),
                    region.box,
                )


class _File:
    """The annotations of a COCO file, by image."""

    def __init__(self, data: dict[str, Any], path: Path, labels: Labels, skips: Skips) -> None:
        self.labels = labels
        self._data = data
        self._skips = skips
        self._categories = {
            identifier: _Name(name, kind, labels.leaves(name), labels.terms(name))
            for identifier, name, kind in _named(data["categories"], path)
        }
        self._attributes = {
            identifier: _Name(
                name,
                kind,
                frozenset(filter(None, [nickname_leaf(labels, name, kind)])),
                attribute_terms(labels, name, kind),
            )
            for identifier, name, kind in _named(data.get("attributes", []), path)
        }
        for name in self._attributes.values():
            if not name.terms and not name.leaves:
                skips.attribute(name.label)

    def images(self) -> Iterator[tuple[str, list[_Region]]]:
        """List the file name and the regions of images; broken entries are counted."""
        by_image: defaultdict[Any, list[Any]] = defaultdict(list)
        for number, entry in enumerate(self._data["annotations"]):
            try:
                by_image[entry["image_id"]].append(entry)
            except (TypeError, KeyError):
                self._skips.broken(f"annotation {number}: expected an object with image_id")
        for number, image in enumerate(self._data["images"]):
            try:
                identifier, name = image["id"], str(image["file_name"])
                size = (int(image["width"]), int(image["height"]))
                if min(size) < 1:
                    raise ValueError
            except (TypeError, KeyError, ValueError):
                expected = "expected an object with id, file_name, width and height"
                self._skips.broken(f"image {number}: {expected}")
                continue
            if regions := list(self._regions(by_image.pop(identifier, []), size)):
                yield name, regions
        for identifier, entries in by_image.items():
            for _ in entries:
                self._skips.broken(f"image_id {identifier}: expected an image of the file")

    def _regions(self, entries: Sequence[Any], size: tuple[int, int]) -> Iterator[_Region]:
        for entry in entries:
            if entry.get("iscrowd"):
                self._skips.broken(f"annotation {entry.get('id')}: a crowd (iscrowd), not one item")
                continue
            try:
                left, top, width, height = map(float, entry["bbox"])
                box = pixel_box((left, top, left + width, top + height), size)
                name = self._categories[entry["category_id"]]
                attributes = [self._attributes[i] for i in entry.get("attribute_ids") or ()]
            except (TypeError, KeyError, ValueError, InvalidBox) as error:
                expected = "expected a bbox in the image, and a category and attributes of the file"
                self._skips.broken(f"annotation {entry.get('id')}: {expected}; got {error!r}")
                continue
            yield _Region(name, box, attributes)


def _named(entries: Any, path: Path) -> Iterator[tuple[int, str, str]]:
    """Read id, name and supercategory of categories or attributes. Raises InvalidFeed."""
    for entry in entries if isinstance(entries, list) else [entries]:
        if not (isinstance(entry, dict) and isinstance(entry.get("id"), int) and "name" in entry):
            got = str(entry)[:80]
            raise InvalidFeed(
                f"expected categories and attributes with id and name in {path}, line 1; got {got}"
            )
        yield entry["id"], str(entry["name"]), str(entry.get("supercategory", ""))


def _category(region: _Region, labels: Labels) -> str | None:
    """Resolve the leaf of a garment: its nickname's in its great category, else its category's."""
    taxonomy = labels.taxonomy
    greats = {taxonomy.great_category(leaf) for leaf in region.name.leaves}
    nicknames = {
        leaf
        for attribute in region.attributes
        for leaf in attribute.leaves
        if taxonomy.great_category(leaf) in greats
    }
    return only(nicknames) or only(region.name.leaves)


def _assign_part_terms(regions: Sequence[_Region], taxonomy: Taxonomy) -> None:
    """Assign the terms of parts to their garment; the first part in PARTS gives a group."""
    parts = [
        r for r in regions if r.name.supercategory in _PART_CATEGORIES and r.name.label in PARTS
    ]
    for part in sorted(parts, key=lambda part: PARTS.index(part.name.label)):
        label = part.name.label
        terms_of_part = part.name.terms.union(*(attribute.terms for attribute in part.attributes))
        for term in terms_of_part:
            group = taxonomy.groups[group_of(term)]
            hosts = [
                region
                for region in regions
                if region.name.leaves & group.categories
                and _share_inside(part.box, region.box) >= _MIN_INSIDE
            ]
            if len(hosts) == 1:
                by, terms = hosts[0].part_terms.setdefault(group.name, (label, set()))
                if by == label:
                    terms.add(term)


def _share_inside(part: Box, whole: Box) -> float:
    """Compute the share of a part's area inside another box, in [0, 1]."""
    width = min(part.x + part.w, whole.x + whole.w) - max(part.x, whole.x)
    height = min(part.y + part.h, whole.y + whole.h) - max(part.y, whole.y)
    return max(width, 0.0) * max(height, 0.0) / (part.w * part.h)
